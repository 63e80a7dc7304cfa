"""Channels of the file to ChannelSpec: options in plain, secrets apart.

options and secrets by kind:
  email    host, port, security, username, sender, reply_to, unsubscribe, ca_file, timeout (seconds) | password
  slack    mode ("webhook" or "bot"), on_uncertain | webhook_url or bot_token; recipients: rooms of a bot
  webhook  on_uncertain, timeout, headers (name to Secret) | url, signing_key
  file     folder (absolute), formats
  apprise  (none) | url_1, url_2, ...
"""

from __future__ import annotations

from pathlib import Path as FilePath

from monitor.config import schema
from monitor.config.problems import Path
from monitor.config.secrets import Vault
from monitor.config.source import Document
from monitor.types import ChannelSpec, Secret


def channel_spec(
    document: Document, model: schema.Channel, vault: Vault, path: Path, folders: tuple[FilePath, FilePath]
) -> ChannelSpec:
    """A channel's record. folders: where the file lies, and where digests are written by default."""
    beside, digests = folders
    match model:
        case schema.EmailModel():
            return _email(document, model, vault, path, beside)
        case schema.SlackModel():
            return _slack(document, model, vault, path)
        case schema.WebhookModel():
            return _webhook(document, model, vault, path)
        case schema.AppriseModel():
            urls = [vault.reference(url, (*path, "urls", number)) for number, url in enumerate(model.urls)]
            secrets = {f"url_{number}": url for number, url in enumerate(urls, 1) if url is not None}
            return ChannelSpec(name=model.name, kind="apprise", recipients=("apprise",), secrets=secrets)
        case _:
            folder = beside / FilePath(model.folder).expanduser() if model.folder else digests
            options = {"folder": str(folder.absolute()), "formats": tuple(model.formats)}
            return ChannelSpec(name=model.name, kind="file", recipients=("file",), options=options)


def _secrets(**found: Secret | None) -> dict[str, Secret]:
    return {name: secret for name, secret in found.items() if secret is not None}


def _email(document: Document, model: schema.EmailModel, vault: Vault, path: Path, beside: FilePath) -> ChannelSpec:
    for key, addresses in (("to", model.to), ("from", [model.sender]), ("reply_to", [model.reply_to or ""])):
        for number, address in enumerate(addresses):
            if address and not _is_address(address):
                where: Path = (*path, key, number) if (*path, key, number) in document.places else (*path, key)
                words = f"'{address}' is no e-mail address; write name@example.com or Name <name@example.com>"
                document.problems.append(document.problem(words, *where))
    password = vault.secret(model, "password", path)
    username = vault.plain(model.username, (*path, "username"))
    if password is not None and username is None:
        document.problems.append(document.problem("a password needs a username beside it", *path))
    if model.security == "none" and password is not None and model.host not in ("localhost", "127.0.0.1", "::1"):
        words = "sends the password unencrypted; write security: starttls or tls"
        document.problems.append(document.problem(words, *path, "security"))
    ca_file = beside / FilePath(model.ca_file).expanduser() if model.ca_file else None
    if ca_file is not None and not ca_file.is_file():
        document.problems.append(document.problem(f"{ca_file}: no such file", *path, "ca_file"))
    options = {
        "host": model.host,
        "port": model.port,
        "security": model.security,
        "username": username,
        "sender": model.sender,
        "reply_to": model.reply_to,
        "unsubscribe": model.unsubscribe,
        "ca_file": str(ca_file) if ca_file else None,
        "timeout": model.timeout.total_seconds(),
    }
    return ChannelSpec(
        name=model.name,
        kind="email",
        recipients=tuple(model.to),
        options={key: value for key, value in options.items() if value is not None},
        secrets=_secrets(password=password),
    )


def _is_address(text: str) -> bool:
    from email.utils import parseaddr

    if any(letter in text for letter in "\r\n\0,"):
        return False
    _, address = parseaddr(text)
    local, at, domain = address.rpartition("@")
    return bool(local and at and domain) and " " not in address


def _slack(document: Document, model: schema.SlackModel, vault: Vault, path: Path) -> ChannelSpec:
    before = len(document.problems)
    webhook = vault.secret(model, "webhook_url", path)
    token = vault.secret(model, "bot_token", path)
    understood = len(document.problems) == before
    if understood and (webhook is None) == (token is None):
        words = "needs webhook_url: ${NAME} or bot_token: ${NAME}, one of the two"
        document.problems.append(document.problem(words, *path))
    if token is not None and not model.to:
        document.problems.append(document.problem("a bot token needs to: with the rooms to post to", *path))
    if webhook is not None and not webhook.reveal().startswith(("https://", "http://")):
        document.problems.append(document.problem("the webhook's URL must begin with https://", *path))
    return ChannelSpec(
        name=model.name,
        kind="slack",
        recipients=tuple(model.to) if token is not None else ("webhook",),
        options={"mode": "bot" if token is not None else "webhook", "on_uncertain": model.on_uncertain},
        secrets=_secrets(webhook_url=webhook, bot_token=token),
    )


def _webhook(document: Document, model: schema.WebhookModel, vault: Vault, path: Path) -> ChannelSpec:
    before = len(document.problems)
    # a webhook's address is its key, so it is a secret too
    url = vault.secret(model, "url", path)
    if url is None and len(document.problems) == before:
        document.problems.append(document.problem("needs url: ${NAME}", *path))
    if url is not None and not url.reveal().startswith(("https://", "http://")):
        document.problems.append(document.problem("the URL must begin with https://", *path))
    return ChannelSpec(
        name=model.name,
        kind="webhook",
        recipients=("webhook",),
        options={
            "on_uncertain": model.on_uncertain,
            "timeout": model.timeout.total_seconds(),
            "headers": vault.headers(model.headers, (*path, "headers")),
        },
        secrets=_secrets(url=url, signing_key=vault.secret(model, "signing_key", path)),
    )

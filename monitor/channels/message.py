"""A delivery as an e-mail. Pure: the same delivery gives the same message, so a second attempt is the same mail."""

from __future__ import annotations

import re
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime, getaddresses
from urllib.parse import quote

from monitor.channels.unsubscribe import link
from monitor.errors import DeliveryError
from monitor.text import clean_line
from monitor.types import ChannelSpec, Delivery


def address_of(text: str) -> Address:
    """`Name <box@domain>` to an address; the domain in ASCII (IDNA). Raises DeliveryError for what is none."""
    found = getaddresses([text.replace("\r", " ").replace("\n", " ")])
    name, spec = found[0] if len(found) == 1 else ("", "")
    box, at, domain = spec.rpartition("@")
    if not at or not box or not domain or re.search(r"[\s,<>;]", spec):
        raise DeliveryError(f"{clean_line(text, limit=80)!r} is no e-mail address", outcome="failed")
    try:
        domain = domain.encode("idna").decode("ascii")
        return Address(clean_line(name, limit=120), username=box, domain=domain)
    except (UnicodeError, ValueError) as error:
        raise DeliveryError(
            f"{clean_line(text, limit=80)!r} is no e-mail address: {error}", outcome="failed"
        ) from error


def needs_utf8(*addresses: Address) -> bool:
    """Whether a mailbox's name is beyond ASCII, which only a server with SMTPUTF8 takes."""
    return not all(address.username.isascii() for address in addresses)


def message_of(
    delivery: Delivery, spec: ChannelSpec, *, base_url: str = "", unsubscribe_key: bytes | None = None
) -> EmailMessage:
    """The whole mail. Raises DeliveryError(outcome="failed") when an address is none."""
    sender, recipient = address_of(str(spec.options["sender"])), address_of(delivery.recipient)
    mail = EmailMessage(policy=SMTPUTF8 if needs_utf8(sender, recipient) else SMTP)
    mail["From"] = sender
    mail["To"] = recipient
    if spec.options.get("reply_to"):
        mail["Reply-To"] = address_of(str(spec.options["reply_to"]))
    mail["Subject"] = clean_line(delivery.part.subject, limit=240)
    mail["Date"] = format_datetime(delivery.created_at)
    mail["Message-ID"] = _token(delivery.message_id)
    if delivery.in_reply_to:
        mail["In-Reply-To"] = mail["References"] = _token(delivery.in_reply_to)
    name = re.sub(r"[^a-z0-9.-]+", "-", delivery.digest_key.partition("@")[0].lower()).strip("-.") or "digest"
    mail["List-Id"] = f"<{name}.{sender.domain}>"
    _unsubscribe(mail, delivery, spec, sender, name, base_url, unsubscribe_key)
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail.set_content(delivery.part.text, cte="quoted-printable")
    if delivery.part.html:
        mail.add_alternative(delivery.part.html, subtype="html", cte="quoted-printable")
    return mail


def _unsubscribe(
    mail: EmailMessage,
    delivery: Delivery,
    spec: ChannelSpec,
    sender: Address,
    name: str,
    base_url: str,
    key: bytes | None,
) -> None:
    box = address_of(str(spec.options.get("unsubscribe") or sender.addr_spec)).addr_spec
    ways = [f"<mailto:{quote(box, safe='@')}?subject=unsubscribe%20{quote(name)}>"]
    # One click works by POST over https only (RFC 8058).
    if key is not None and base_url.startswith("https://"):
        ways.insert(0, f"<{link(base_url, key, address_of(delivery.recipient).addr_spec)}>")
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail["List-Unsubscribe"] = ", ".join(ways)


def _token(text: str) -> str:
    """A Message-ID as it may stand in a header."""
    return "<" + re.sub(r"[^\x21-\x7e]|[<>]", "", text)[:250] + ">"

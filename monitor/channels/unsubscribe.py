"""One-click unsubscribe links: a token that names its recipient and cannot be forged, and what answers to one.

POST at /unsubscribe/TOKEN puts the recipient into the suppression table, which every send consults (RFC 8058). GET
shows a button and changes nothing: programs that look through mails follow links.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import html
import os
import secrets
import tempfile
from pathlib import Path

from monitor.errors import ArchiveError, CannotCreate
from monitor.protocols import Clock, DeliveryStore, Log
from monitor.text import clean_line

KEY_FILE = "unsubscribe.key"


def load_key(state_folder: Path) -> bytes:
    """The key of this installation; made once, readable by its owner only. Raises CannotCreate."""
    path = state_folder / KEY_FILE
    try:
        if not path.exists():
            _make(path)
        key = path.read_bytes()
    except OSError as error:
        raise CannotCreate(f"{path}: {error.strerror or error}") from error
    if not key.strip():
        # anybody could forge links for it
        raise CannotCreate(f"{path} is empty: delete it, and a new key is made (links in old mails end)")
    return key


def _make(path: Path) -> None:
    """Whole or not at all, whatever ends the program; the first of several that make it wins."""
    handle, name = tempfile.mkstemp(prefix=f"{KEY_FILE}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_hex(32).encode())
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(name, path)
    finally:
        Path(name).unlink()


def make_token(key: bytes, recipient: str) -> str:
    """URL-safe: the recipient and 16 bytes of its HMAC."""
    name = base64.urlsafe_b64encode(recipient.encode()).rstrip(b"=")
    return (name + b"." + _mac(key, name)).decode()


def read_token(key: bytes, token: str) -> str | None:
    """The recipient, or None for a token that this key did not make."""
    name, dot, mac = token.encode("utf-8", "replace").partition(b".")
    if not dot or not hmac.compare_digest(mac, _mac(key, name)):
        return None
    try:
        return base64.urlsafe_b64decode(name + b"=" * (-len(name) % 4)).decode()
    except ValueError:
        return None


def link(base_url: str, key: bytes, recipient: str) -> str:
    """Where a recipient unsubscribes."""
    return f"{base_url.rstrip('/')}/unsubscribe/{make_token(key, recipient)}"


def _mac(key: bytes, name: bytes) -> bytes:
    digest = hmac.new(key, b"unsubscribe:" + name, hashlib.sha256).digest()[:16]
    return base64.urlsafe_b64encode(digest).rstrip(b"=")


class Unsubscriber:
    """Answers the links of one installation."""

    def __init__(self, key: bytes, deliveries: DeliveryStore, clock: Clock, log: Log) -> None:
        self._key = key
        self._deliveries = deliveries
        self._clock = clock
        self._log = log

    def answer(self, method: str, token: str) -> tuple[int, str, bytes]:
        """Status, content type and body for GET or POST of /unsubscribe/TOKEN. Never raises."""
        recipient = read_token(self._key, token)
        if recipient is None:
            return _page(404, "This link is not known", "It may be cut off, or of a monitor that is gone.")
        shown = html.escape(clean_line(recipient, limit=120))
        if method != "POST":
            words = f"No more mail from this news monitor to <b>{shown}</b>?"
            return _page(200, "Unsubscribe", words, button=True)
        try:
            if not self._deliveries.suppressed([recipient]):
                self._deliveries.suppress(recipient, self._clock.now(), "unsubscribed by its link")
                self._log.info("unsubscribed", recipient=recipient)
        except ArchiveError as error:
            self._log.warning("cannot unsubscribe now", recipient=recipient, cause=str(error))
            return _page(503, "Not now", "Please try again in a few minutes.", button=True)
        return _page(200, "Unsubscribed", f"<b>{shown}</b> gets no more mail from this news monitor.")


def _page(status: int, title: str, words: str, *, button: bool = False) -> tuple[int, str, bytes]:
    """A plain page; `words` are HTML."""
    form = (
        '<form method="post"><input type="hidden" name="List-Unsubscribe" value="One-Click">'
        "<button>Unsubscribe</button></form>"
    )
    page = (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">'
        f"</head>\n<body><h1>{title}</h1><p>{words}</p>{form if button else ''}</body></html>\n"
    )
    return status, "text/html; charset=utf-8", page.encode()

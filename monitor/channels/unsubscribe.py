"""One-click unsubscribe links: a token that names its recipient and cannot be forged.

The web page answers POST at /unsubscribe/TOKEN (RFC 8058; GET shows a button and changes nothing) by
`read_token`, and puts the recipient into the suppression table, which every send consults.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from monitor.errors import CannotCreate

KEY_FILE = "unsubscribe.key"


def load_key(state_folder: Path) -> bytes:
    """The key of this installation; made once, readable by its owner only. Raises CannotCreate."""
    path = state_folder / KEY_FILE
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        pass
    except OSError as error:
        raise CannotCreate(f"{path}: {error.strerror or error}") from error
    else:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_hex(32).encode())
    try:
        return path.read_bytes()
    except OSError as error:
        raise CannotCreate(f"{path}: {error.strerror or error}") from error


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

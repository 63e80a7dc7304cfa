"""The parts of an address: what is none is refused here, and percent-encoding is made uniform."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, quote, unquote, urlsplit

#: longer ones are refused: no real link needs them, and they cost time everywhere
MAX_URL = 4096
DEFAULT_PORTS = {"http": 80, "https": 443}
CONTROL = re.compile("[\x00-\x20\x7f-\xa0\u2028\u2029\ufeff]")
_HOST = re.compile(r"[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9_])?\Z|\[[0-9a-f:.]+\]\Z")
_ESCAPE = re.compile("%([0-9a-fA-F]{2})?")
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
PATH_SAFE = "/:@!$&'()*+,;=~%-._"
QUERY_SAFE = "/?:@!$'()*+,;=~%-._&"

# An address that is as it should be already: nothing to encode, no port, no userinfo, host in lower case.
_TIDY = re.compile(
    r"https?://[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+/[A-Za-z0-9/_.~!$&'()*+,;=:@-]*"
    r"(?:\?[A-Za-z0-9/_.~!$'()*+,;=:@&-]+)?\Z"
)


def is_tidy(url: str) -> bool:
    """Most links of feeds need no more than this look."""
    return len(url) < 250 and _TIDY.match(url) is not None


def split(url: str) -> SplitResult | None:
    """An http(s) address in parts; None for anything else."""
    if len(url) > MAX_URL:
        return None
    text = url.strip()
    if CONTROL.search(text):
        text = CONTROL.sub(lambda m: "%20" if m[0] == " " else "", text)
    if text[:8].lower().startswith(("http:\\", "https:\\")):
        return None
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    if parts.scheme not in DEFAULT_PORTS or not parts.netloc or "\\" in parts.netloc:
        return None
    return parts


def host_in(parts: SplitResult) -> str | None:
    """The host in lower case, as punycode, IPv6 in brackets; None if it is none."""
    try:
        host = parts.hostname
    except ValueError:
        return None
    if not host or len(host) > 1000:
        return None
    if ":" in host:
        try:
            return f"[{ipaddress.IPv6Address(host.partition('%')[0]).compressed}]"
        except ValueError:
            return None
    if "%" in host:
        host = unquote(host)
    if not host.isascii():
        if len(host) > 253:
            return None
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            return None
    host = host.lower().rstrip(".")
    if len(host) > 253 or ".." in host or not _HOST.match(host):
        return None
    return host


def port_in(parts: SplitResult) -> int | None:
    """The port, or the scheme's own; None if it cannot be read."""
    try:
        port = parts.port
    except ValueError:
        return None
    return DEFAULT_PORTS[parts.scheme] if port is None else port


def escaped(text: str, safe: str) -> str:
    """Percent-encoded, unreserved characters plain, hexadecimal digits in capitals."""
    if "%" in text:
        text = _ESCAPE.sub(_tidy, text)
    return quoted(text, safe)


def quoted(text: str, safe: str) -> str:
    """Percent-encodes what may not stand in an address and leaves what is encoded already."""
    return quote(text, safe=safe, errors="replace") if text else ""


def _tidy(match: re.Match[str]) -> str:
    if match[1] is None:
        return "%25"
    code = int(match[1], 16)
    return chr(code) if code in _UNRESERVED else f"%{match[1].upper()}"


def is_ip(host: str) -> bool:
    """An IP address, and no name."""
    if not host or not (host[-1].isdigit() or ":" in host):
        return False
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True

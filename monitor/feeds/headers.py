"""What is said in headers: how long to wait, validators, and the secrets that a feed's own host is given."""

from __future__ import annotations

import base64
import email.utils
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import unquote, urlsplit

from monitor.types import FeedSpec

_MAX_VALIDATOR = 1024
_YEAR = 31_536_000.0
_SECONDS = re.compile(r"\s*(\d{1,12})(?:\.\d*)?\s*\Z")
_MAX_AGE = re.compile(r"(?:\A|[\s,])max-age\s*=\s*\"?(\d{1,12})", re.I)


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds that Retry-After asks to wait, of either form; a time in the past gives 0. None if it says nothing."""
    value = headers.get("Retry-After", "")
    match = _SECONDS.match(value)
    if match:
        return min(float(match[1]), _YEAR)
    when = _http_date(value)
    if when is None:
        return None
    return min(max(0.0, (when - _server_now(headers, now)).total_seconds()), _YEAR)


def max_age(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds that Cache-Control's max-age or Expires ask to wait; None if they say nothing or forbid storing."""
    control = headers.get("Cache-Control", "").lower()
    if "no-cache" in control or "no-store" in control:
        return None
    match = _MAX_AGE.search(control)
    if match:
        return min(float(match[1]), _YEAR) or None
    when = _http_date(headers.get("Expires", ""))
    if when is None:
        return None
    return min(max(0.0, (when - _server_now(headers, now)).total_seconds()), _YEAR) or None


def _server_now(headers: Mapping[str, str], now: datetime) -> datetime:
    """A wrong clock of the server should not shift what it asks for."""
    return _http_date(headers.get("Date", "")) or now


def _http_date(value: str) -> datetime | None:
    if not value or len(value) > 100:
        return None
    try:
        when = email.utils.parsedate_to_datetime(value)
        return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None


def validator(headers: Mapping[str, str], name: str) -> str | None:
    """A validator that can be sent back; giants and control characters are not kept."""
    value = headers.get(name, "").strip()
    if not value or len(value) > _MAX_VALIDATOR or not value.isprintable() or not value.isascii():
        return None
    return value


def own_host(spec: FeedSpec, url: str) -> bool:
    """Secrets are for the host they were given for, and never in clear where they were given for https."""
    own, here = urlsplit(spec.url), urlsplit(url)
    try:
        ports = {(p.scheme, p.port) for p in (own, here)}
    except ValueError:
        return False
    if own.hostname != here.hostname:
        return False
    return len(ports) == 1 or (
        own.scheme == "http" and here.scheme == "https" and own.port is None and here.port is None
    )


def secrets_of(spec: FeedSpec) -> dict[str, str]:
    """Headers that only the feed's own host may see."""
    headers = {name: value.reveal() for name, value in spec.headers.items()}
    if spec.cookies:
        headers["Cookie"] = "; ".join(f"{name}={value.reveal()}" for name, value in spec.cookies.items())
    user, password = spec.username, spec.password.reveal() if spec.password else ""
    parts = urlsplit(spec.url)
    if user is None and parts.username is not None:
        user, password = unquote(parts.username), unquote(parts.password or "")
    if user is not None:
        headers["Authorization"] = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
    return headers


__all__ = ["max_age", "own_host", "retry_after", "secrets_of", "validator"]

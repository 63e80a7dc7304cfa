"""Small texts of feeds.yaml to values: durations, amounts, zones, networks. All raise ValueError with words."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from functools import cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from monitor.config.problems import nearest

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(s|sec|seconds?|m|min|minutes?|h|hours?|d|days?|w|weeks?)\b\s*", re.I)
_AMOUNT = re.compile(
    r"\s*(?:\$|USD)?\s*([\d][\d_,]*(?:\.\d+)?)\s*(k|thousand|m|mn|million|b|bn|billion|)\s*(?:USD)?\s*", re.I
)
_SCALE = {"": 1, "k": 10**3, "t": 10**3, "m": 10**6, "b": 10**9}
_SLUG = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


def duration(value: Any) -> timedelta:
    """`30s`, `5m`, `1h30m`, `2 days`; a bare number has no unit and is refused."""
    if isinstance(value, timedelta):
        return value
    text = str(value).strip()
    if isinstance(value, bool) or not isinstance(value, str) or not text:
        raise ValueError(f"{value!r} is no duration; write a unit, such as 30s, 5m, 2h or 1d")
    # "1h30m" has no word border between its parts
    spaced = re.sub(r"(?<=[a-z])(?=\d)", " ", text, flags=re.I)
    parts = list(_DURATION.finditer(spaced))
    if not parts or "".join(part.group(0) for part in parts) != spaced:
        raise ValueError(f"'{text}' is no duration; write it as 30s, 5m, 2h or 1d")
    seconds = sum(float(part.group(1)) * _SECONDS[part.group(2)[0].lower()] for part in parts)
    if seconds > 86400 * 36500:
        raise ValueError(f"'{text}' is longer than a hundred years")
    return timedelta(seconds=seconds)


def amount(value: Any) -> Decimal:
    """US dollars: `5000000`, `5M`, `$1.5 billion`."""
    if isinstance(value, Decimal):
        return value
    match = _AMOUNT.fullmatch(str(value)) if not isinstance(value, bool) else None
    if match is None:
        raise ValueError(f"{value!r} is no amount; write US dollars as 5000000, 5M or 1.5 billion")
    scale = match.group(2)[:1].lower()
    return Decimal(match.group(1).replace(",", "").replace("_", "")) * _SCALE[scale]


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def time_zone(value: Any) -> str:
    """An IANA time zone that this machine knows."""
    text = str(value).strip()
    try:
        ZoneInfo(text)
    except (ValueError, OSError, KeyError):
        hint = nearest(text, _zones()) or nearest(text, {zone.rsplit("/", 1)[-1] for zone in _zones()})
        full = next((zone for zone in sorted(_zones()) if hint and zone.rsplit("/", 1)[-1] == hint), hint)
        meant = f"; did you mean '{full}'?" if full else "; write an IANA name such as Europe/Berlin"
        raise ValueError(f"'{text}' is no time zone{meant}") from None
    return text


def network(value: Any) -> IPv4Network | IPv6Network:
    """A network in CIDR form, or one address."""
    if isinstance(value, IPv4Network | IPv6Network):
        return value
    text = str(value).strip()
    try:
        return ip_network(text)
    except ValueError:
        pass
    try:
        meant = ip_network(text, strict=False)
    except ValueError:
        raise ValueError(f"'{text}' is no network; write it as 10.20.0.0/16 or fd00::/8") from None
    raise ValueError(f"'{text}' has bits beyond its mask; did you mean '{meant}'?")


def slug(value: Any) -> str:
    """A short name: small letters, digits, dot, dash, underscore."""
    if not isinstance(value, str):
        raise ValueError(f"{value!r} must be a text: put it in quotes")
    if not _SLUG.fullmatch(value):
        raise ValueError(f"'{value[:80]}' must be of small letters, digits, '.', '-', '_', at most 64")
    return value


def language(value: Any) -> str:
    """A language code as in `en`, `de`, `pt-BR`."""
    if not isinstance(value, str) or not _LANGUAGE.fullmatch(value):
        raise ValueError(f"{value!r} is no language code; write two letters, such as en, de, zh")
    return value


def web_address(value: Any) -> str:
    """An http(s) URL with a host, and no password in it."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError("must be a URL that begins with https:// or http://")
    text = value.strip()
    if any(ord(letter) <= 32 or ord(letter) == 127 for letter in text):
        raise ValueError("the URL holds a space or a control character")
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError(f"'{text[:80]}' is no URL ({error})") from None
    if parts.scheme.lower() not in ("http", "https"):
        meant = f"; did you mean 'https://{text[:80]}'?" if "://" not in text else ""
        raise ValueError(f"'{text[:80]}' must begin with https:// or http://{meant}")
    if not host:
        raise ValueError(f"'{text[:80]}' names no host")
    if parts.username or parts.password:
        raise ValueError(
            "the URL holds a user's name or password; write username: and password: ${NAME} beside it, "
            "and set NAME in the environment"
        )
    return text


def time_of_day(value: Any) -> str:
    """`08:00` of "8:00" or "08:00"."""
    match = re.fullmatch(r"\s*(\d{1,2}):(\d{2})\s*", str(value))
    if match is None or int(match.group(1)) > 23 or int(match.group(2)) > 59:
        raise ValueError(f"'{value}' is no time of day; write it as \"08:00\"")
    return f"{int(match.group(1)):02}:{match.group(2)}"

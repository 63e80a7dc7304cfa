"""Addresses as they may be shown: without what is secret."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from monitor.urls.parts import CONTROL

_SECRET_NAME = re.compile(r"token|key|secret|pass|pwd|auth|sig|session|credential|hash|code|private", re.I)
_SECRET_HOSTS = ("hooks.slack.com", "discord.com", "discordapp.com", "outlook.office.com", "webhook.office.com")


def masked(url: str) -> str:
    """The address for logs and errors: no userinfo; secret-looking parameters and webhooks' paths as ``***``."""
    try:
        parts = urlsplit(url)
        netloc = parts.netloc.rpartition("@")[2]
    except ValueError:
        return "(an address that cannot be read)"
    if not parts.scheme or not netloc:
        return CONTROL.sub("", url.rpartition("@")[2])[:200]
    path = parts.path
    if netloc.lower().split(":")[0].endswith(_SECRET_HOSTS):
        path = "/***"
    query = "&".join(_masked_parameter(p) for p in parts.query.split("&") if p)
    result = f"{parts.scheme}://{netloc}{path}" + (f"?{query}" if query else "")
    return CONTROL.sub("", result)[:500]


def _masked_parameter(parameter: str) -> str:
    name, _, value = parameter.partition("=")
    return f"{name}=***" if value and (_SECRET_NAME.search(name) or len(value) > 60) else parameter

"""Whose an address is: its host, the domain that somebody registered, the server to be polite to."""

from __future__ import annotations

import functools
from typing import Any

from monitor.urls.parts import host_in, is_ip, is_tidy, port_in, split

# One key, one voice: whoever writes below these names publishes by themselves.
_PLATFORMS = frozenset(
    (
        *("substack.com", "medium.com", "wordpress.com", "tumblr.com", "ghost.io", "beehiiv.com", "bearblog.dev"),
        *("hashnode.dev", "write.as", "livejournal.com", "typepad.com", "buttondown.email"),
    )
)


def host_of(url: str) -> str:
    """The host in lower case, as punycode, without port and brackets; empty if there is none."""
    if is_tidy(url):
        return url.split("/", 3)[2]
    parts = split(url)
    host = host_in(parts) if parts is not None else None
    return (host or "").strip("[]")


@functools.lru_cache(maxsize=4096)
def registrable_domain(host: str) -> str:
    """The domain that somebody registered: ``news.bbc.co.uk`` gives ``bbc.co.uk``, ``me.github.io`` stays.

    Below blog platforms the name in front counts too (``x.substack.com``). An IP address, a name without a dot and
    a public suffix are returned as they are.
    """
    host = host.lower().strip(".")
    if is_ip(host) or "." not in host:
        return host
    domain = str(_suffixes(False, "xn--" in host).privatesuffix(host) or host)
    if domain in _PLATFORMS and host != domain:
        label = host[: -len(domain) - 1].rpartition(".")[2]
        return domain if label == "www" else f"{label}.{domain}"
    return domain


@functools.lru_cache(maxsize=4096)
def host_key(url: str) -> str:
    """Whose server it is: the registrable domain; ``host:port`` for IP addresses and names without a dot.

    Here only registries' suffixes count, so that all of ``*.github.io`` is one host to be polite to.
    """
    parts = split(url)
    host = host_in(parts) if parts is not None else None
    if parts is None or host is None:
        return ""
    bare = host.strip("[]")
    if is_ip(bare) or "." not in bare or bare.endswith((".local", ".internal", ".lan", ".home.arpa", ".localhost")):
        return f"{host}:{port_in(parts)}"
    return str(_suffixes(True, "xn--" in bare).privatesuffix(bare) or bare)


@functools.cache
def _suffixes(registries_only: bool, encoded: bool) -> Any:
    """The Public Suffix List of the package; read when first asked, never downloaded.

    encoded: with names beyond ASCII in punycode too, which takes three times as long to read and few hosts need.
    """
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList(only_icann=registries_only, accept_encoded_idn=encoded)

"""Nothing private is reachable: addresses are checked where the socket is made, on every hop, for feeds and channels.

aiohttp asks its resolver for names only and dials IP literals at once, so the check that counts stands in
`socket_factory`: the address that was checked is the one that is dialled, and a second answer of the name server
changes nothing. The resolver checks too, to say which name was refused.
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import socket
from collections.abc import Mapping, Sequence
from functools import cache
from ipaddress import IPv4Network, IPv6Network
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import ssl

    import aiohttp

Network = IPv4Network | IPv6Network

DEFAULT_PORTS: tuple[int, ...] = (80, 443, 8080, 8443)

# Own list: `ipaddress.is_global` calls NAT64, 6to4, v4-compatible, site-local and multicast addresses global.
_DENIED_V4 = (
    *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24"),
    *("192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24"),
    *("198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
)
# Of IPv6 only global unicast (2000::/3) is dialled at all; these are the parts of it that are not.
_DENIED_V6 = (
    *("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20"),
    *("::/3", "4000::/2", "8000::/1"),
)


class RefusedAddressError(OSError):
    """The address may not be dialled."""

    def __init__(self, message: str) -> None:
        super().__init__(errno.EACCES, message)
        self.message = message


class Guard:
    """Which addresses and ports may be dialled. `allowed` networks (an intranet's feeds) pass, with any port."""

    def __init__(self, allowed: Sequence[Network] = (), ports: Sequence[int] = DEFAULT_PORTS) -> None:
        self._allowed = tuple(allowed)
        self._ports = frozenset(ports)

    def check(self, address: str, port: int, host: str = "") -> None:
        """Raises RefusedAddressError unless this address and port may be dialled."""
        shown = f"{host} → {address}" if host and host != address else address
        try:
            ip = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            raise RefusedAddressError(f"address not allowed: {shown} is not an IP address") from None
        if any(ip.version == network.version and ip in network for network in self._allowed):
            return
        if any(ip in network for network in _denied(ip.version)):
            raise RefusedAddressError(
                f"address not allowed: {shown} is not public (list its network under allowed_networks)"
            )
        if port not in self._ports:
            raise RefusedAddressError(f"port not allowed: {port} of {host or address} (list it under allowed_ports)")

    def check_url(self, url: str) -> None:
        """Raises RefusedAddressError if the host is a forbidden IP literal; needed before a proxy is asked."""
        try:
            parts = urlsplit(url)
        except ValueError:
            raise RefusedAddressError("address not allowed: it cannot be read") from None
        # a zone, which only this machine could know, does not hide an address
        host = (parts.hostname or "").partition("%")[0].rstrip(".")
        if host == "localhost" or host.endswith(".localhost"):
            host = "127.0.0.1"
        try:
            numeric = socket.getaddrinfo(host, parts.port or 443, flags=socket.AI_NUMERICHOST, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError, ValueError):
            return
        for _, _, _, _, address in numeric:
            self.check(str(address[0]), int(address[1]), host)

    def socket(self, info: tuple[Any, Any, int, str, tuple[Any, ...]]) -> socket.socket:
        """aiohttp's `socket_factory`: a socket for an address that was checked."""
        family, kind, protocol, _, address = info
        self.check(str(address[0]), int(address[1]))
        return socket.socket(family=family, type=kind, proto=protocol)


@cache
def _denied(version: int) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(text) for text in (_DENIED_V4 if version == 4 else _DENIED_V6))


def guarded_session(
    guard: Guard,
    *,
    total: float = 30.0,
    connect: float = 10.0,
    connections: int = 64,
    headers: Mapping[str, str] | None = None,
    tls: ssl.SSLContext | None = None,
    proxy: str | None = None,
    keep_alive: bool = False,
    auto_decompress: bool = True,
) -> aiohttp.ClientSession:
    """A client that dials only what `guard` lets through. Call it inside a running event loop; close it after use.

    total and connect are seconds; no cookie is kept, no proxy is taken from the environment. With `proxy` the proxy's
    own address is free and the guard sees only literal addresses: the proxy is trusted to look at the rest.
    """
    import aiohttp

    free = (urlsplit(proxy).hostname or "") if proxy else ""
    gate = _ProxyGuard(guard, free) if free else guard
    connector = aiohttp.TCPConnector(
        # True: aiohttp's own, which it makes when it is imported; reading the machine's certificates takes 16 ms
        ssl=tls if tls is not None else True,
        resolver=_resolver(gate),
        socket_factory=gate.socket,
        use_dns_cache=False,  # a host is asked rarely; an old answer helps nobody
        limit=connections,
        force_close=not keep_alive,  # keep-alive to a thousand TLS hosts holds 347 MB
    )
    return aiohttp.ClientSession(
        connector=connector,
        timeout=aiohttp.ClientTimeout(total=total, connect=None, sock_connect=connect),
        headers=headers,
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        proxy=proxy,
        auto_decompress=auto_decompress,
        max_line_size=16_384,
        max_field_size=16_384,
        max_headers=256,
    )


class _ProxyGuard(Guard):
    """The guard of a session with a proxy: the proxy's addresses are free."""

    def __init__(self, inner: Guard, proxy_host: str) -> None:
        super().__init__()
        self._inner = inner
        self._host = proxy_host
        self._free: set[str] = {proxy_host}

    def check(self, address: str, port: int, host: str = "") -> None:
        if host == self._host:
            self._free.add(address)
        if address not in self._free:
            self._inner.check(address, port, host)


def _resolver(guard: Guard) -> Any:
    from aiohttp.abc import AbstractResolver, ResolveResult

    class GuardedResolver(AbstractResolver):
        """getaddrinfo; forbidden addresses are left out, and if none is left the refusal is the error."""

        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
        ) -> list[ResolveResult]:
            loop = asyncio.get_running_loop()
            infos = await loop.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)
            found: list[ResolveResult] = []
            refused: RefusedAddressError | None = None
            for kind, _, protocol, _, address in infos:
                try:
                    guard.check(str(address[0]), port, host)
                except RefusedAddressError as error:
                    refused = error
                    continue
                found.append(
                    ResolveResult(
                        hostname=host,
                        host=str(address[0]),
                        port=port,
                        family=kind,
                        proto=protocol,
                        flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
                    )
                )
            if not found:
                raise refused or OSError(f"{host} has no address")
            return found

        async def close(self) -> None:
            """Nothing is held."""

    return GuardedResolver()


__all__ = ["DEFAULT_PORTS", "Guard", "RefusedAddressError", "guarded_session"]

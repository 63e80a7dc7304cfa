"""Nothing private is reachable: the list itself, address by address, and where it is asked."""

from __future__ import annotations

import asyncio
import ipaddress
import socket

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.guard import Guard, RefusedAddressError, guarded_session
from tests.collect.hostile import Names
from tests.feeds.server import answer, serving

#: what the internet's registries set aside, by name
DENIED = {
    "this network": "0.0.0.0/8",
    "private 10": "10.0.0.0/8",
    "private 172": "172.16.0.0/12",
    "private 192": "192.168.0.0/16",
    "carrier-grade NAT": "100.64.0.0/10",
    "loopback": "127.0.0.0/8",
    "link-local": "169.254.0.0/16",
    "protocol assignments": "192.0.0.0/24",
    "documentation 1": "192.0.2.0/24",
    "documentation 2": "198.51.100.0/24",
    "documentation 3": "203.0.113.0/24",
    "6to4 relays": "192.88.99.0/24",
    "benchmarks": "198.18.0.0/15",
    "multicast": "224.0.0.0/4",
    "reserved": "240.0.0.0/4",
    "broadcast": "255.255.255.255/32",
    "unspecified 6": "::/128",
    "loopback 6": "::1/128",
    "v4-compatible": "::/96",
    "v4-mapped": "::ffff:0:0/96",
    "v4-translated": "::ffff:0:0:0/96",
    "NAT64": "64:ff9b::/96",
    "NAT64 local": "64:ff9b:1::/48",
    "discard": "100::/64",
    "Teredo and assignments": "2001::/23",
    "documentation 6": "2001:db8::/32",
    "documentation 6, new": "3fff::/20",
    "6to4": "2002::/16",
    "segment routing": "5f00::/16",
    "unique local": "fc00::/7",
    "link-local 6": "fe80::/10",
    "site-local": "fec0::/10",
    "multicast 6": "ff00::/8",
}
#: neighbours of the above, and ordinary servers
PUBLIC = [
    *(
        "1.0.0.1",
        "8.8.8.8",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.1",
    ),
    *("169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.0.3.0", "192.167.255.255"),
    *(
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "198.51.99.255",
        "203.0.112.255",
        "203.0.114.0",
        "223.255.255.255",
    ),
    *("2001:200::1", "2001:4860:4860::8888", "2003::1", "2606:4700::1111", "2a00:1450:4001::1", "3ffe::1"),
    *("128.0.0.1", "223.255.255.255"),
]


def _refused(guard: Guard, address: str, port: int = 443) -> str:
    with pytest.raises(RefusedAddressError) as caught:
        guard.check(address, port)
    return caught.value.message


@pytest.mark.parametrize("name", DENIED)
def test_every_range_is_denied_from_its_first_to_its_last_address(name: str) -> None:
    network = ipaddress.ip_network(DENIED[name])
    middle = network[network.num_addresses // 2]
    for address in {str(network[0]), str(network[-1]), str(middle)}:
        assert "not public" in _refused(Guard(), address)
        # a scope changes nothing
        if network.version == 6:
            assert "not public" in _refused(Guard(), f"{address}%eth0")


@pytest.mark.parametrize("address", PUBLIC)
def test_ordinary_addresses_are_dialled_on_ordinary_ports(address: str) -> None:
    for port in (80, 443, 8080, 8443):
        Guard().check(address, port)
    assert "port not allowed: 25" in _refused(Guard(), address, 25)
    Guard(ports=(25,)).check(address, 25)


@given(st.integers(0, 2**32 - 1))
def test_no_way_of_writing_a_private_v4_address_as_v6_gets_through(number: int) -> None:
    v4 = ipaddress.IPv4Address(number)
    for prefix in ("::", "::ffff:0:0", "::ffff:0:0:0", "64:ff9b::", "64:ff9b:1::"):
        assert "not public" in _refused(
            Guard(), str(ipaddress.IPv6Address(int(ipaddress.IPv6Address(prefix)) + number))
        )
    assert "not public" in _refused(Guard(), str(ipaddress.IPv6Address((0x2002 << 112) | (int(v4) << 80) | 1)))


@given(st.integers(0, 2**128 - 1))
def test_of_v6_only_global_unicast_is_dialled(number: int) -> None:
    address = ipaddress.IPv6Address(number)
    if address not in ipaddress.ip_network("2000::/3"):
        assert "not public" in _refused(Guard(), str(address))


def test_an_allowed_network_passes_with_any_port_and_no_other_does() -> None:
    guard = Guard([ipaddress.ip_network("10.1.0.0/16"), ipaddress.ip_network("fd00:1::/32")])
    guard.check("10.1.255.255", 9999)
    guard.check("fd00:1::5", 22)
    for address in ("10.2.0.0", "10.0.255.255", "fd00:2::1", "::ffff:10.1.0.1"):
        assert "not public" in _refused(guard, address)


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0", "localhost", "LOCALHOST", "localhost."),
        *("a.localhost", "[::1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[fe80::1%25eth0]"),
        *("169.254.169.254", "[fd00:ec2::254]", "[fec0::1]", "224.0.0.1"),
    ],
)
def test_literal_addresses_of_any_spelling_are_refused_before_a_proxy_is_asked(host: str) -> None:
    with pytest.raises(RefusedAddressError):
        Guard().check_url(f"http://{host}/feed")


def test_names_are_the_resolvers_affair_and_what_cannot_be_read_is_refused() -> None:
    for url in ("https://news.example/feed", "https://999.999.999.999/", "http:///", "http://x:99999/"):
        Guard().check_url(url)
    with pytest.raises(RefusedAddressError, match="cannot be read"):
        Guard().check_url("https://[::1/")


def test_a_socket_is_made_for_what_was_checked_and_for_nothing_else() -> None:
    info = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("8.8.8.8", 443))
    with Guard().socket(info) as made:
        assert made.family == socket.AF_INET
    with pytest.raises(RefusedAddressError):
        Guard().socket((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 443)))
    with pytest.raises(RefusedAddressError, match="not an IP address"):
        Guard().socket((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("news.example", 443)))


def test_the_address_that_was_checked_is_the_one_that_is_dialled() -> None:
    asked: list[str] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, Names)
        loop.names["feed.example"] = [["127.1.0.9"], ["127.0.0.1"]]
        guard = Guard([ipaddress.ip_network("127.1.0.0/16")])
        async with serving(feed=answer(b"here")) as server, guarded_session(guard) as session:
            url = f"http://feed.example:{server.port}/feed"
            async with session.get(url) as response:
                assert await response.read() == b"here"
            # the name server has changed its mind
            with pytest.raises(aiohttp.ClientConnectorError) as caught:
                await session.get(url)
            assert "127.0.0.1 is not public" in str(caught.value.os_error)
            asked.extend(request.host for request in server.seen)

    with asyncio.Runner(loop_factory=Names) as runner:
        runner.run(main())
    assert asked == ["127.1.0.9"]


def test_no_proxy_is_taken_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        guard = Guard([ipaddress.ip_network("127.1.0.0/16")])
        async with serving(feed=answer(b"here")) as server:
            for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
                monkeypatch.setenv(name, f"http://127.0.0.1:{server.port}")
            async with (
                guarded_session(guard) as session,
                session.get(f"http://127.1.0.7:{server.port}/feed") as response,
            ):
                assert await response.read() == b"here"
            assert [request.host for request in server.seen] == ["127.1.0.7"]

    asyncio.run(main())


def test_a_proxy_that_was_named_is_free_and_nothing_else_becomes_so() -> None:
    async def main() -> None:
        async with serving(feed=answer(b"by proxy")) as server:
            proxy = f"http://127.0.0.1:{server.port}"
            async with guarded_session(Guard(), proxy=proxy) as session:
                server.routes["http://news.example/feed"] = answer(b"by proxy")
                async with session.get("http://news.example/feed") as response:
                    assert await response.read() == b"by proxy"
                with pytest.raises(RefusedAddressError):
                    Guard().check_url(f"http://127.0.0.1:{server.port}/feed")

    asyncio.run(main())

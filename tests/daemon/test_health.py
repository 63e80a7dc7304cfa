"""The three pages' server against askers of every kind."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from pathlib import Path
from types import SimpleNamespace

import pytest

from monitor import health
from monitor.health import HealthServer, Response, Troubles, disk_trouble, text_page


async def ask(address: str, request: bytes) -> bytes:
    host, port = address.rsplit(":", 1)
    reader, writer = await asyncio.open_connection(host, int(port))
    answer = b""
    with contextlib.suppress(ConnectionError):  # closed on us without an answer
        writer.write(request)
        await writer.drain()
        answer = await reader.read()
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
    return answer


def told(method: str, rest: str) -> Response:
    return 200, "text/plain", f"{method} [{rest}]".encode()


def answers(*requests: bytes) -> list[bytes]:
    async def test() -> list[bytes]:
        server = HealthServer("127.0.0.1", 0, {"/healthz": lambda: text_page(200, ["ok"])}, {"/below/": told})
        address = await server.start()
        try:
            return [await ask(address, request) for request in requests]
        finally:
            await server.stop()

    return asyncio.run(asyncio.wait_for(test(), 30))


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", b"200"),
        (b"GET /healthz?probe=1 HTTP/1.0\r\n\r\n", b"200"),
        (b"HEAD /healthz HTTP/1.1\r\n\r\n", b"200"),
        (b"POST /healthz HTTP/1.1\r\n\r\n", b"405"),
        (b"GET /../etc/passwd HTTP/1.1\r\n\r\n", b"404"),
        (b"GET /\xff\xfe HTTP/1.1\r\n\r\n", b"404"),
        (b"nonsense\r\n\r\n", b"400"),
    ],
)
def test_status(request_: bytes, status: bytes) -> None:
    [answer] = answers(request_)
    assert answer.split(b" ")[1] == status
    assert (b"ok" in answer.partition(b"\r\n\r\n")[2]) == (status == b"200" and request_.startswith(b"GET"))


@pytest.mark.parametrize(
    ("request_", "status", "body"),
    [
        (b"GET /below/abc?x=1 HTTP/1.1\r\n\r\n", b"200", b"GET [abc]"),
        (b"HEAD /below/abc HTTP/1.1\r\n\r\n", b"200", b""),
        (b"POST /below/abc HTTP/1.1\r\nContent-Length: 3\r\n\r\na=b", b"200", b"POST [abc]"),
        (b"POST /below/ HTTP/1.1\r\n\r\n", b"200", b"POST []"),
        (b"DELETE /below/abc HTTP/1.1\r\n\r\n", b"405", b"only GET and POST\n"),
        (b"POST /below/abc HTTP/1.1\r\nContent-Length: 9999999999\r\n\r\n", b"413", b"too much\n"),
        (b"POST /below/abc HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b"413", b"too much\n"),
        (b"POST /below/abc HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", b"413", b"too much\n"),
        (b"POST /below/abc HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", b"413", b"too much\n"),
        (b"GET /belowabc HTTP/1.1\r\n\r\n", b"404", b"try /healthz\n"),
    ],
)
def test_below_a_prefix(request_: bytes, status: bytes, body: bytes) -> None:
    [answer] = answers(request_)
    assert answer.split(b" ")[1] == status
    assert answer.partition(b"\r\n\r\n")[2] == body


def test_a_body_that_never_comes_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(HealthServer, "TIMEOUT", 0.05)
    assert answers(b"POST /below/abc HTTP/1.1\r\nContent-Length: 30\r\n\r\n") == [b""]


def test_a_request_without_end_is_dropped_and_the_next_is_served() -> None:
    first, second = answers(b"GET /healthz HTTP/1.1\r\nX: " + b"a" * 100_000, b"GET /healthz HTTP/1.1\r\n\r\n")
    assert first == b""
    assert second.endswith(b"ok\n")


def test_a_silent_asker_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(HealthServer, "TIMEOUT", 0.05)
    assert answers(b"") == [b""]


def test_more_askers_than_places_are_turned_away() -> None:
    async def test() -> None:
        server = HealthServer("127.0.0.1", 0, {"/healthz": lambda: text_page(200, ["ok"])})
        host, port = (await server.start()).rsplit(":", 1)
        silent = [socket.create_connection((host, int(port))) for _ in range(server.MAX_CONNECTIONS)]
        while server.open < server.MAX_CONNECTIONS:
            await asyncio.sleep(0.01)
        try:
            assert await ask(f"{host}:{port}", b"GET /healthz HTTP/1.1\r\n\r\n") == b""
        finally:
            for each in silent:
                each.close()
        while server.open:
            await asyncio.sleep(0.01)
        assert (await ask(f"{host}:{port}", b"GET /healthz HTTP/1.1\r\n\r\n")).endswith(b"ok\n")
        await server.stop()

    asyncio.run(asyncio.wait_for(test(), 30))


def test_troubles_are_told_once_each_way() -> None:
    troubles = Troubles()
    kinds = frozenset({"network", "model"})
    assert troubles.replace(kinds, {"network": "down"}) == ({"network": "down"}, {})
    assert troubles.replace(kinds, {"network": "still down"}) == ({}, {})
    assert troubles.now == {"network": "still down"}
    assert troubles.replace(frozenset({"database"}), {"database": "full"}) == ({"database": "full"}, {})
    assert dict(troubles.blocking) == {"database": "full"}
    assert troubles.replace(kinds, {}) == ({}, {"network": "still down"})


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def usage(free: int) -> None:
        monkeypatch.setattr(health.shutil, "disk_usage", lambda folder: SimpleNamespace(total=10**10, free=free))

    usage(10**8)
    assert "only 100 MB free; make room" in str(disk_trouble(tmp_path))
    usage(10**9)
    assert disk_trouble(tmp_path) is None
    monkeypatch.undo()
    assert "No such file" in str(disk_trouble(tmp_path / "gone"))

"""Serves the outlets on loopback, each on a port of its own so that no outlet waits for another's turn."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from monitor.demo.outlets import CONTENT_TYPES, Outlet


class DemoServer:
    """A context in which `urls` answer with each outlet's feed as it stands at `now()`."""

    def __init__(self, outlets: Sequence[Outlet], now: Callable[[], datetime]) -> None:
        self._servers = {outlet.id: ThreadingHTTPServer(("127.0.0.1", 0), _handler(outlet, now)) for outlet in outlets}
        self._threads: list[threading.Thread] = []

    @property
    def urls(self) -> dict[str, str]:
        """Feed id to address."""
        return {name: f"http://127.0.0.1:{server.server_address[1]}/feed" for name, server in self._servers.items()}

    @property
    def ports(self) -> tuple[int, ...]:
        return tuple(int(server.server_address[1]) for server in self._servers.values())

    def __enter__(self) -> Self:
        for server in self._servers.values():
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
            thread.start()
            self._threads.append(thread)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in self._servers.values():
            server.shutdown()
            server.server_close()
        for thread in self._threads:
            thread.join()


def _handler(outlet: Outlet, now: Callable[[], datetime]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Nothing: the monitor's own log tells."""

        def do_GET(self) -> None:
            body = outlet.document(now())
            tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
            known = self.headers.get("If-None-Match") == tag
            with suppress(ConnectionError):  # the reader left
                self.send_response(304 if known else 200)
                self.send_header("ETag", tag)
                if not known:
                    self.send_header("Content-Type", CONTENT_TYPES[outlet.form])
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if not known:
                    self.wfile.write(body)

    return Handler

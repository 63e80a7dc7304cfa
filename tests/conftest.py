"""Fixtures for all tests: a clean environment, loopback only."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

#: the same examples each time; how long one takes says more about the machine than about the code
settings.register_profile("monitor", deadline=None, derandomize=True)
settings.load_profile("monitor")

SHARED = Path(__file__).resolve().parent.parent.parent / "shared"


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No MONITOR_* of the person who runs the tests, and a state folder of the test's own."""
    for name in [n for n in os.environ if n.startswith("MONITOR_") and not n.startswith("MONITOR_TEST_")]:
        monkeypatch.delenv(name)
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    monkeypatch.delenv("CONFIGURATION_DIRECTORY", raising=False)
    monkeypatch.setenv("MONITOR_HOME", str(tmp_path / "home"))


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A test that dials out fails: the suite must not depend on any network, nor trouble anybody's server."""
    real = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            try:
                ip = ipaddress.ip_address(str(address[0]).split("%")[0])
            except ValueError:
                ip = None
            if ip is not None and not ip.is_loopback:
                raise AssertionError(f"a test dials {address!r}: only loopback is allowed")
        return real(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)
    yield


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of labelled data beside the checkout; a test that wants it skips where it is absent."""
    if not (SHARED / "data").is_dir():
        pytest.skip("no labelled data beside the checkout")
    return SHARED

"""What the daemon costs in memory: the proportional set size (PSS) of its whole process tree.

    python benchmarks/memory.py [--feeds 60] [--json]

Serves feeds on loopback and starts `monitor run` on them. Measured twice: `idle`, after all feeds were polled and
before any entry needed the model; `with the model`, after every feed brought entries that were classified. Ends with
1 above 170 or 420 MB. PSS counts a page that n processes share as 1/n of it, so that the sum is what is really used.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

LIMITS = {"idle": 170.0, "with the model": 420.0}
ENTRIES = 30
PATIENCE = 300.0


class Feeds(BaseHTTPRequestHandler):
    """Every path is a feed: empty at first, then with entries on launches and deals of invented companies."""

    full = threading.Event()

    def do_GET(self) -> None:
        number = re.sub(r"\D", "", self.path) or "0"
        items = "".join(self._item(f"{number}-{each}") for each in range(ENTRIES)) if self.full.is_set() else ""
        body = f"<rss version='2.0'><channel><title>Feed {number}</title><link>http://x.example/</link>{items}</channel></rss>"
        self.send_response(200)
        self.send_header("Content-Type", "application/rss+xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    @staticmethod
    def _item(key: str) -> str:
        return (
            f"<item><guid>{key}</guid><link>https://x.example/{key}</link><title>Norvane {key} raises $40 million"
            f" to train models</title><description>{'The company makes assistants for hospitals and banks. ' * 6}"
            "</description></item>"
        )

    def log_message(self, *words: object) -> None:
        pass


def tree(pid: int) -> list[int]:
    """A process and all below it."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found += tree(int(child))
    return found


def pss(pid: int) -> dict[int, float]:
    """Megabytes of each process of the tree."""
    sizes = {}
    for each in tree(pid):
        match = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{each}/smaps_rollup").read_text(), re.M)
        sizes[each] = int(match.group(1)) / 1000 if match else 0.0
    return sizes


def metric(port: int, name: str) -> float:
    """The sum of a metric over its labels."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    return sum(float(value) for value in re.findall(rf"^{name}(?:\{{[^}}]*\}})? (\S+)$", text, re.M))


def until(condition: object, daemon: subprocess.Popen[bytes], what: str) -> None:
    """Waits for something to come true, at most PATIENCE seconds."""
    assert callable(condition)
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            if condition():
                return
        except OSError:
            pass  # it does not listen yet
        if daemon.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"waited in vain: {what}")
        time.sleep(0.25)


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def measure(feeds: int) -> dict[str, dict[int, float]]:
    """PSS by process, idle and with the model."""
    server = ThreadingHTTPServer(("0.0.0.0", 0), Feeds)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = server.server_address[1]
    with tempfile.TemporaryDirectory() as folder:
        health = free_port()
        config = Path(folder) / "feeds.yaml"
        lines = [
            f"  - {{id: f{n}, name: Feed {n}, url: 'http://127.{n // 250}.0.{n % 250 + 1}:{port}/{n}'}}"
            for n in range(feeds)
        ]
        config.write_text("settings: {contact: me@example.com}\nfeeds:\n" + "\n".join(lines) + "\n")
        environ = {
            **os.environ,
            "MONITOR_HOME": str(Path(folder) / "home"),
            "MONITOR_FETCH_ALLOWED_NETWORKS": "127.0.0.0/8",
            "MONITOR_FETCH_MIN_INTERVAL": "1s",
            "MONITOR_FETCH_DEFAULT_INTERVAL": "20s",
            "MONITOR_FETCH_HOST_GAP": "0s",
            "MONITOR_HEALTH_PORT": str(health),
            "MONITOR_TICKS_COLLECT": "1s",
            "MONITOR_TICKS_UNDERSTAND": "1s",
        }
        command = [sys.executable, "-m", "monitor", "run", "--config", str(config)]
        with (Path(folder) / "log").open("wb") as log:
            daemon = subprocess.Popen(command, env=environ, stdout=log, stderr=log)
        try:
            until(lambda: metric(health, "monitor_polls_total") >= feeds, daemon, "every feed polled once")
            time.sleep(3)
            idle = pss(daemon.pid)
            Feeds.full.set()
            stored = feeds * ENTRIES
            until(lambda: metric(health, "monitor_entries_stored_total") >= stored, daemon, "every entry stored")
            until(
                lambda: metric(health, "monitor_entries_classified_total") >= stored, daemon, "every entry classified"
            )
            return {"idle": idle, "with the model": pss(daemon.pid)}
        except SystemExit:
            print((Path(folder) / "log").read_text()[-4000:], file=sys.stderr)
            raise
        finally:
            daemon.send_signal(signal.SIGTERM)
            daemon.wait(60)
            server.shutdown()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--feeds", type=int, default=60)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = measure(options.feeds)
    totals = {name: round(sum(sizes.values()), 1) for name, sizes in found.items()}
    if options.json:
        print(json.dumps(totals))
    else:
        for name, sizes in found.items():
            parts = ", ".join(f"{size:.0f}" for size in sizes.values())
            print(f"{name:16} {totals[name]:7.1f} MB (at most {LIMITS[name]:.0f}), by process: {parts}")
    return int(any(totals[name] > LIMITS[name] for name in LIMITS))


if __name__ == "__main__":
    sys.exit(main())

"""Polling against a loopback server: cold, all unchanged, one feed in ten with one new item.

    python benchmarks/poll.py [--feeds 1000 ...] [--items 30] [--peers PYTHON] [--times 3] [--rounds] [--profile]

Whole programs, start to exit, each on an archive of its own: `monitor poll`, and with --peers (the python of a venv
that has `reader`, `sgmllib3k`, `httpx` and `feedparser`) reader and a plain script of httpx, feedparser and sqlite3.
Each feed has a loopback address of its own (so no host's gap counts); the server is a process of its own. Guard,
identity, full-text index and SQLite are on, `monitor poll` classifies nothing. Seconds by the clock and of CPU (user
and system, with worker processes), median of --times, and peak memory of the largest process.

--rounds: rounds inside one process, as a running daemon pays them. --profile: where a process's CPU goes.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.synchronize import Event
from pathlib import Path

from feedserver import address, serve

HERE = Path(__file__).parent
STEPS = ("cold", "unchanged", "one in ten")
PEERS = ("reader", "script")


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one run: seconds by the clock, seconds of CPU, megabytes."""

    wall: float
    cpu: float
    peak: float


@dataclass(slots=True)
class Program:
    """How a program is told to poll all feeds."""

    name: str
    command: list[str]
    before: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)


def run(program: Program, command: list[str]) -> Cost:
    """One run to its exit. Raises SystemExit with its words when it fails."""
    began = time.perf_counter()
    with tempfile.TemporaryFile() as output:
        child = subprocess.Popen(
            command, stdout=output, stderr=output, env={**os.environ, **program.environment}, cwd=HERE.parent
        )
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        wall = time.perf_counter() - began
        if child.returncode:
            output.seek(0)
            raise SystemExit(f"{program.name} failed: {output.read()[-2000:].decode(errors='replace')}")
    return Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1000)


@contextmanager
def feed_server(feeds: int, items: int) -> Iterator[tuple[int, Event]]:
    """A server of so many feeds: its port, and what makes one feed in ten grow."""
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    port: multiprocessing.Queue[int] = context.Queue()
    tick = context.Event()
    server = context.Process(target=serve, args=(port, tick, feeds, items), daemon=True)
    server.start()
    try:
        yield port.get(timeout=120), tick
    finally:
        server.terminate()
        server.join()


def programs(folder: Path, port: int, feeds: int, peers: str | None) -> list[Program]:
    """The monitor, and its peers where their python is given."""
    lines = ["settings:", "  fetch:", "    allowed_networks: [127.0.0.0/8]", "feeds:"]
    for n in range(feeds):
        lines += [f"  - id: f{n}", f"    name: Feed {n}", f"    url: {address(n, port)}"]
    config = folder / "feeds.yaml"
    config.write_text("\n".join(lines) + "\n")
    database = f"sqlite:///{folder / 'monitor.db'}"
    ours = [sys.executable, "-m", "monitor", "--config", str(config), "--database", database]
    found = [
        Program(
            "monitor",
            [*ours, "poll", "--force"],
            before=[*ours, "db", "upgrade"],
            environment={"MONITOR_HOME": str(folder / "home")},
        )
    ]
    for name in PEERS if peers else ():
        script = [str(peers), str(HERE / f"peer_{name}.py"), str(folder / f"{name}.db"), str(port), str(feeds)]
        found.append(Program(name, [*script, "poll"], before=[*script, "prepare"]))
    return found


def measure(feeds: int, items: int, peers: str | None, times: int) -> dict[str, dict[str, Cost]]:
    """Program to step to its median cost. All programs meet the same server, step by step, one after another."""
    costs: dict[str, dict[str, list[Cost]]] = {}
    for _ in range(times):
        with feed_server(feeds, items) as (port, tick), tempfile.TemporaryDirectory() as folder:
            all_programs = programs(Path(folder), port, feeds, peers)
            for program in all_programs:
                run(program, program.before)
            for step in STEPS:
                if step == "one in ten":
                    tick.set()
                for program in all_programs:
                    costs.setdefault(program.name, {}).setdefault(step, []).append(run(program, program.command))
    return {name: {step: _median(runs) for step, runs in steps.items()} for name, steps in costs.items()}


def _median(runs: list[Cost]) -> Cost:
    return Cost(
        statistics.median(r.wall for r in runs), statistics.median(r.cpu for r in runs), max(r.peak for r in runs)
    )


def show(feeds: int, costs: dict[str, dict[str, Cost]]) -> None:
    """A table in Markdown, with the ratio to the monitor in brackets."""
    print(f"\n{feeds} feeds: seconds by the clock / of CPU (times the monitor's)\n")
    print("| program | " + " | ".join(STEPS) + " | peak MB |")
    print("| --- " * (len(STEPS) + 2) + "|")
    ours = costs["monitor"]
    for name, steps in costs.items():
        cells = []
        for step in STEPS:
            cost, own = steps[step], ours[step]
            ratio = "" if name == "monitor" else f" ({cost.wall / own.wall:.1f} / {cost.cpu / own.cpu:.1f})"
            cells.append(f"{cost.wall:.2f} / {cost.cpu:.2f}{ratio}")
        print(f"| {name} | " + " | ".join(cells) + f" | {max(s.peak for s in steps.values()):.0f} |")
    each = ", ".join(f"{step} {ours[step].cpu / feeds * 1000:.2f}" for step in STEPS)
    print(f"\nCPU of the monitor, ms a feed: {each}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--feeds", type=int, nargs="+", default=[1000])
    parser.add_argument("--items", type=int, default=30)
    parser.add_argument("--peers", help="python of a venv with reader, sgmllib3k, httpx, feedparser")
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--rounds", action="store_true", help="rounds inside one process instead")
    parser.add_argument("--profile", action="store_true", help="with --rounds: where the CPU goes")
    options = parser.parse_args()
    for feeds in options.feeds:
        if options.rounds:
            from pollrounds import rounds

            with feed_server(feeds, options.items) as (port, tick):
                rounds(port, tick, feeds, profiled=options.profile)
        else:
            show(feeds, measure(feeds, options.items, options.peers, options.times))


if __name__ == "__main__":
    main()

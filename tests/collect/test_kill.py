"""kill -9 in the middle of polling: no entry lost, none twice, the archive sound, the next start at once."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import sqlalchemy as sa

from monitor.archive import open_archive
from monitor.archive.engine import Database
from monitor.archive.tables import entries
from tests.archive.conftest import empty_file, empty_schema, url
from tests.feeds.server import Behaviour, Request, Server, answer, serving

__all__ = ["empty_file", "empty_schema", "url"]

ROOT = Path(__file__).resolve().parents[2]
FEEDS = 40
#: seconds of the clock in which a start must have asked its first feed, on a machine that is not starved
START = 10
#: a start is hindered when its threads stood in line for a processor for a larger part of its time than this
HINDERED = 0.2
PATIENCE = 300

CONFIG = """\
settings:
  fetch:
    allowed_networks: [127.0.0.0/8]
    allowed_ports: [{port}]
feeds:
{feeds}"""


@dataclass(slots=True)
class Feed:
    """A feed that grows and corrects itself. Each state has an ETag; all entries stay in it."""

    name: str
    dice: random.Random
    titles: list[str] = field(default_factory=list)
    #: how many entries each version had
    sizes: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.titles = [self.title(n) for n in range(self.dice.randint(5, 25))]
        self.sizes.append(len(self.titles))

    def title(self, number: int) -> str:
        return f"{self.name} tells story {number} in telling {self.dice.randrange(10**9)}"

    def move(self) -> None:
        """A few more entries, or other words for one of them, or nothing."""
        match self.dice.randrange(4):
            case 0 | 1:
                more = self.dice.randint(1, 4)
                self.titles += [self.title(len(self.titles) + n) for n in range(more)]
            case 2:
                number = self.dice.randrange(len(self.titles))
                self.titles[number] = self.title(number)
            case _:
                return
        self.sizes.append(len(self.titles))

    @property
    def etag(self) -> str:
        return f'"{len(self.sizes) - 1}"'

    def document(self) -> bytes:
        items = "".join(
            f'<item><title>{title}</title><link>https://{self.name}.example/{n}</link><guid isPermaLink="false">'
            f"{self.name}-{n}</guid><description>What {title}, at length.</description></item>"
            for n, title in reversed(list(enumerate(self.titles)))
        )
        return f'<rss version="2.0"><channel><title>{self.name}</title>{items}</channel></rss>'.encode()


@dataclass(slots=True)
class World:
    """All feeds; they move with every request until they are told to stand still."""

    feeds: dict[str, Feed]
    dice: random.Random
    moving: bool = True

    def behaviour(self, feed: Feed) -> Behaviour:
        async def behave(request: Request, writer: asyncio.StreamWriter) -> None:
            if self.moving:
                feed.move()
                await asyncio.sleep(self.dice.uniform(0, 0.02))
            headers = {"ETag": feed.etag, "Content-Type": "application/rss+xml"}
            if request.headers.get("if-none-match") == feed.etag:
                await answer(status="304 Not Modified", headers=headers)(request, writer)
            else:
                await answer(feed.document(), headers=headers)(request, writer)

        return behave

    def check(self, database: str) -> int:
        """The archive is sound, holds what its validators promise, and holds nothing twice. Gives its entries."""
        with open_archive(database) as archive:
            assert archive.keep.check() == []
            states = archive.feeds.states()
        opened = Database(database)
        with opened.read() as connection:
            rows = connection.execute(sa.select(entries.c.feed_id, entries.c.guid)).all()
        opened.close()
        counts = Counter((row.feed_id, row.guid) for row in rows)
        assert not [key for key, count in counts.items() if count > 1], "stored twice"
        for state in states:
            feed = self.feeds[state.feed_id]
            size = feed.sizes[int(state.etag.strip('"'))] if state.etag else 0
            assert {(feed.name, f"{feed.name}-{n}") for n in range(size)} <= counts.keys(), f"{feed.name} lost entries"
        return len(rows)


def living(group: int) -> list[int]:
    """Processes of a group that have not ended (Linux)."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            values = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(values[2]) == group and values[0] not in "ZX":
            found.append(int(path.parent.name))
    return found


def waited(group: int) -> float:
    """Seconds for which a group's threads stood in line for a processor, together (Linux; elsewhere 0)."""
    found = 0
    for process in living(group):
        for path in Path(f"/proc/{process}/task").glob("*/schedstat"):
            with contextlib.suppress(OSError, IndexError):
                found += int(path.read_text().split()[1])
    return found / 1e9


@dataclass(slots=True)
class Starts:
    """How long starts took until their first request: seconds of the clock, and of standing in line."""

    taken: list[tuple[float, float]] = field(default_factory=list)

    def add(self, clock: float, line: float) -> None:
        self.taken.append((clock, line))

    def unhindered(self) -> list[float]:
        return sorted(clock for clock, line in self.taken if line <= HINDERED * clock)

    def check(self) -> str:
        """No start took long that others did not keep from the processor. Gives the figures.

        A hindered start cannot be judged by the clock; what it took without standing in line is held against the bound.
        """
        assert self.taken, "no start has come as far as its first request"
        assert max(clock - line for clock, line in self.taken) < START
        judged, every = self.unhindered(), sorted(clock for clock, _ in self.taken)
        assert not judged or judged[-1] < START, f"a start took {judged[-1]:.1f} s with a processor free"
        return "; ".join(
            f"{len(times)} {name} starts: after {times[len(times) // 2]:.1f} s (median), at most {times[-1]:.1f} s"
            for name, times in (("counted", every), ("unhindered", judged))
            if times
        )


@pytest.mark.parametrize(
    "kills", [10, pytest.param(100, marks=[pytest.mark.long, pytest.mark.timeout(1800)])], ids=["ten", "hundred"]
)
@pytest.mark.timeout(600)
def test_killed_while_polling(url: str, tmp_path: Path, kills: int) -> None:
    dice = random.Random(kills)
    feeds = {f"f{n}": Feed(f"f{n}", random.Random(n)) for n in range(FEEDS)}
    world = World(feeds, dice)
    config = tmp_path / "feeds.yaml"
    starts = Starts()
    stored: list[int] = []

    async def start() -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "monitor", "--config", str(config), "--database", url, "poll", "--force", "--json"),
            cwd=ROOT,
            start_new_session=True,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )

    async def asked(server: Server, more: int, process: asyncio.subprocess.Process) -> bool:
        """Waits until that many requests more have come; False: the process ended before."""
        enough = len(server.seen) + more
        while process.returncode is None and len(server.seen) < enough:
            await asyncio.sleep(0.002)
        return len(server.seen) >= enough

    async def one_kill(server: Server) -> bool:
        began = time.monotonic()
        process = await start()
        try:
            if dice.random() < 0.1:
                await asyncio.sleep(dice.uniform(0, 1.5))  # while it starts
            else:
                if await asked(server, 1, process):
                    starts.add(time.monotonic() - began, waited(process.pid))
                # after so many answers, and a moment for what follows: reading, storing, ending
                await asked(server, dice.randrange(FEEDS), process)
                await asyncio.sleep(dice.uniform(0, 0.3))
        finally:  # also when it is given up: nothing of it stays behind
            killed = process.returncode is None
            if killed:
                process.send_signal(signal.SIGKILL)
        assert await process.wait() in (0, -signal.SIGKILL)
        while living(process.pid):  # its workers see that nobody asks them any more
            await asyncio.sleep(0.01)
        stored.append(await asyncio.to_thread(world.check, url))
        return killed

    async def run() -> int:
        routes = {name: world.behaviour(feed) for name, feed in feeds.items()}
        async with serving(**routes) as server:
            lines = [
                f"  - id: f{n}\n    name: F{n}\n    url: {server.url(f'/f{n}', f'127.30.0.{n + 1}')}\n"
                for n in range(FEEDS)
            ]
            config.write_text(CONFIG.format(port=server.port, feeds="".join(lines)))
            done = rounds = 0
            while done < kills:
                rounds += 1
                assert rounds < 3 * kills + 10, "it ends before it can be killed"
                async with asyncio.timeout(PATIENCE):
                    done += await one_kill(server)
            world.moving = False
            for _ in range(2):  # the first may have met a pause that a kill left behind
                process = await start()
                async with asyncio.timeout(PATIENCE):
                    assert await process.wait() == 0
            return rounds

    rounds = asyncio.run(run())
    assert stored == sorted(stored), "an archive that loses entries"
    total = world.check(url)
    expected = {(name, f"{name}-{n}", title) for name, feed in feeds.items() for n, title in enumerate(feed.titles)}
    opened = Database(url)
    with opened.read() as connection:
        rows = connection.execute(sa.select(entries.c.feed_id, entries.c.guid, entries.c.title)).all()
    opened.close()
    assert {tuple(row) for row in rows} == expected and total == len(expected)
    print(f"{os.linesep}{kills} kills in {rounds} rounds, {total} entries, none lost, none twice; {starts.check()}")

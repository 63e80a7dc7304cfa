"""A world of feeds for a simulated week: who publishes when, and servers that refuse in every way there is.

Servers see what real ones see (host, path, headers, begin and end of each request) and note what they asked for; the
checks of politeness are made on their notes alone.
"""

from __future__ import annotations

import bisect
import email.utils
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from monitor.errors import FetchError
from monitor.testing import FakeClock
from monitor.urls import host_key
from tests.feeds.server import item, rss

HOUR = 3600.0
DAY = 86_400.0
#: what a server may ask for at most and be obeyed to the letter
MOST = DAY


@dataclass(slots=True)
class Feed:
    """One feed: published times (seconds from the start; those before it are negative), newest last."""

    id: str
    url: str
    shown: int
    published: list[float]
    conditional: bool
    max_age: int | None
    target: str = ""

    def visible(self, at: float) -> range:
        """Numbers of the entries that its document shows then."""
        count = bisect.bisect_right(self.published, at)
        return range(max(0, count - self.shown), count)


@dataclass(slots=True)
class Seen:
    """One request as its server saw it."""

    host: str
    path: str
    begin: float
    end: float
    status: int


@dataclass(slots=True)
class Host:
    """A server and its temper."""

    name: str
    temper: str = "calm"
    quota: int = 0
    #: (begin, end) of times in which it refuses everybody
    closed: list[tuple[float, float]] = field(default_factory=list)
    asked: list[float] = field(default_factory=list)
    #: it has said: not before then
    not_before: float = -1.0


class World:
    """400 feeds on 60 domains, a third of them throttling."""

    def __init__(self, clock: FakeClock, *, seed: int, feeds: int = 400, domains: int = 60, days: float = 7.0) -> None:
        self.rng = random.Random(seed)
        self.clock = clock
        self.start = clock.now()
        self.began = clock.monotonic()
        self.days = days
        self.hosts: dict[str, Host] = {}
        self.feeds: dict[str, Feed] = {}
        self.seen: list[Seen] = []
        self.broken: list[str] = []
        self.open: dict[str, int] = defaultdict(int)
        #: our own network is down then
        self.outages: list[tuple[float, float]] = []
        self._make(feeds, domains)

    # ------------------------------------------------------------ making it

    def _make(self, feeds: int, domains: int) -> None:
        tempers = ("quota", "quota-date", "quota-mute", "closed", "forbids", "odd")
        names = [f"site{n}{'.co.uk' if n % 7 == 0 else '.test'}" for n in range(domains)]
        for n, name in enumerate(names):
            host = Host(name=host_key(f"https://{name}/"))
            if n % 3 == 0:
                host.temper = tempers[n // 3 % len(tempers)]
                host.quota = self.rng.randint(4, 40)
                host.closed = self._closings()
            self.hosts[host.name] = host
        for n in range(feeds):
            # a few domains have dozens of feeds, most have some
            name = names[min(int(self.rng.expovariate(1 / (domains / 3))), domains - 1)] if n >= domains else names[n]
            self._add(n, name, names)

    def _closings(self) -> list[tuple[float, float]]:
        at, out = 0.0, []
        while at < self.days * DAY:
            at += self.rng.expovariate(1 / (1.5 * DAY))
            out.append((at, at + self.rng.uniform(0.3, 5) * HOUR))
        return out

    def _add(self, n: int, name: str, names: list[str]) -> None:
        subdomain = self.rng.choice(("", "www.", "news.", "feeds."))
        url = f"https://{subdomain}{name}/{n}"
        # from several an hour to one in ten days
        gap = min(max(self.rng.lognormvariate(9.7, 1.5), 400.0), 10 * DAY)
        feed = Feed(
            id=f"f{n}",
            url=url,
            shown=self.rng.choice((10, 20, 20, 30)),
            published=self._times(gap),
            conditional=self.rng.random() < 0.8,
            max_age=self.rng.choice((None, None, None, 60, 600, 1800, 7200)),
        )
        if n % 25 == 24:
            # moved for good, to another domain
            feed.target = f"https://{names[self.rng.randrange(len(names) // 2)]}/moved/{n}"
        self.feeds[feed.id] = feed

    def _times(self, gap: float) -> list[float]:
        """A Poisson process that sleeps at night and at weekends."""
        at, out = -12 * gap - 2 * DAY, []
        while at < self.days * DAY:
            at += self.rng.expovariate(1 / gap) * (0.6 if 7 * HOUR < at % DAY < 19 * HOUR else 2.0)
            out.append(at)
        return out

    # ------------------------------------------------------------ serving

    def now(self) -> float:
        """Seconds since the start."""
        return self.clock.monotonic() - self.began

    def is_out(self, at: float) -> bool:
        return any(begin <= at < end for begin, end in self.outages)

    def answer(self, url: str, headers: Mapping[str, str], at: float) -> tuple[int, dict[str, str], bytes]:
        """Status, headers, body. `at`: seconds since the start."""
        host = self.hosts[host_key(url)]
        refusal = self._refusal(host, at)
        host.asked.append(at)
        if refusal is not None:
            return refusal
        parts = urlsplit(url)
        feed = self.feeds[f"f{parts.path.rpartition('/')[2]}"]
        if feed.target and not parts.path.startswith("/moved/"):
            return 301, {"Location": feed.target}, b""
        shown = feed.visible(at)
        tag = f'"{shown.stop}"'
        extra = {"ETag": tag} if feed.conditional else {}
        if feed.max_age is not None:
            extra["Cache-Control"] = f"max-age={feed.max_age}"
        if feed.conditional and headers.get("If-None-Match") == tag:
            return 304, extra, b""
        entries = [
            item(
                number,
                title=f"Story {number} of {feed.id}",
                guid=f"{feed.id}-{number}",
                link=f"https://{parts.hostname}/{feed.id}/{number}",
                date=email.utils.format_datetime(self.start + timedelta(seconds=feed.published[number])),
            )
            for number in reversed(shown)
        ]
        return 200, extra, rss(*entries)

    def _refusal(self, host: Host, at: float) -> tuple[int, dict[str, str], bytes] | None:
        until = next((end for begin, end in host.closed if begin <= at < end), None)
        lately = len(host.asked) - bisect.bisect_left(host.asked, at - HOUR)
        if host.temper in ("quota", "quota-date", "quota-mute") and lately >= host.quota:
            free = host.asked[-host.quota] + HOUR - at
            return self._refuse(host, 429, free, at, {"quota": "seconds", "quota-date": "date"}.get(host.temper, ""))
        if host.temper == "closed" and until is not None:
            return self._refuse(host, 503, until - at, at, "date")
        if host.temper == "forbids" and until is not None:
            return 403, {}, b""
        if host.temper == "odd" and (dice := self.rng.random()) < 0.03:
            wait = -HOUR if dice < 0.01 else 365 * DAY if dice < 0.012 else 90.0
            return self._refuse(host, 429, wait, at, "date" if dice < 0.01 else "seconds")
        return None

    def _refuse(self, host: Host, status: int, wait: float, at: float, form: str) -> tuple[int, dict[str, str], bytes]:
        if not form:
            return status, {}, b""
        if form == "seconds":
            wait = float(int(wait) + 1)
            value = str(int(wait))
        else:
            wait = float(int(wait) + 1)
            value = email.utils.format_datetime((self.start + timedelta(seconds=at + wait)), usegmt=True)
            wait -= 1.0  # a date has whole seconds
        host.not_before = max(host.not_before, at + min(wait, MOST))
        now = email.utils.format_datetime(self.start + timedelta(seconds=at), usegmt=True)
        return status, {"Retry-After": value, "Date": now}, b""

    # ------------------------------------------------------------ what HttpFetcher asks

    @asynccontextmanager
    async def get(self, url: Any, *, headers: Mapping[str, str], **_: Any) -> AsyncIterator[_Response]:
        """In the place of aiohttp.ClientSession.get."""
        import asyncio

        address, begin = str(url), self.now()
        if self.is_out(begin):
            raise FetchError("the name does not resolve", kind="dns")
        host = self.hosts[host_key(address)]
        self.open[host.name] += 1
        if self.open[host.name] > 1:
            self.broken.append(f"{host.name}: {self.open[host.name]} requests at once at {begin:.1f}")
        if begin < host.not_before:
            self.broken.append(f"{host.name}: asked {host.not_before - begin:.1f} s before its Retry-After")
        try:
            await asyncio.sleep(min(self.rng.lognormvariate(-1.5, 1.0), 20.0))
            status, extra, body = self.answer(address, headers, begin)
            yield _Response(status, extra, _Content(body))
            await asyncio.sleep(0.01)
        finally:
            self.open[host.name] -= 1
            self.seen.append(Seen(host.name, urlsplit(address).path, begin, self.now(), status))


@dataclass(slots=True)
class _Content:
    body: bytes

    async def iter_any(self) -> AsyncIterator[bytes]:
        if self.body:
            yield self.body


@dataclass(slots=True)
class _Response:
    status: int
    headers: Mapping[str, str]
    content: _Content


def when(world: World, at: datetime) -> float:
    """Seconds since the start."""
    return (at - world.start).total_seconds()

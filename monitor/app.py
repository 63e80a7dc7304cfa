"""The composition root: what the daemon and the commands run. The rooms themselves are made in rooms.py.

One App per reading of feeds.yaml. Its coroutines run in one event loop; `aclose` ends workers and connections.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from monitor.errors import FetchError, ModelError, MonitorError
from monitor.logs import get_logger
from monitor.memory import give_back
from monitor.rooms import Rooms
from monitor.standing import counts

if TYPE_CHECKING:
    from monitor.collect import PollReport, Progress
    from monitor.config import Config
    from monitor.deliver import DeliverReport
    from monitor.locks import SendingLock
    from monitor.metrics import Metrics
    from monitor.outcomes import Outcome
    from monitor.protocols import Clock
    from monitor.understand import UnderstandReport

#: entries of one round of understanding, so that a stop never waits long for one
ROUND = 512


class App(Rooms):
    """The rooms, and a round of each of the three loops over them."""

    def __init__(self, config: Config, clock: Clock, *, metrics: Metrics | None = None) -> None:
        super().__init__(config, clock)
        self._metrics = metrics
        self._synced = False
        self._recovered = False
        #: what the App of the last feeds.yaml could not write
        self._left: tuple[Outcome, ...] = ()
        #: monotonic time of the last text that the model read
        self._read_at: float | None = None
        self._line = f"{len(config.enabled_feeds)} feeds"
        self._troubles: dict[str, str] = {}

    @property
    def metrics(self) -> Metrics:
        """Made when first asked for: one-shot commands count nothing."""
        if self._metrics is None:
            from monitor.metrics import Metrics

            self._metrics = Metrics()
        return self._metrics

    # ------------------------------------------------------------ the three loops

    async def collect(self) -> str:
        """One round over the feeds that are due; a line for the log, "" when it brought nothing.

        What became of single feeds (they fail, they are well again) is logged by the collector, when it changes.
        """
        report = await self.poll()
        await asyncio.to_thread(self._look_at_feeds)
        if report.new or report.changed:
            return poll_words(report)
        if report.polled:
            get_logger("collect").debug(poll_words(report), seconds=round(report.seconds, 3))
        return ""

    def stop(self) -> None:
        """No further feed is asked, no further batch read; what is under way of both ends, and nothing is lost."""
        for name in ("collector", "understander"):
            room = self.__dict__.get(name)
            if room is not None:
                room.stop()

    async def poll(
        self, *, feed_ids: Sequence[str] | None = None, force: bool = False, on_progress: Progress | None = None
    ) -> PollReport:
        """One round over what is due, or with `force` over all (of feed_ids)."""
        if not self._synced:
            await asyncio.to_thread(self.archive.feeds.sync, self.config.feeds, self.clock.now())
            self._synced = True
        report = await self.collector.poll(feed_ids=feed_ids, force=force, on_progress=on_progress)
        if self._metrics is not None:
            self._count(report)
        if report.polled:
            outage = self.collector.outage_since
            self._trouble("network", f"no feed can be reached since {outage:%H:%M} UTC" if outage is not None else "")
        return report

    def _understand(
        self, limit: int | None, on_progress: Callable[[int, int], None] | None, everything: bool = False
    ) -> UnderstandReport:
        """Runs in a thread."""
        understander = self.understander
        self.bookkeeper.refresh()
        report = understander.run(limit=limit, on_progress=on_progress, everything=everything)
        if report.entries:
            self._read_at = self.clock.monotonic()
        if self._metrics is not None:
            self.metrics.classified.inc(report.entries)
            self.metrics.pending.set(self.archive.entries.pending_count())
        self._trouble("model", report.error)
        self._trouble("set aside", aside_words(self.archive.entries.aside_count()))
        self._let_go()
        if report.entries:
            give_back()
        return report

    def _let_go(self) -> None:
        """The model leaves memory when no text came for long."""
        patience = self.settings.classify.unload_after
        unload = getattr(self.classifier, "unload", None)
        if patience is None or unload is None or self._read_at is None:
            return
        if self.clock.monotonic() - self._read_at >= patience.total_seconds():
            unload()
            self._read_at = None
            give_back()

    def _count(self, report: PollReport) -> None:
        for result in ("new", "unchanged", "not_modified", "failed", "throttled", "outage"):
            if count := getattr(report, result):
                self.metrics.polls.labels(result.replace("_", "-")).inc(count)
        self.metrics.entries.inc(report.new)

    async def understand(self) -> str:
        """One round over pending entries; a line for the log, "" when there were none."""
        report = await asyncio.to_thread(self._understand, ROUND, None)
        return understand_words(report)

    async def understand_all(
        self, on_progress: Callable[[int, int | None], None] | None = None, *, everything: bool = False
    ) -> str:
        """All that is pending, and with `everything` what was set aside; a line, "" when nothing was.

        Raises ModelError.
        """
        report = await asyncio.to_thread(self._understand, None, on_progress, everything)
        if report.error:
            raise ModelError(report.error)
        return understand_words(report)

    async def deliver(self) -> str:
        """Makes the digests that are due and sends what waits; a line for the log, "" when nothing was."""
        await self.recover()
        report = await self.deliverer.run_due()
        self._trouble("outbox", self.deliverer.standing_trouble())
        kept = await asyncio.to_thread(self.upkeep.run)
        return ", ".join(words for words in (deliver_words(report), kept) if words)

    async def recover(self) -> None:
        """Once, under the daemon's lock: what was being sent when the program ended follows its channel's rule.

        While somebody sends by hand it cannot be told from what they are sending, so it waits for the next round.
        """
        self.deliverer.take_over(self._left)
        self._left = ()
        if self._recovered:
            return
        with self._sending_lock().alone() as alone:
            if alone:
                await self.deliverer.recover()
                self._recovered = True

    @contextmanager
    def by_hand(self) -> Iterator[None]:
        """Sending by hand, beside a daemon or without one: a daemon that starts meanwhile takes nothing of it."""
        with self._sending_lock().shared():
            yield

    def _sending_lock(self) -> SendingLock:
        from monitor.locks import SendingLock
        from monitor.paths import ensure_state_folder

        return SendingLock(ensure_state_folder(self.settings.state_folder))

    async def heartbeat(self) -> None:
        """Asks settings.health.heartbeat_url, unless something did not go out. Raises FetchError."""
        import aiohttp

        url = self.settings.health.heartbeat_url
        if url is None or "outbox" in self._troubles:
            return
        try:
            async with self.client() as client, client.get(url.reveal()) as answer:
                status = answer.status
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise FetchError(f"heartbeat: {type(error).__name__}", kind="connect") from error
        if status >= 400:
            raise FetchError(f"heartbeat: HTTP {status}", status=status)

    def troubles(self) -> Mapping[str, str]:
        """What is wrong for longer than a round: kind to words."""
        return dict(self._troubles)

    def describe(self) -> str:
        """One line on how it stands."""
        return self._line

    def follow(self, before: App) -> None:
        """Takes over what the App of the last feeds.yaml knew to be wrong, and had under way: a reload ends neither."""
        self._troubles = dict(before._troubles)
        self._recovered = before._recovered
        self._left, before._left = before._left, ()
        if "deliverer" in before.__dict__:
            self._left += before.deliverer.hand_over()

    async def aclose(self) -> None:
        """Writes what became of deliveries, where that still waits, and ends workers and connections."""
        # what cannot be written now either was logged, and is asked for after the next start
        with suppress(MonitorError):
            if self._left or "deliverer" in self.__dict__:
                self.deliverer.take_over(self._left)
                await self.deliverer.settle()
        await super().aclose()

    def _trouble(self, kind: str, words: str) -> None:
        self._troubles.pop(kind, None)
        if words:
            self._troubles[kind] = words

    def _look_at_feeds(self) -> None:
        found = counts(self.archive.feeds.details(), self.clock.now())
        pending = self.archive.entries.pending_count()
        bad = found["failing"] + found["throttled"]
        parts = [f"{found.total() - found['off']} feeds", f"{bad} failing" if bad else ""]
        parts.append(f"{pending} entries pending" if pending else "")
        self._line = ", ".join(part for part in parts if part)
        if self._metrics is not None:
            self.metrics.pending.set(pending)
            for state, number in (
                ("good", found.total() - found["off"] - bad),
                ("failing", bad),
                ("off", found["off"]),
            ):
                self.metrics.feeds.labels(state).set(number)


def aside_words(count: int) -> str:
    """A trouble: entries on which the program failed; empty where there are none."""
    several = "1 entry" if count == 1 else f"{count} entries"
    return f"{several} could not be understood and will be tried again: `monitor doctor` names them" if count else ""


def understand_words(report: UnderstandReport) -> str:
    """A line on a round of understanding; empty when nothing happened."""
    if not report.entries:
        return ""
    parts = [f"classified {report.entries} entries: {report.placed} into stories, {report.new_stories} of them new"]
    if report.developments:
        parts.append(f"{report.developments} developments")
    if report.poisonous:
        parts.append(f"{len(report.poisonous)} set aside")
    return ", ".join(parts)


def poll_words(report: PollReport) -> str:
    """A line on a round of polls."""
    parts = [f"polled {report.polled} feeds, {report.new} new entries"]
    parts += [f"{report.changed} changed"] if report.changed else []
    parts += [f"{n} {word}" for word in ("failed", "throttled", "outage", "deferred") if (n := getattr(report, word))]
    return ", ".join(parts)


def deliver_words(report: DeliverReport) -> str:
    """A line on a round of deliveries; empty when nothing happened."""
    parts = [f"made {key} with {stories} stories" for key, stories, _ in report.made]
    sends = report.sends
    for word, rows in (
        ("sent", sends.sent),
        ("to be retried", sends.retried),
        ("failed", sends.failed),
        ("uncertain", sends.uncertain),
    ):
        parts += [f"{len(rows)} {word}"] if rows else []
    return ", ".join([*parts, *report.error_lines])

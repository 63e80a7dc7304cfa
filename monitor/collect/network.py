"""Whose fault it is when nothing answers: a feed's, a host's, or that of our own network.

A failure to reach a host counts against its feed only when something else out there has answered. Until then it is
held back; when nothing has answered by the end of a round, and three hosts were asked, it is our own outage.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from monitor.collect.records import Met, Round
from monitor.errors import FetchError
from monitor.feeds import schedule
from monitor.feeds.settings import CollectSettings
from monitor.protocols import Clock
from monitor.urls import host_key

#: failures that may be our own network's: a captive portal or a router gives its own address and certificate for all
_KINDS = frozenset(("dns", "connect", "timeout", "refused-address", "tls"))
#: a host that served somebody well so lately refuses one feed, not everybody
_WELL = timedelta(hours=6)


class Network:
    """What is known of our own network and of hosts, over rounds."""

    def __init__(self, clock: Clock, settings: CollectSettings) -> None:
        self._clock = clock
        self._settings = settings
        #: hosts that failed since anything answered
        self._failing: set[str] = set()
        #: when a host last answered well, by its key
        self._well: dict[str, datetime] = {}
        #: since when our own network seems down
        self.outage_since: datetime | None = None

    def note(self, met: Met, host: str, current: Round) -> None:
        """Takes an answer in: that the network works, and how long a host that throttles is to be left alone."""
        error = met.error
        if error is None or (isinstance(error, FetchError) and error.status is not None):
            self._works(current)
        if error is None:
            self._well[host] = met.at
        if isinstance(error, FetchError) and error.host_throttled:
            asked = error.host or host
            if self._refuses_everybody(error, asked, met.at):
                seconds = schedule.host_pause(met.state, error, self._settings)
                met.pause = (asked, met.at + timedelta(seconds=seconds))

    def _refuses_everybody(self, error: FetchError, host: str, now: datetime) -> bool:
        """A 403 for one feed of a host that serves others well is that feed's affair."""
        well = self._well.get(host)
        return error.status == 429 or error.retry_after is not None or well is None or now - well >= _WELL

    def holds(self, met: Met, current: Round) -> bool:
        """Whether this failure waits for a proof that our own network works."""
        return met.error is not None and met.error.kind in _KINDS and not current.answered

    def _works(self, current: Round) -> None:
        if not current.answered:
            current.answered = True
            self._failing.clear()
            for met in current.held:
                current.queue.put_nowait(met)
            current.held.clear()
        self.outage_since = None

    def judge(self, current: Round, hosts: int) -> None:
        """The end of a round: what is still held is an outage, once it is three hosts (or all there are, if two)."""
        if not current.held:
            return
        self._failing |= {host_key(met.state.url) for met in current.held}
        outage = self.outage_since is not None or len(self._failing) >= min(3, max(2, hosts))
        if outage and self.outage_since is None:
            self.outage_since = self._clock.now()
        for met in current.held:
            met.outage = outage
            current.queue.put_nowait(met)
        current.held.clear()


__all__ = ["Network"]

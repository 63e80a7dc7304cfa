"""Counters and gauges, in a registry of their own (no global one), for /metrics."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, PlatformCollector, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from monitor import __version__

#: seconds; a round takes from milliseconds (nothing due) to minutes
_BUCKETS = (0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300)


class Metrics:
    """What the monitor counts. docs/operating.md lists every name."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry(auto_describe=True)
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        Info("monitor_build", "The program's version.", registry=registry).info({"version": __version__})
        self.polls = Counter("monitor_polls", "Polls of feeds by result.", ["result"], registry=registry)
        self.entries = Counter("monitor_entries_stored", "Entries stored.", registry=registry)
        self.pending = Gauge("monitor_entries_pending", "Entries not yet classified.", registry=registry)
        self.classified = Counter("monitor_entries_classified", "Entries classified.", registry=registry)
        self.feeds = Gauge("monitor_feeds", "Feeds by state: good, failing, off.", ["state"], registry=registry)
        self.deliveries = Counter("monitor_deliveries", "Deliveries by outcome.", ["outcome"], registry=registry)
        self.outbox_age = Gauge(
            "monitor_outbox_oldest_seconds", "Age of the oldest delivery that waits.", registry=registry
        )
        self.ticks = Histogram(
            "monitor_tick_seconds", "How long a round took.", ["pipeline"], buckets=_BUCKETS, registry=registry
        )
        self.tick_failures = Counter(
            "monitor_tick_failures", "Rounds that ended in an error.", ["pipeline"], registry=registry
        )
        self.ticks_skipped = Counter(
            "monitor_ticks_skipped", "Ticks left out because the last round still ran.", ["pipeline"], registry=registry
        )
        self.clock_jumps = Counter("monitor_clock_jumps", "Times the wall clock was set.", registry=registry)
        self.reloads = Counter("monitor_reloads", "Re-readings of feeds.yaml by result.", ["result"], registry=registry)
        self.troubles = Gauge("monitor_troubles", "1 while a trouble lasts.", ["kind"], registry=registry)

    def exposition(self) -> bytes:
        """All of them in Prometheus' text form."""
        return generate_latest(self.registry)

"""Collect: due feeds, fetched, read, recognised, stored.

    rounds    Collector: who is asked when; fetching and reading
    outcomes  what a poll means for its feed (pure)
    writer    outcomes into the archive, as many feeds in one transaction as wait
    network   whose fault it is when nothing answers
    dryrun    every stage for one document, nothing stored

The network is waited for in one event loop, documents are read in worker processes, and one writer at a time talks to
the archive in a thread: while it stores a batch of feeds, the next batch gathers. So the loop never blocks, and no
transaction ever waits for a network.
"""

from __future__ import annotations

from monitor.collect.dryrun import DryRun, dry_run
from monitor.collect.records import PollReport, Progress
from monitor.collect.rounds import Collector
from monitor.protocols import Log

__all__ = ["Collector", "DryRun", "Log", "PollReport", "Progress", "dry_run"]

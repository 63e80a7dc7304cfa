"""The daemon: asks the three pipelines at intervals, and minds clocks, signals, health and the service manager.

    lock | health server | ticks: collect, understand, deliver | READY
    every few seconds: has the clock been set? what troubles are there? tell systemd, log what changed
    SIGHUP: read feeds.yaml again, swap | SIGTERM: no new rounds, wait for those under way, end

What is left to do is a column of the archive, never a memory of this process: it may be killed at any moment.
"""

from __future__ import annotations

from monitor.daemon.loop import LETTING_GO, PULSE, Daemon, run_daemon
from monitor.daemon.seam import App, Reload

__all__ = ["LETTING_GO", "PULSE", "App", "Daemon", "Reload", "run_daemon"]

"""Digests and alerts, from stories that arrived to receipts.

    due digests -> select -> rank -> render -> [outbox, transaction] -> send -> [receipt] -> tell what failed

A digest that is due is made, and it, its stories and its rendered parts are written in one transaction; only then is
anything sent. Everything that is left to do is a row. Decisions are pure (digest/, channels/rules.py); planner.py says
what is to be written, making.py writes it, outbox.py sends it, desk.py is what a person does by hand.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any

from monitor.desk import Backtest, Desk, Preview
from monitor.digest.alerts import PREFIX
from monitor.errors import ArchiveBusy, MonitorError, ToldMeanwhile
from monitor.notices import NOTICE, NOTICE_EVERY
from monitor.outcomes import Outcome
from monitor.planner import DeliverSettings
from monitor.reports import DeliverReport
from monitor.types import Delivery

__all__ = ["NOTICE", "NOTICE_EVERY", "Backtest", "DeliverReport", "DeliverSettings", "Deliverer", "Preview"]


class Deliverer(Desk):
    """Makes what is due, sends what is ready. One round at a time."""

    async def recover(self) -> list[Delivery]:
        """Once after the daemon's start, under its lock: what was being sent follows its channel's rule."""
        return await self._outbox.recover()

    async def settle(self) -> None:
        """At the end: writes what became of deliveries and could not be written before. Raises ArchiveError."""
        await asyncio.to_thread(self._outbox.outcomes.catch_up)

    def hand_over(self) -> tuple[Outcome, ...]:
        """What became of deliveries and could not be written yet: for the Deliverer that comes after this one."""
        return self._outbox.outcomes.hand_over()

    def take_over(self, outcomes: Iterable[Outcome]) -> None:
        """What the Deliverer before this one could not write; the next round begins with it."""
        self._outbox.outcomes.take_over(outcomes)

    async def run_due(self) -> DeliverReport:
        """Makes every digest and alert that is due and sends all that is ready. Raises ArchiveError only."""
        report = DeliverReport()
        for spec in self._digests.values():
            await self._guarded(spec.name, self._maker.due(spec, report), report)
        for alert in self._alerts:
            await self._guarded(PREFIX + alert.name, self._maker.alert(alert, report), report)
        try:
            await self._outbox.send_ready(report.sends)
            # a notice that does not get through may be worth another one
            while await self._notices.tell(report):
                await self._outbox.send_ready(report.sends)
        finally:
            self._notices.remember(report)
        return report

    async def _guarded(self, name: str, work: Coroutine[Any, Any, object], report: DeliverReport) -> None:
        """One digest's trouble stops no other. With `False` the work says that something of it still waits."""
        try:
            if await work is not False:
                report.well.add(name)
        except (ArchiveBusy, ToldMeanwhile) as error:
            # the next round tries again; nothing was written
            self._log.warning("digest waits", digest=name, cause=str(error))
        except MonitorError as error:
            report.errors.append((name, str(error)))
            self._log.error("digest not made", digest=name, cause=str(error))
        except Exception as error:  # noqa: BLE001 - a bug in one digest's making must not stop the others
            report.errors.append((name, f"{type(error).__name__}: {error}"))
            self._log.exception("digest not made", digest=name)

    def standing_trouble(self) -> str:
        """What is wrong and stays so, in a line: for health pages and for leaving a heartbeat out; "" for nothing."""
        return self._notices.standing()

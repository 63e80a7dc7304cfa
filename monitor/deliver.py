"""Digests and alerts, from stories that arrived to receipts.

    due digests -> select -> rank -> render -> [outbox, transaction] -> send -> [receipt] -> tell what failed

A digest that is due is made, and it, its stories and its rendered parts are written in one transaction; only then is
anything sent. Everything that is left to do is a row. Decisions are pure (digest/, channels/rules.py); planner.py says
what is to be written, outbox.py sends it, desk.py is what a person does by hand.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from monitor.desk import Backtest, Desk, Preview
from monitor.digest.alerts import PREFIX, REACH, as_digest, is_quiet
from monitor.digest.schedule import what_is_due
from monitor.errors import ArchiveBusy, MonitorError
from monitor.notices import NOTICE, NOTICE_EVERY
from monitor.outbox import DeliverReport
from monitor.planner import DeliverSettings
from monitor.types import AlertSpec, Delivery, DigestSpec

__all__ = ["NOTICE", "NOTICE_EVERY", "Backtest", "DeliverReport", "DeliverSettings", "Deliverer", "Preview"]


class Deliverer(Desk):
    """Makes what is due, sends what is ready. One round at a time."""

    async def recover(self) -> list[Delivery]:
        """Once after the daemon's start, under its lock: what was being sent follows its channel's rule."""
        return await self._outbox.recover()

    async def run_due(self) -> DeliverReport:
        """Makes every digest and alert that is due and sends all that is ready. Raises ArchiveError only."""
        report = DeliverReport()
        for spec in self._digests.values():
            await self._guarded(spec.name, self._make_due(spec, report), report)
        for alert in self._alerts:
            await self._guarded(PREFIX + alert.name, self._make_alert(alert, report), report)
        report.sends = await self._outbox.send_ready()
        if await self._notices.tell(report):
            await self._outbox.send_ready()
        self._notices.remember(report)
        return report

    async def _guarded(self, name: str, work: Coroutine[Any, Any, None], report: DeliverReport) -> None:
        """One digest's trouble stops no other."""
        try:
            await work
        except ArchiveBusy as error:
            # the next round tries again; nothing was written
            self._log.warning("digest waits for the archive", digest=name, cause=str(error))
        except MonitorError as error:
            report.errors.append(f"{name}: {error}")
            self._log.error("digest not made", digest=name, cause=str(error))
        except Exception as error:  # noqa: BLE001 - a bug in one digest's making must not stop the others
            report.errors.append(f"{name}: {type(error).__name__}: {error}")
            self._log.exception("digest not made", digest=name)

    async def _make_due(self, spec: DigestSpec, report: DeliverReport) -> None:
        now = self._clock.now()
        last = await asyncio.to_thread(self._store.last_due, spec.name)
        due = what_is_due(spec.cron, spec.time_zone, last, now, spec.look_back)
        if due is None or (spec.name, due.at) in self._done:
            return
        if due.merged and last is not None:
            self._log.info("missed due times merged", digest=spec.name, due_at=due.at.isoformat(), missed=due.merged)
        stories = await self._arrived(spec.selection, due.since, now)
        await self._write(await self._planner.plan(spec, due.at, due.since, stories), report)
        self._done.add((spec.name, due.at))

    async def _make_alert(self, alert: AlertSpec, report: DeliverReport) -> None:
        now = self._clock.now()
        if is_quiet(alert, now):
            return
        since = now - REACH
        stories = await self._arrived(alert.selection, since, now)
        if await asyncio.to_thread(self._store.last_due, as_digest(alert).name) is None:
            await self._write(self._planner.baseline(alert, now, stories), report)
            return
        plan = await self._planner.plan_alert(alert, now, since, stories)
        if plan is not None:
            await self._write(plan, report)

    def standing_trouble(self) -> str:
        """What is wrong and stays so, in a line: for health pages and for leaving a heartbeat out; "" for nothing."""
        return self._notices.standing()

"""Makes what is due: reads the stories, has them planned, and writes the plan in one transaction. Sends nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

from monitor.digest.alerts import as_digest, is_quiet, reach
from monitor.digest.schedule import first_missed, what_is_due
from monitor.errors import ToldMeanwhile
from monitor.planner import MOST_STORIES, Plan, Planner
from monitor.protocols import Clock, DeliveryStore, Log, StoryStore
from monitor.reports import DeliverReport
from monitor.types import AlertSpec, DigestSpec, Selection, Story

#: so often a plan is made anew because another program told the same meanwhile
MOST_PLANS = 3


class Maker:
    """From stories that arrived to a digest's row and its deliveries."""

    def __init__(
        self, *, stories: StoryStore, deliveries: DeliveryStore, planner: Planner, clock: Clock, log: Log
    ) -> None:
        self._stories = stories
        self._store = deliveries
        self._planner = planner
        self._clock = clock
        self._log = log

    async def arrived(
        self, selection: Selection, since: datetime, until: datetime, *, announced_only: bool = True
    ) -> list[Story]:
        """The stories that qualify; that there are more than a digest can hold is told and not passed over."""
        stories = await asyncio.to_thread(
            self._stories.arrived, selection, since, until, announced_only=announced_only, limit=MOST_STORIES
        )
        if len(stories) >= MOST_STORIES:
            self._log.error("more stories than a digest can hold: the oldest are left out", limit=MOST_STORIES)
        return stories

    async def due(self, spec: DigestSpec, report: DeliverReport) -> bool:
        """Makes the digest if it is due. Whether all is well with it: it was made, and no due time was missed since."""
        now = self._clock.now()
        last = await asyncio.to_thread(self._store.last_due, spec.name, now)
        due = what_is_due(spec.cron, spec.time_zone, last, now, spec.look_back)
        if due is None:
            return last is not None and first_missed(spec.cron, spec.time_zone, last, now) is None
        if due.merged and last is not None:
            self._log.info("missed due times merged", digest=spec.name, due_at=due.at.isoformat(), missed=due.merged)
        stories = await self.arrived(spec.selection, due.since, now)
        await self.write(lambda: self._planner.plan(spec, due.at, due.since, stories), report)
        return True

    async def alert(self, alert: AlertSpec, report: DeliverReport) -> int | None:
        """What the alert has to say now: its digest's id, None for nothing. The first time it only looks around."""
        now = self._clock.now()
        since = now - reach(alert)
        stories = await self.arrived(alert.selection, since, now)

        async def plan() -> Plan | None:
            if await asyncio.to_thread(self._store.last_due, as_digest(alert).name) is None:
                return self._planner.baseline(alert, now, stories)
            if is_quiet(alert, now):
                return None
            return await self._planner.plan_alert(alert, now, since, stories)

        return await self.write(plan, report)

    async def write(self, plan: Callable[[], Awaitable[Plan | None]], report: DeliverReport) -> int | None:
        """The outbox transaction: the digest's id; None if there is nothing to write, or that due time has its digest.

        Planned anew where another program, such as `digest send` beside the daemon, told the same between the look at
        what was told and the writing. Raises ToldMeanwhile if that happens each time.
        """
        for attempt in range(1, MOST_PLANS + 1):
            made = await plan()
            if made is None:
                return None
            try:
                return await self._create(made, report)
            except ToldMeanwhile as error:
                if attempt == MOST_PLANS:
                    raise
                self._log.info("planned anew", digest=made.digest.key, why=str(error))
        return None

    async def _create(self, plan: Plan, report: DeliverReport) -> int | None:
        now = self._clock.now()
        digest_id = await asyncio.to_thread(
            self._store.create, plan.digest, plan.drafts, now, stories_by_recipient=plan.told, again=plan.again
        )
        if digest_id is None:
            return None
        count = len(plan.digest.stories)
        report.made.append((plan.digest.key, count, len(plan.drafts)))
        for story_id, why in plan.left_out:
            report.left_out.append((plan.digest.key, story_id, why))
            self._log.error("story left out of a digest", digest=plan.digest.key, story=story_id, cause=why)
        self._log.info("digest made", digest=plan.digest.key, stories=count, deliveries=len(plan.drafts))
        return digest_id

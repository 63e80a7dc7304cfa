"""Compares an archive with what arrived at its receivers. Shares no decision with the code that it checks.

    due times: walked minute by minute | stories that qualify: read from the tables | what arrived: parsed

Problems are lines; no problem is an empty list.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from email.message import EmailMessage
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from monitor.archive.engine import Database
from monitor.archive.tables import deliveries, developments, digest_stories, digests, entries, stories
from monitor.types import AlertSpec, DigestSpec, Selection
from tests.deliver.arrived import canonical, mail_arrival, slack_arrival, squeezed

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What was configured, and when it ran."""

    digests: Sequence[DigestSpec]
    alerts: Sequence[AlertSpec] = ()
    #: channel to its recipients
    recipients: Mapping[str, Sequence[str]]
    begin: datetime
    end: datetime
    #: the deliver loop ran at least so often
    step: timedelta = timedelta(hours=1)


@dataclass
class Findings:
    """What is wrong, and how much was looked at."""

    problems: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def wrong(self, words: str) -> None:
        self.problems.append(words)


def check(
    url: str, plan: Plan, mails: Sequence[tuple[str, EmailMessage]], slack: Sequence[Mapping[str, Any]]
) -> Findings:
    """Every due time one digest; each story once per digest and recipient; nothing that qualified missing."""
    found = Findings()
    database = Database(url)
    try:
        with database.read() as connection:
            tables = _Tables(connection)
    finally:
        database.close()
    _arrivals(tables, mails, slack, found)
    _due_times(tables, plan, found)
    told = _once(tables, found)
    for spec in plan.digests:
        _missing(tables, plan, spec, told, found)
    for alert in plan.alerts:
        _alert(tables, plan, alert, told, found)
    return found


class _Tables:
    """The rows that matter, read at once."""

    def __init__(self, connection: sa.Connection) -> None:
        def rows(table: sa.Table) -> list[Any]:
            return list(connection.execute(sa.select(table)))

        self.digests = {row.id: row for row in rows(digests)}
        self.deliveries = rows(deliveries)
        self.told = rows(digest_stories)
        self.stories = {row.id: row for row in rows(stories)}
        self.steps = {row.id: row for row in rows(developments)}
        self.news: dict[int, list[datetime]] = defaultdict(list)
        for row in connection.execute(sa.select(entries.c.story_id, entries.c.first_seen_at, entries.c.announce)):
            if row.story_id is not None and row.announce:
                self.news[row.story_id].append(row.first_seen_at)


#: (digest name, channel, recipient)
To = tuple[str, str, str]


def _arrivals(
    tables: _Tables, mails: Sequence[tuple[str, EmailMessage]], slack: Sequence[Mapping[str, Any]], found: Findings
) -> None:
    """Each delivery arrived once, with as many stories as it is noted to tell; nothing else arrived."""
    by_id = defaultdict(list)
    for to, mail in mails:
        by_id[to, str(mail["Message-ID"])].append(mail_arrival(mail))
    by_payload = defaultdict(list)
    for payload in slack:
        one = slack_arrival(payload)
        by_payload[one.payload].append(one)
    matched = 0
    for row in tables.deliveries:
        if row.state != "sent":
            found.wrong(f"delivery {row.id} to {row.recipient} is {row.state}: {row.error}")
        is_slack = row.payload is not None and "blocks" in row.payload
        got = by_payload[canonical(row.payload["blocks"])] if is_slack else by_id[row.recipient, row.message_id]
        if len(got) != 1:
            found.wrong(f"delivery {row.id} of digest {row.digest_id} to {row.recipient} arrived {len(got)} times")
            continue
        matched += 1
        if row.story_ids and len(got[0].headlines) != len(row.story_ids):
            found.wrong(f"delivery {row.id} tells {len(got[0].headlines)} stories, not {len(row.story_ids)}")
        titles = [tables.stories[i].title for i in row.story_ids if i in tables.stories]
        found.counts["headlines"] += len(titles)
        if not is_slack:
            kept = {squeezed(h) for h in got[0].headlines}
            # a story's title may have changed since
            found.counts["headlines as they are now"] += sum(
                squeezed(title)[:150] in {k[:150] for k in kept} for title in titles
            )
    if matched != len(mails) + len(slack):
        found.wrong(f"{len(mails) + len(slack) - matched} messages arrived that no delivery stands for")
    found.counts["messages"] = len(mails) + len(slack)


def due_times(spec: DigestSpec, begin: datetime, end: datetime) -> list[datetime]:
    """For `MINUTE HOUR * * DAYS`: on each local day that counts the first minute at or after the time."""
    minute, hour, _, _, days = spec.cron.split()
    at, zone = time(int(hour), int(minute)), ZoneInfo(spec.time_zone)
    names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    low, _, high = days.partition("-")
    wanted = range(7) if days == "*" else range(names.index(low), names.index(high or low) + 1)
    found, day, now = [], None, begin - timedelta(days=1)
    while now <= end:
        local = now.astimezone(zone)
        if local.date() != day and local.time() >= at:
            day = local.date()
            if begin < now and local.weekday() in wanted:
                found.append(now)
        now += MINUTE
    return found


def _due_times(tables: _Tables, plan: Plan, found: Findings) -> None:
    for spec in plan.digests:
        made = Counter(
            row.due_at for row in tables.digests.values() if row.name == spec.name and row.due_at > plan.begin
        )
        due = due_times(spec, plan.begin, plan.end)
        found.counts[f"due times of {spec.name}"] = len(due)
        if made != Counter(due):
            found.wrong(f"{spec.name}: digests at {sorted(made.elements())}, due at {due}")


def _once(tables: _Tables, found: Findings) -> dict[To, dict[int, list[datetime]]]:
    """Who was told what, when; a story again only with a step that was not told before."""
    told: dict[To, dict[int, list[datetime]]] = defaultdict(lambda: defaultdict(list))
    by_digest: dict[tuple[int, str, str], list[int]] = defaultdict(list)
    for row in tables.deliveries:
        by_digest[row.digest_id, row.channel, row.recipient] += row.story_ids
    written: dict[tuple[int, str, str], dict[int, int]] = defaultdict(dict)
    for row in tables.told:
        written[row.digest_id, row.channel, row.recipient][row.story_id] = row.development_id
    highest: dict[tuple[To, int], int] = {}
    for (digest_id, channel, recipient), ids in sorted(by_digest.items(), key=lambda pair: pair[0]):
        digest = tables.digests[digest_id]
        to = (digest.name, channel, recipient)
        twice = [i for i, n in Counter(ids).items() if n > 1]
        if twice:
            found.wrong(f"{digest.key} tells {recipient} twice of {twice}")
        if digest.name != "notice" and set(ids) != set(written[digest_id, channel, recipient]):
            found.wrong(f"{digest.key} to {recipient}: what arrived is not what was noted as told")
        for story_id in dict.fromkeys(ids):
            step = written[digest_id, channel, recipient].get(story_id, 0)
            before = highest.get((to, story_id))
            if before is not None and not any(
                s.story_id == story_id and s.follow_up and before < s.id <= step for s in tables.steps.values()
            ):
                found.wrong(f"{digest.key} tells {recipient} again of story {story_id} with no new step")
            highest[to, story_id] = max(step, before or 0)
            told[to][story_id].append(digest.created_at)
            found.counts["told"] += 1
            found.counts["told again for a step"] += before is not None
    return told


def qualifies(row: Any, selection: Selection) -> bool:
    """The selections that the checks use, evaluated from the row."""
    tags = {*row.tags, *row.topics}
    if row.muted or row.merged_into is not None or not (tags or row.pinned):
        return False
    if selection.tags and tags.isdisjoint(selection.tags):
        return False
    if selection.languages and row.language not in selection.languages:
        return False
    if selection.min_amount is not None and (row.usd is None or row.usd < selection.min_amount):
        return False
    return bool(row.independent >= selection.min_publishers)


def _recipients(plan: Plan, channels: Sequence[str], name: str) -> Iterator[To]:
    for channel in channels:
        for recipient in plan.recipients[channel]:
            yield name, channel, recipient


def _missing(tables: _Tables, plan: Plan, spec: DigestSpec, told: Mapping[To, Any], found: Findings) -> None:
    """Whatever qualifies and had news by the last due time has gone out, and in the first digest that could have it."""
    due = due_times(spec, plan.begin, plan.end)
    if not due:
        return
    for row in tables.stories.values():
        if row.news_at is None or not qualifies(row, spec.selection) or not plan.begin < row.news_at <= due[-1]:
            continue
        found.counts[f"qualifying for {spec.name}"] += 1
        first = min(tables.news[row.id], default=row.news_at)
        could = next(at for at in due if at >= first)
        for to in _recipients(plan, spec.channels, spec.name):
            when = told.get(to, {}).get(row.id)
            if not when:
                found.wrong(
                    f"{spec.name} never told {to[2]} of story {row.id}, news at {row.news_at}: {row.title[:80]}"
                )
            elif min(when) >= could + plan.step:
                # it qualified only later, by a tag, a second publisher, an amount
                found.counts[f"in a later digest of {spec.name} than its first news"] += 1


def _alert(tables: _Tables, plan: Plan, alert: AlertSpec, told: Mapping[To, Any], found: Findings) -> None:
    name = f"alert:{alert.name}"
    started = [row.created_at for row in tables.digests.values() if row.name == name]
    if not started:
        found.wrong(f"{name} never began")
        return
    begin, until = min(started), plan.end - alert.settle - 2 * plan.step
    for row in tables.stories.values():
        first = min(tables.news[row.id], default=None)
        if first is None or not qualifies(row, alert.selection) or not begin < first <= until:
            continue
        if _quiet(alert, until) and first > until - timedelta(hours=12):
            continue
        found.counts[f"qualifying for {name}"] += 1
        for to in _recipients(plan, alert.channels, name):
            if row.id not in told.get(to, {}):
                found.wrong(f"{name} never told {to[2]} of story {row.id}, news since {first}: {row.title[:80]}")
    for to in _recipients(plan, alert.channels, name):
        for story_id, times in told.get(to, {}).items():
            spoke_quietly = [at for at in times if _quiet(alert, at)]
            if spoke_quietly:
                found.wrong(f"{name} spoke to {to[2]} in quiet hours: story {story_id} at {spoke_quietly}")
            if any(b - a < alert.cooldown for a, b in pairwise(times)):
                found.wrong(f"{name} spoke to {to[2]} of story {story_id} within its cooldown")


def _quiet(alert: AlertSpec, at: datetime) -> bool:
    if alert.quiet_hours is None:
        return False
    begin, end = (time.fromisoformat(text) for text in alert.quiet_hours)
    local = at.astimezone(ZoneInfo(alert.time_zone)).time()
    return begin <= local < end if begin < end else not end <= local < begin

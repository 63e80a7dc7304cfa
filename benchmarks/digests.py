"""Days of a served world of feeds, hour by hour: what the archive holds against what readers got.

    python benchmarks/digests.py http://127.0.0.1:8790 FOLDER [--days 10] [--begin 2026-05-01] [--check-only]

The world answers /feeds.yaml and POST /advance?to=TIME. Its clock is moved by the hour and the monitor's is set to it.
Four digests and two alerts go to three readers over SMTP and to a Slack webhook, all on loopback; then the checker of
tests/deliver compares: every due time one digest, each story once for each reader, nothing that qualified missing.
FOLDER keeps the archive, the log and what arrived, so that --check-only can look again.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import pickle
import sys
import time
import urllib.request
from collections import Counter
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from monitor.app import App
from monitor.archive import upgrade
from monitor.config import Config, load_config
from monitor.logs import configure
from tests.channels.servers import Mailbox, Web, smtp_server, web_server
from tests.deliver.checker import Plan, check

READERS = ("ada@reader.test", "bob@reader.test", "cai@reader.test")
HOUR = timedelta(hours=1)
#: alerts settle for five minutes: a second look within the hour
LATER = timedelta(minutes=10)
SETTINGS = """\
settings:
  contact: me@example.com
  fetch: {{allowed_networks: [127.0.0.0/8], allowed_ports: [{world_port}, {slack_port}]}}
digests:
  - name: daily
    title: AI news
    schedule: daily at 08:00
    time_zone: Europe/Berlin
    sections:
      - {{title: Deals, tags: [funding, acquisition]}}
      - {{title: Models, tags: [model-launch]}}
      - {{title: Products, tags: [product-launch]}}
      - {{title: Partnerships, tags: [partnership]}}
    channels: [mail, slack]
  - name: money
    title: Deals over $50 million
    schedule: "30 18 * * *"
    time_zone: America/New_York
    select: {{tags: [funding, acquisition], min_amount: 50M}}
    channels: [mail]
  - name: agreed
    title: What several tell
    schedule: weekdays at 07:15
    time_zone: Asia/Kolkata
    select: {{min_publishers: 2}}
    channels: [mail, slack]
  - name: weekly
    title: The week in AI
    schedule: weekly on monday at 09:00
    time_zone: UTC
    select: {{min_publishers: 2}}
    channels: [mail]
alerts:
  - name: purchases
    select: {{tags: [acquisition]}}
    channels: [mail]
    time_zone: Europe/Berlin
    quiet_hours: {{from: "22:00", to: "07:00"}}
  - name: models
    select: {{tags: [model-launch], min_publishers: 2}}
    channels: [slack]
    time_zone: UTC
channels:
  - name: mail
    kind: email
    from: AI news <monitor@example.com>
    to: {readers}
    host: 127.0.0.1
    port: {mail_port}
    security: none
  - {{name: slack, kind: slack, webhook_url: "${{SLACK_WEBHOOK_URL}}"}}
feeds:
{feeds}
"""


class SetClock:
    """Shows the world's time; waits are real."""

    def __init__(self, now: datetime) -> None:
        self.shown = now

    def now(self) -> datetime:
        return self.shown

    def monotonic(self) -> float:
        return time.monotonic()


def feeds_of(world: str) -> str:
    """The world's list as feeds.yaml has it."""
    with urllib.request.urlopen(f"{world}/feeds.yaml") as answer:
        blocks = answer.read().decode().split("- url: ")[1:]
    rows = []
    for block in blocks:
        url = block.split("\n")[0].strip()
        name = url.rsplit("/", 1)[1].removesuffix(".xml")
        rows.append(f"  - {{id: {name.replace('.', '-')}, url: '{url}', name: {name}, category: press}}")
    return "\n".join(rows)


def advance(world: str, to: datetime) -> None:
    urllib.request.urlopen(urllib.request.Request(f"{world}/advance?to={quote(to.isoformat())}", method="POST")).close()


def configured(folder: Path) -> Config:
    os.environ["MONITOR_HOME"] = str(folder)
    os.environ.setdefault("SLACK_WEBHOOK_URL", "http://127.0.0.1:1/none")
    return load_config(folder / "feeds.yaml", os.environ)


async def drive(world: str, folder: Path, begin: datetime, days: int) -> None:
    """Each hour: poll what is due, understand all, deliver; and once more ten minutes later."""
    async with smtp_server() as box, web_server() as slack:
        os.environ["SLACK_WEBHOOK_URL"] = f"{slack.url}/services/T0/B0/x"
        folder.mkdir(parents=True, exist_ok=True)
        ports = {
            "world_port": world.rsplit(":", 1)[1],
            "slack_port": slack.url.rsplit(":", 1)[1],
            "mail_port": box.port,
        }
        text = SETTINGS.format(**ports, readers=f"[{', '.join(READERS)}]", feeds=feeds_of(world))
        (folder / "feeds.yaml").write_text(text)
        config = configured(folder)
        with (folder / "log.jsonl").open("w") as log:
            configure(config.settings.logs, environ=os.environ, stream=log)
            upgrade(config.settings.database_url)
            clock, spent = SetClock(begin), Counter[str]()
            app = App(config, clock)
            for hour in range(days * 24 + 1):
                if hour:
                    advance(world, begin + hour * HOUR)
                clock.shown = begin + hour * HOUR
                await _timed(spent, "poll", app.poll())
                await _timed(spent, "understand", app.understand_all())
                await _timed(spent, "deliver", app.deliver())
                clock.shown += LATER
                await _timed(spent, "deliver", app.deliver())
                if hour % 12 == 0:
                    keep(folder, box, slack, clock.shown)
                    seconds = ", ".join(f"{name} {value:.0f} s" for name, value in spent.items())
                    print(f"{clock.shown:%d %b %H:%M}: {len(box.accepted)} mails; {seconds}", flush=True)
            keep(folder, box, slack, clock.shown)
            await app.aclose()


async def _timed(spent: Counter[str], name: str, work: Any) -> None:
    began = time.monotonic()
    await work
    spent[name] += time.monotonic() - began  # type: ignore[assignment]


def keep(folder: Path, box: Mailbox, slack: Web, end: datetime) -> None:
    got = {"mails": [(to, mail.as_bytes()) for to, mail in box.accepted], "slack": slack.requests, "end": end}
    (folder / "arrived.pickle").write_bytes(pickle.dumps(got))


def compare(folder: Path, begin: datetime) -> int:
    """Prints what was looked at and every problem; how many there are."""
    config = configured(folder)
    # our own file, written above
    got = pickle.loads((folder / "arrived.pickle").read_bytes())
    plan = Plan(
        digests=config.digests,
        alerts=config.alerts,
        recipients={channel.name: channel.recipients for channel in config.channels},
        begin=begin,
        end=got["end"],
    )
    mails: Any = [(to, message_from_bytes(raw, policy=policy.default)) for to, raw in got["mails"]]
    found = check(config.settings.database_url, plan, mails, got["slack"])
    for name, count in sorted(found.counts.items()):
        print(f"{count:7,} {name}")
    print(f"{len(found.problems)} problems", *found.problems[:50], sep="\n  ")
    return len(found.problems)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("world")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--days", type=int, default=10)
    parser.add_argument("--begin", type=datetime.fromisoformat, default=datetime(2026, 5, 1))
    parser.add_argument("--check-only", action="store_true")
    given = parser.parse_args()
    begin = given.begin.replace(tzinfo=UTC)
    if not given.check_only:
        asyncio.run(drive(given.world.rstrip("/"), given.folder, begin, given.days))
    return 1 if compare(given.folder, begin) else 0


if __name__ == "__main__":
    sys.exit(main())

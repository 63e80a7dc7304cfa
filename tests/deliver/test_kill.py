"""kill -9 in the middle of sending: nothing lost, and twice only what was accepted and not recorded.

On SQLite and on PostgreSQL; ten seeded kills each time, a hundred in `make long`.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
from collections import Counter
from pathlib import Path

import pytest

from monitor.archive import open_archive
from tests.channels.servers import Mailbox, Web, smtp_server, web_server

ROOT = Path(__file__).resolve().parents[2]


def resent(folder: Path) -> Counter[str]:
    """Message-IDs that the log says were under way at a kill, and how often."""
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return Counter(line["message_id"] for line in lines if line["event"] == "delivery uncertain after a stop")


def accepted(box: Mailbox, slack: Web) -> list[tuple[str, str]]:
    """(recipient, Message-ID or digest's title) of all that the receivers took."""
    mails = [(to, str(mail["Message-ID"])) for to, mail in box.accepted]
    return mails + [("slack", r["blocks"][0]["text"]["text"]) for r in slack.requests]


@pytest.mark.parametrize(
    ("kills", "digests"),
    [(10, 12), pytest.param(100, 60, marks=[pytest.mark.long, pytest.mark.timeout(1200)])],
)
@pytest.mark.timeout(180)
def test_killed_while_sending(archive_url: str, tmp_path: Path, kills: int, digests: int) -> None:
    url = archive_url
    dice = random.Random(kills)

    async def child(box: Mailbox, slack: Web) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.deliver.child",
            url,
            str(box.port),
            slack.url,
            str(digests),
            str(tmp_path),
            cwd=ROOT,
        )

    async def run() -> tuple[list[tuple[str, str]], int]:
        async with smtp_server() as box, web_server() as slack:

            async def pause(to: str) -> None:
                # time between acceptance and answer, so that kills fall into it
                await asyncio.sleep(dice.uniform(0, 0.02))

            box.before_answer = pause
            done = 0
            for _ in range(kills):
                process = await child(box, slack)
                enough = len(accepted(box, slack)) + dice.randint(0, 3)
                while process.returncode is None and len(accepted(box, slack)) < enough:
                    await asyncio.sleep(0.002)
                await asyncio.sleep(dice.uniform(0, 0.03))
                if process.returncode is None:
                    process.send_signal(signal.SIGKILL)
                    done += 1
                await process.wait()
            last = await child(box, slack)
            assert await last.wait() == 0
            return accepted(box, slack), done

    got, done = asyncio.run(run())
    counts = Counter(got)
    expected = {(r, f"d{n}") for n in range(digests) for r in ("slack",)}
    assert {key for key in counts if key[0] == "slack"} == expected
    for recipient in ("a", "b", "c"):
        assert sum(1 for to, _ in counts if to == f"{recipient}@reader.test") == digests
    archive = open_archive(url)
    rows = archive.deliveries.list(limit=10_000)
    archive.close()
    assert len(rows) == digests * 4
    assert {row.state.value for row in rows} == {"sent"}
    logged = resent(tmp_path)
    name_of = {row.message_id: row.part.subject.partition(":")[0] for row in rows if row.channel == "slack"}
    may_repeat = Counter({("slack", name_of[i]): n for i, n in logged.items() if i in name_of})
    may_repeat.update({(r.recipient, r.message_id): logged[r.message_id] for r in rows if r.channel == "mail"})
    # whatever came twice was, says the log, under way at a kill; with the same Message-ID, for that is the key here
    assert all(count - 1 <= may_repeat[key] for key, count in counts.items()), (counts, may_repeat)
    # one batch is under way at a kill: four mails and one Slack message at most
    assert sum(counts.values()) - len(counts) <= done * 5
    print(f"{os.linesep}{done} kills, {len(got)} accepted, {sum(counts.values()) - len(counts)} repeats")

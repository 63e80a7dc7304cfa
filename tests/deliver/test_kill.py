"""kill -9 in the middle of sending: nothing lost, and twice only what was accepted and not recorded."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from collections import Counter
from pathlib import Path

import pytest

from monitor.archive import open_archive, upgrade
from tests.channels.servers import Mailbox, Web, smtp_server, web_server

ROOT = Path(__file__).resolve().parents[2]


def accepted(box: Mailbox, slack: Web) -> list[tuple[str, str]]:
    """(recipient, Message-ID or digest's title) of all that the receivers took."""
    mails = [(to, str(mail["Message-ID"])) for to, mail in box.accepted]
    return mails + [("slack", r["blocks"][0]["text"]["text"]) for r in slack.requests]


@pytest.mark.parametrize(
    ("kills", "digests"),
    [(10, 12), pytest.param(100, 60, marks=[pytest.mark.long, pytest.mark.timeout(1200)])],
)
@pytest.mark.timeout(180)
def test_killed_while_sending(tmp_path: Path, kills: int, digests: int) -> None:
    url = f"sqlite:///{tmp_path / 'monitor.db'}"
    upgrade(url)
    dice = random.Random(kills)

    async def child(box: Mailbox, slack: Web) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.deliver.child", url, str(box.port), slack.url, str(digests), cwd=ROOT
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
    again = {row.message_id for row in rows if row.attempts > 1}
    subjects = {row.part.subject.partition(":")[0] for row in rows if row.attempts > 1 and row.channel == "slack"}
    repeated = {key for key, count in counts.items() if count > 1}
    # whatever came twice is known to have been under way at a kill
    assert all(name in (subjects if to == "slack" else again) for to, name in repeated)
    # one batch is under way at a kill: four mails and one Slack message at most
    assert sum(counts.values()) - len(counts) <= done * 5
    print(f"{os.linesep}{done} kills, {len(got)} accepted, {sum(counts.values()) - len(counts)} repeats")

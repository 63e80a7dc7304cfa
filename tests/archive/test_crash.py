"""kill -9 in the middle of writing: nothing half stored, nothing lost that was acknowledged, nothing doubled."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys

import pytest

from monitor.archive import open_archive
from tests.archive.samples import NOW

WRITER = """
import sys
from datetime import timedelta
from monitor.archive import open_archive
from tests.archive.samples import *
from tests.archive.test_deliveries import digest, letter, MAIL

with open_archive(sys.argv[1]) as archive:
    archive.feeds.sync([spec("lab")], NOW)
    turn = int(sys.argv[2])
    while True:
        turn += 1
        drafts = [draft(f"{turn}-{n}") for n in range(20)]
        state = FeedState(feed_id="lab", url="https://x.example", polls=turn)
        ids = archive.feeds.store([outcome(*drafts, state=state)])
        print("stored", turn, *ids, flush=True)
        story = told(f"Story {turn}", entry_count=len(ids), records=(deal(sum_of("5"), party("recipient", "X")),))
        story_id = understood(archive, ids, story)
        print("told", turn, story_id, flush=True)
        due = NOW + timedelta(minutes=turn)
        made = archive.deliveries.create(
            digest(due_at=due), [letter(message_id=f"<{turn}@x>")], NOW, stories_by_recipient={MAIL: [(story_id, 0)]}
        )
        print("due", turn, made, flush=True)
        for delivery in archive.deliveries.claim(NOW):
            archive.deliveries.record(delivery.id, DeliveryState.SENT, NOW)
            print("sent", delivery.message_id, flush=True)
"""


@pytest.mark.parametrize("seed", range(2))
def test_kill_nine(url: str, seed: int) -> None:
    chance = random.Random(seed)
    program = WRITER.replace(
        "from tests.archive.samples import *",
        "from tests.archive.samples import *\nfrom monitor.types import DeliveryState, FeedState",
    )
    said: list[list[str]] = []
    for start in range(5):
        # The moment of the kill is a number of lines and a little more: the same work whatever the machine's speed.
        with subprocess.Popen(
            [sys.executable, "-c", program, url, str(start * 1000)], stdout=subprocess.PIPE, text=True, bufsize=1
        ) as child:
            assert child.stdout is not None
            said += [child.stdout.readline().split() for _ in range(chance.randint(1, 30))]
            for _ in range(chance.randint(0, 20_000)):
                pass
            os.kill(child.pid, signal.SIGKILL)
            said += [line.split() for line in child.stdout.read().splitlines() if line]
            assert child.wait() == -signal.SIGKILL
        _check(url, said)


def _check(url: str, said: list[list[str]]) -> None:
    with open_archive(url) as archive:
        assert archive.keep.check() == []
        batches = [entry for batch in archive.entries.each() for entry, _ in batch]
        names = [entry.title for entry in batches]
        assert len(names) == len(set(names)) and len(names) % 20 == 0, "whole batches, each once"
        ids = {entry.id for entry in batches}
        acknowledged = {int(n) for line in said if line[0] == "stored" for n in line[2:]}
        assert acknowledged <= ids
        pending = {entry.id for entry in archive.entries.pending(100_000)}
        in_story = {entry.id for entry in batches if entry.story_id is not None}
        assert pending | in_story == ids and not pending & in_story
        stories = {int(line[2]) for line in said if line[0] == "told"}
        found = archive.stories.get_many(sorted(stories))
        assert set(found) == stories
        assert all(len(story.records) == 1 and story.entry_count == 20 for story in found.values())
        told = archive.deliveries.already_sent("daily", "a@example.com", "mail", sorted(stories))
        made = [line for line in said if line[0] == "due"]
        assert len(told) >= len(made)
        states = {d.message_id: d.state.value for d in archive.deliveries.list(limit=100_000)}
        assert len(states) == len(archive.deliveries.digests(limit=100_000))
        assert all(states[line[1]] == "sent" for line in said if line[0] == "sent")
        archive.deliveries.recover(NOW)

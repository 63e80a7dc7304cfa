"""A process that sends digests from a real archive and may be killed at any moment. Arguments: database, SMTP port,
Slack URL, number of digests, folder (of its log)."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from monitor.archive import open_archive
from monitor.channels.opening import open_channel
from monitor.deliver import Deliverer
from monitor.planner import DeliverSettings
from monitor.testing import FakeClock, MemoryStories, SilentLog
from monitor.types import ChannelSpec, DeliveryState, Secret
from tests.channels.servers import sessions
from tests.deliver.rig import mail_channel
from tests.digest.fixtures import MONDAY, SPEC, STORIES


class FileLog(SilentLog):
    """Lines that outlive the process."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._file = path.open("a", encoding="utf-8")

    def _say(self, level: str, event: str, **fields: Any) -> None:
        self._file.write(json.dumps({"event": event, **fields}, default=str) + "\n")
        self._file.flush()


async def main(database: str, port: int, slack: str, count: int, folder: Path) -> None:
    archive = open_archive(database)
    clock = FakeClock(MONDAY)
    specs = (
        mail_channel(port, "a@reader.test", "b@reader.test", "c@reader.test"),
        ChannelSpec(name="slack", kind="slack", recipients=("webhook",), secrets={"webhook_url": Secret(slack + "/x")}),
    )

    async def sleep(seconds: float) -> None:
        clock.advance(seconds)

    deliverer = Deliverer(
        digests=[replace(SPEC, name=f"d{n}", title=f"d{n}", channels=("mail", "slack")) for n in range(count)],
        alerts=(),
        channel_specs=specs,
        channels={s.name: open_channel(s, session_factory=sessions, clock=clock, sleep=sleep) for s in specs},
        stories=MemoryStories(STORIES),  # type: ignore[arg-type]  # only what deliverers read
        deliveries=archive.deliveries,
        clock=clock,
        settings=DeliverSettings(digests_folder=folder / "digests"),
        log=FileLog(folder / "log.jsonl"),
        random=lambda: 0.0,
    )
    await deliverer.recover()
    await deliverer.run_due()
    open_states = [s for s in DeliveryState if s is not DeliveryState.SENT]
    while archive.deliveries.list(states=open_states):
        clock.advance(60)
        await deliverer.run_due()
    archive.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4]), Path(sys.argv[5])))

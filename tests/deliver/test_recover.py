"""What was being sent when the program ended is asked for once, and never what others are sending."""

from __future__ import annotations

import asyncio
from pathlib import Path

from monitor.app import App
from monitor.archive import upgrade
from monitor.config import load_config
from monitor.testing import FakeClock
from monitor.types import DeliveryState
from tests.archive.samples import NOW
from tests.archive.test_deliveries import digest, letter


def two_apps(folder: Path) -> tuple[App, App]:
    """Two readings of one feeds.yaml, over one archive."""
    file = folder / "feeds.yaml"
    file.write_text("feeds:\n  - id: a\n    name: A\n    url: https://a.example/feed\n")
    config = load_config(file, {"MONITOR_HOME": str(folder)}, database=f"sqlite:///{folder / 'monitor.db'}")
    upgrade(config.settings.database_url)
    return App(config, FakeClock(NOW)), App(config, FakeClock(NOW))


def under_way(app: App) -> None:
    """Another program is sending something to a folder."""
    drafts = [letter("file", channel="files")]
    assert app.archive.deliveries.create(digest("other"), drafts, NOW, stories_by_recipient={}) is not None
    assert len(app.archive.deliveries.claim(NOW)) == 1


def state_of(app: App) -> DeliveryState:
    [delivery] = app.archive.deliveries.list(digest="other")
    return delivery.state


async def closed(*apps: App) -> None:
    for app in apps:
        await app.aclose()


def test_a_reload_asks_for_nothing_that_others_are_sending(tmp_path: Path) -> None:
    async def run() -> None:
        old, fresh = two_apps(tmp_path)
        await old.deliver()
        under_way(old)
        fresh.follow(old)
        await fresh.deliver()
        assert state_of(fresh) is DeliveryState.SENDING
        await closed(old, fresh)

    asyncio.run(run())


def test_a_start_waits_for_who_sends_by_hand(tmp_path: Path) -> None:
    async def run() -> None:
        hand, daemon = two_apps(tmp_path)
        with hand.by_hand():
            under_way(hand)
            await daemon.deliver()
            assert state_of(daemon) is DeliveryState.SENDING
        await daemon.deliver()
        assert state_of(daemon) is DeliveryState.SENT
        await closed(hand, daemon)

    asyncio.run(run())

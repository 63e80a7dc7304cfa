"""What a round of the daemon says in the log: something happened, or nothing."""

from __future__ import annotations

import asyncio
from pathlib import Path

from monitor.app import App
from monitor.archive import upgrade
from monitor.config import load_config
from monitor.testing import FakeClock
from tests.feeds.server import answer, conditional, item, rss, serving


def _app(folder: Path, clock: FakeClock, **urls: str) -> App:
    file = folder / "feeds.yaml"
    lines = ["settings:", "  fetch:", "    allowed_networks: [127.0.0.0/8]", "feeds:"]
    for name, url in urls.items():
        lines += [f"  - id: {name}", f"    name: {name}", f"    url: {url}"]
    file.write_text("\n".join(lines) + "\n")
    config = load_config(file, {"MONITOR_HOME": str(folder)}, database=f"sqlite:///{folder / 'monitor.db'}")
    upgrade(config.settings.database_url)
    return App(config, clock)


def test_a_round_that_brought_nothing_is_not_told(tmp_path: Path) -> None:
    clock = FakeClock()

    async def main() -> list[str]:
        async with serving(feed=conditional(rss(item(1), item(2)), '"1"')) as server:
            app = _app(tmp_path, clock, f=server.url("/feed"))
            told = []
            try:
                for document in ("1", "1", "1 2"):
                    if document != "1":
                        server.routes["/feed"] = answer(rss(item(3), item(1), item(2)))
                    told.append(await app.collect())
                    clock.advance(86_400.0)
            finally:
                app.stop()
                told.append(await app.collect())
                await app.aclose()
        return told

    first, same, grown, stopped = asyncio.run(main())
    assert first == "polled 1 feeds, 2 new entries"
    assert same == ""
    assert grown == "polled 1 feeds, 1 new entries"
    # after a stop nothing more is asked
    assert stopped == ""


def test_an_outage_is_a_trouble_while_it_lasts(tmp_path: Path) -> None:
    clock = FakeClock()

    async def main() -> None:
        app = _app(tmp_path, clock, f="http://127.0.0.9:1/feed", g="http://127.0.0.8:1/feed")
        words = {"network": f"no feed can be reached since {clock.now():%H:%M} UTC"}
        try:
            assert await app.collect() == "" and dict(app.troubles()) == words
            clock.advance(600.0)
            # since then, and not since now
            assert await app.collect() == "" and dict(app.troubles()) == words
        finally:
            await app.aclose()

    asyncio.run(main())

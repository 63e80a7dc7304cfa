"""A Deliverer over in-memory stores, with a clock that moves when told to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from monitor.channels.opening import open_channel
from monitor.deliver import Deliverer
from monitor.digest.select import why_not
from monitor.planner import DeliverSettings
from monitor.protocols import Channel
from monitor.testing import FakeClock, MemoryDeliveries, MemoryStories, SilentLog
from monitor.types import AlertSpec, ChannelSpec, DigestSpec, FeedTrouble, Receipt, Selection, Story
from tests.channels.servers import sessions
from tests.digest.fixtures import MONDAY


class Keeper:
    """A channel that keeps what it is given; `answers` are raised or returned, one by one."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.got: list[Any] = []
        self.answers: list[Exception | Receipt] = []

    @property
    def name(self) -> str:
        return self._name

    async def send(self, delivery: Any) -> Receipt:
        answer = self.answers.pop(0) if self.answers else Receipt(code=250, words=f"taken {len(self.got) + 1}")
        if isinstance(answer, Exception):
            raise answer
        self.got.append(delivery)
        return answer


class Rig:
    """The parts of a test, by name."""

    #: what remembers deliveries where a test says nothing; see conftest.py
    new_outbox: Callable[[], Any] = MemoryDeliveries

    def __init__(
        self,
        folder: Path,
        *,
        digests: Sequence[DigestSpec] = (),
        alerts: Sequence[AlertSpec] = (),
        channel_specs: Sequence[ChannelSpec] = (),
        channels: Mapping[str, Channel] | None = None,
        stories: Sequence[Story] = (),
        settings: Mapping[str, Any] | None = None,
        trouble: Callable[[], Sequence[FeedTrouble]] = tuple,
        deliveries: Any = None,
        store: Any = None,
    ) -> None:
        self.folder = folder
        self.clock = FakeClock(MONDAY)
        self.stories = store or MemoryStories(stories, keeps=keeps)
        self.deliveries = deliveries or type(self).new_outbox()
        self.log = SilentLog()
        self.slept: list[float] = []
        self._arguments: dict[str, Any] = {
            "digests": digests,
            "alerts": alerts,
            "channel_specs": channel_specs,
            "channels": channels or {},
            "settings": DeliverSettings(digests_folder=folder / "digests", **(settings or {})),
            "trouble": trouble,
        }
        self.deliverer = self.start()

    def start(self) -> Deliverer:
        """A new process over the same stores: what is not in the channels given is opened."""
        arguments = dict(self._arguments)
        opened = {
            spec.name: open_channel(
                spec,
                session_factory=sessions,
                clock=self.clock,
                sleep=self._sleep,
                base_url=arguments["settings"].base_url,
                unsubscribe_key=arguments["settings"].unsubscribe_key,
            )
            for spec in arguments["channel_specs"]
            if spec.name not in arguments["channels"]
        }
        arguments["channels"] = {**opened, **arguments["channels"]}
        self.deliverer = Deliverer(
            **arguments,
            stories=self.stories,  # type: ignore[arg-type]  # only what deliverers read
            deliveries=self.deliveries,
            clock=self.clock,
            log=self.log,
            random=lambda: 0.5,
        )
        return self.deliverer

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.clock.advance(seconds)


def keeps(story: Story, selection: Selection) -> bool:
    return why_not(story, selection) is None


def mail_channel(port: int, *to: str, name: str = "mail", **options: Any) -> ChannelSpec:
    known = {
        "host": "127.0.0.1",
        "port": port,
        "security": "none",
        "sender": "AI news <news@monitor.test>",
        "timeout": 5.0,
    }
    secrets = options.pop("secrets", {})
    return ChannelSpec(
        name=name, kind="email", recipients=to or ("ada@reader.test",), options={**known, **options}, secrets=secrets
    )

"""Turns at hosts: one at a time, a gap between them, and pauses, in a clock of its own."""

from __future__ import annotations

import asyncio
import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.feeds.hosts import HostGates, Spacing
from monitor.testing import FakeClock
from tests.collect import virtual

times = st.floats(0, 1e6)


@given(st.floats(0, 60), st.lists(st.tuples(st.sampled_from("abc"), times), max_size=20), times)
def test_a_wait_ends_a_gap_after_the_last_request_and_not_later(
    gap: float, ended: list[tuple[str, float]], now: float
) -> None:
    spacing = Spacing(gap)
    last: dict[str, float] = {}
    for host, at in sorted(ended, key=lambda row: row[1]):
        spacing.ended(host, at)
        last[host] = at
    for host in "abcd":
        wait = spacing.wait(host, now)
        assert wait == (max(0.0, last[host] + gap - now) if host in last else 0.0)


def test_idle_hosts_are_forgotten_but_never_within_their_gap() -> None:
    spacing = Spacing(10_000.0)
    spacing.ended("slow", 0.0)
    spacing.forget(5000.0)
    assert spacing.wait("slow", 5000.0) == 5000.0
    spacing.forget(10_001.0)
    assert len(spacing) == 0


@pytest.mark.parametrize("seed", range(5))
def test_one_at_a_time_and_a_gap_whatever_happens(seed: int) -> None:
    rng, clock = random.Random(seed), FakeClock()
    gates = HostGates(2.0, clock)
    seen: dict[str, list[tuple[float, float]]] = {host: [] for host in "abc"}

    async def ask(host: str, begin: float, takes: float) -> None:
        await asyncio.sleep(begin)
        async with gates.turn(host):
            at = clock.monotonic()
            try:
                await asyncio.sleep(takes)
                if takes > 4:
                    raise OSError("it broke")
            finally:
                seen[host].append((at, clock.monotonic()))

    async def tidy() -> None:
        while True:
            await asyncio.sleep(rng.uniform(0, 5))
            gates.tidy()

    async def main() -> None:
        tasks = [asyncio.create_task(ask(rng.choice("abc"), rng.uniform(0, 60), rng.uniform(0, 5))) for _ in range(60)]
        tidying = asyncio.create_task(tidy())
        await asyncio.sleep(40)
        for task in rng.sample(tasks, 15):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        tidying.cancel()

    virtual.run(clock, main())
    assert sum(len(turns) for turns in seen.values()) > 40
    for turns in seen.values():
        for (_, ended), (begun, _) in pairwise(turns):
            assert begun - ended >= 2.0 - 1e-6  # of a float


def test_turns_are_first_come_first_served_and_hosts_do_not_wait_for_each_other() -> None:
    clock = FakeClock()
    gates = HostGates(2.0, clock)
    order: list[tuple[str, float]] = []

    async def ask(name: str, host: str) -> None:
        async with gates.turn(host):
            order.append((name, clock.monotonic() - 1000.0))
            await asyncio.sleep(1)

    async def main() -> None:
        await asyncio.gather(ask("a1", "a"), ask("a2", "a"), ask("b1", "b"), ask("a3", "a"))
        begun = clock.monotonic()
        await gates.ready("a")
        assert clock.monotonic() - begun == pytest.approx(2.0)
        await gates.ready("nobody")
        assert clock.monotonic() - begun == pytest.approx(2.0)

    virtual.run(clock, main())
    assert order == [("a1", 0.0), ("b1", 0.0), ("a2", 3.0), ("a3", 6.0)]


def test_pauses_end_and_the_newest_word_holds() -> None:
    clock = FakeClock()
    gates = HostGates(0.0, clock)
    assert gates.paused("a") == 0
    gates.pause("a", 100.0)
    clock.advance(40)
    assert gates.paused("a") == 60
    gates.pause("a", 10.0)
    gates.tidy()
    assert gates.paused("a") == 10
    clock.advance(10)
    gates.tidy()
    assert gates.paused("a") == 0

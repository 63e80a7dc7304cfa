"""When the next poll is, and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import FetchError, ParseError
from monitor.feeds import schedule
from monitor.feeds.schedule import Read, Same
from monitor.feeds.settings import CollectSettings
from monitor.testing import MONDAY
from monitor.types import FeedSpec, FeedState, Fetched, NotModified

SETTINGS = CollectSettings()
SPEC = FeedSpec(id="f", url="https://news.example/feed", name="News")
STATE = FeedState(feed_id="f", url=SPEC.url, baseline_at=MONDAY, interval=1800, new_entry_at=MONDAY, rhythm=7200.0)
DOCUMENT = Fetched(url=SPEC.url, status=200, body=b"x", etag='"1"', wire_bytes=10)
anything = st.floats(0, 1e12)


def wait(state: FeedState) -> float:
    assert state.next_poll_at is not None
    return (state.next_poll_at - MONDAY).total_seconds()


def read(state: FeedState = STATE, *, age: float | None = None, **met: object) -> FeedState:
    given = {"fetched": replace(DOCUMENT, max_age=age), "body_hash": "h", "new": 0, "known": 30, "newest": MONDAY} | met
    return schedule.after_read(state, Read(**given), SPEC, MONDAY, SETTINGS, 0.0)  # type: ignore[arg-type]


def test_the_interval_follows_the_overlap() -> None:
    assert wait(read(new=0, known=30)) > 1800
    assert wait(read(new=15, known=15)) == 1800
    assert wait(read(new=25, known=5)) == 900
    gap = read(new=30, known=0, gap=True)
    assert wait(gap) == 900 and gap.gaps == 1 and gap.gap_at == MONDAY


@given(anything, anything, st.integers(0, 50), st.integers(0, 50), st.floats(0, 1), st.one_of(st.none(), anything))
def test_never_too_soon_never_too_late(
    ttl: float, age: float, new: int, known: int, jitter: float, rhythm: float | None
) -> None:
    met = Read(
        fetched=replace(DOCUMENT, max_age=age),
        body_hash="h",
        new=new,
        known=known,
        ttl=ttl,
        rhythm=rhythm,
        newest=MONDAY,
    )
    for state in (STATE, replace(STATE, baseline_at=None, interval=1e9)):
        found = schedule.after_read(state, met, SPEC, MONDAY, SETTINGS, jitter)
        assert 300 <= wait(found) <= 86_400 * 1.1
        assert wait(found) >= min(max(ttl, age), 86_400)
        same = schedule.after_same(
            found, Same(answer=NotModified(url="u", max_age=age)), SPEC, MONDAY, SETTINGS, jitter
        )
        assert 300 <= wait(same) <= 86_400 * 1.1 and wait(same) >= min(age, 86_400)


def test_failures_back_off_to_a_day_and_never_give_up() -> None:
    state, waits = STATE, []
    for _ in range(40):
        state = schedule.after_failure(state, ParseError("x", kind="html"), SPEC, MONDAY, SETTINGS, 0.0)
        waits.append(wait(state))
    assert waits == sorted(waits) and waits[0] < 3600 and waits[-1] == 86_400 and state.failed == 40
    well = read(state)
    assert well.failures == 0 and well.error is None


def test_throttling_is_no_failure_and_waits_as_asked() -> None:
    for asked, least in [(0.0, 300), (120.0, 300), (7200.0, 7200), (31_536_000.0, 86_400), (None, 3600)]:
        error = FetchError("429", status=429, retry_after=asked, host_throttled=True, kind="throttled")
        slow = schedule.after_throttle(STATE, error, SPEC, MONDAY, SETTINGS, 0.0)
        assert wait(slow) == least and slow.failures == 0 and slow.failed == 0
    again = schedule.after_throttle(
        replace(slow, polled_at=MONDAY, error_kind="throttled"), error, SPEC, MONDAY, SETTINGS, 0.0
    )
    assert wait(again) == 7200


def test_redirects_outages_silence_and_full_gets() -> None:
    state = STATE
    for n in range(3):
        state, words = schedule.learned(state, "https://new.example/feed", SETTINGS)
        assert (words is not None) == (n == 2)
    assert state.url == "https://new.example/feed"
    assert schedule.learned(replace(STATE, redirect_url="x", redirect_count=2), None, SETTINGS)[0].redirect_count == 0
    for kind, least in (("dns", SETTINGS.outage_retry), ("timeout", SETTINGS.min_interval)):
        down = schedule.after_outage(STATE, FetchError("x", kind=kind), SPEC, MONDAY, SETTINGS, 0.0)
        assert down.failures == 0 and wait(down) == least
    assert schedule.silent_since(STATE, MONDAY + timedelta(days=6)) is None
    assert schedule.silent_since(STATE, MONDAY + timedelta(days=8)) is not None
    asked = replace(STATE, etag='"1"', full_get_at=MONDAY)
    assert not schedule.wants_full_get(asked, MONDAY + timedelta(hours=23), SETTINGS)
    assert schedule.wants_full_get(asked, MONDAY + timedelta(hours=25), SETTINGS)


def test_a_cut_document_leaves_no_validators() -> None:
    cut = read(truncated=True, new=3)
    assert cut.etag is None and cut.body_hash is None and wait(cut) == 300


def test_a_feed_that_is_always_cut_is_asked_no_oftener_than_it_asks_for_and_follows_its_interval() -> None:
    whole = read()
    assert wait(read(whole, truncated=True)) == 300
    assert wait(read(whole, truncated=True, age=21_600.0)) == 21_600
    assert wait(read(whole, truncated=True, ttl=900.0)) == 900
    again = read(read(whole, truncated=True), truncated=True)
    assert wait(again) == again.interval > 1800


def test_a_feed_begins_with_a_whole_document_or_the_third_that_was_cut() -> None:
    new = FeedState(feed_id="f", url=SPEC.url)
    once = read(new, truncated=True, new=1, known=0)
    assert once.baseline_at is None and once.entries == 1
    assert read(once, new=39, known=1).baseline_at == MONDAY
    twice = read(once, truncated=True, known=1)
    assert twice.baseline_at is None
    failed = schedule.after_failure(twice, ParseError("x", kind="html"), SPEC, MONDAY, SETTINGS, 0.0)
    for state in (twice, failed):
        assert read(state, truncated=True, known=1).baseline_at == MONDAY
    assert read(new).baseline_at == MONDAY


def test_an_entry_of_the_future_does_not_hide_that_a_feed_is_silent() -> None:
    ahead = replace(STATE, new_entry_at=MONDAY + timedelta(days=1300))
    assert read(ahead, newest=MONDAY - timedelta(days=60)).silent_since == MONDAY
    # where the document never changes, silence counts from now
    same = Same(answer=NotModified(url=SPEC.url))
    found = schedule.after_same(ahead, same, SPEC, MONDAY, SETTINGS, 0.0)
    assert found.new_entry_at == MONDAY and found.silent_since is None
    later = schedule.after_same(found, same, SPEC, MONDAY + timedelta(days=8), SETTINGS, 0.0)
    assert later.silent_since is not None


def test_a_learned_address_that_refuses_for_days_is_given_up_with_its_validators() -> None:
    learned = replace(STATE, url="https://new.example/feed", etag='"n"', last_modified="Mon", body_hash="h")
    refused = FetchError("403", status=403, host_throttled=True, kind="throttled")
    state, now, polls = learned, MONDAY, 0
    while state.url != SPEC.url and polls < 20:
        state = schedule.after_throttle(state, refused, SPEC, now, SETTINGS, 0.0)
        assert state.next_poll_at is not None
        now, polls = state.next_poll_at, polls + 1
    assert polls == 4 and now - MONDAY < timedelta(days=3)
    missing = FetchError("404", status=404, kind="http")
    gone = learned
    for _ in range(3):
        gone = schedule.after_failure(gone, missing, SPEC, MONDAY, SETTINGS, 0.0)
    for found in (state, gone):
        assert (found.url, found.etag, found.last_modified, found.body_hash) == (SPEC.url, None, None, None)
        assert "back to the one in feeds.yaml" in found.next_poll_why
    # one wish for a long pause is no refusal, and what feeds.yaml says is never given up
    wish = FetchError("429", status=429, retry_after=1e9, host_throttled=True, kind="throttled")
    assert schedule.after_throttle(learned, wish, SPEC, MONDAY, SETTINGS, 0.0).url == learned.url
    own = replace(STATE, etag='"1"', error_kind="throttled")
    assert schedule.after_throttle(own, wish, SPEC, MONDAY, SETTINGS, 0.0).etag == '"1"'

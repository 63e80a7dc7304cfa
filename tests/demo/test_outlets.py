"""The sample feeds are feeds: a stranger's reader reads each whole, and sees only what has been published."""

from __future__ import annotations

import io
import json
import urllib.error
import urllib.request
from datetime import UTC, datetime

import feedparser
import pytest

from monitor.demo.outlets import Outlet, read_outlets
from monitor.demo.server import DemoServer

EVENING = datetime(2024, 2, 26, 20, 0, tzinfo=UTC)
MORNING = datetime(2024, 2, 26, 7, 0, tzinfo=UTC)
OUTLETS = {outlet.id: outlet for outlet in read_outlets()}


def titles_in(outlet: Outlet, now: datetime) -> list[str]:
    document = outlet.document(now)
    if outlet.form == "json":
        return [item["title"] for item in json.loads(document)["items"]]
    read = feedparser.parse(io.BytesIO(document))
    assert not read.bozo, read.bozo_exception
    return [entry.title for entry in read.entries]


@pytest.mark.parametrize("name", OUTLETS)
def test_a_feed_holds_what_was_published_newest_first(name: str) -> None:
    outlet = OUTLETS[name]
    newest_first = sorted(outlet.tellings, key=lambda t: t.at, reverse=True)
    assert titles_in(outlet, EVENING) == [t.title for t in newest_first if t.at <= EVENING]
    assert titles_in(outlet, MORNING) == [t.title for t in newest_first if t.at <= MORNING]


def test_each_outlet_has_something_before_the_day_so_that_its_first_poll_is_no_news() -> None:
    assert all(any(t.at < MORNING for t in outlet.tellings) for outlet in OUTLETS.values())


def test_six_outlets_in_three_languages_tell_of_mistral_in_words_of_their_own() -> None:
    telling = [o for o in OUTLETS.values() if not o.aggregator and any("Mistral" in t.title for t in o.tellings)]
    assert len(telling) >= 6
    assert {o.language for o in telling} == {"en", "fr", "de"}
    words = [t.title for o in telling for t in o.tellings if "Mistral" in t.title]
    assert len(set(words)) == len(words)


def test_an_unchanged_feed_answers_304_and_a_changed_one_200() -> None:
    now = MORNING
    outlet = OUTLETS["ledger-wire"]
    with DemoServer([outlet], lambda: now) as server:
        url = server.urls[outlet.id]
        with urllib.request.urlopen(url) as answer:
            tag = answer.headers["ETag"]
        again = urllib.request.Request(url, headers={"If-None-Match": tag})
        with pytest.raises(urllib.error.HTTPError) as not_modified:
            urllib.request.urlopen(again)
        assert not_modified.value.code == 304
        not_modified.value.close()
        now = EVENING
        with urllib.request.urlopen(again) as answer:
            assert answer.status == 200
            assert answer.headers["ETag"] != tag

"""Commands that ask and change an archive, on SQLite and on PostgreSQL, for people and for programs."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path

import pytest

from monitor.archive import open_archive
from monitor.locks import InstanceLock
from monitor.paths import ensure_state_folder, state_folder
from monitor.types import Role, Span
from tests.archive.samples import NOW, draft, labelled, stored, told, update
from tests.cli.conftest import MINE, Call, World


def test_search_finds_a_story_once_and_says_when_nothing_matched(call: Call, world: World) -> None:
    found = call("search", "halden", "--json")
    assert found.code == 0
    (hit,) = found.json
    assert hit["story_id"] == world.funding
    assert hit["usd"] == 120_000_000
    assert hit["tags"] == ["funding"]
    assert hit["published_at"] == "2026-03-02T09:00:00+00:00"
    assert len(call("search", "halden", "--entries", "--json").json) == 2
    table = call("search", "halden")
    assert "$120M" in table.out
    assert table.out.count("\n") == 2
    nothing = call("search", "unheard-of", "--json")
    assert (nothing.code, nothing.json) == (1, [])
    assert call("search", "unheard-of").err == "nothing matched\n"


def test_search_takes_filters_as_options_and_in_words(call: Call, world: World) -> None:
    assert [h["story_id"] for h in call("search", "--tag", "model-launch", "--json").json] == [world.launch]
    assert [h["story_id"] for h in call("search", "tag:acquisition", "--json").json] == [world.purchase]
    assert [h["story_id"] for h in call("search", "--company", "Halden", "--json").json] == [world.funding]
    assert [h["story_id"] for h in call("search", "--min-amount", "100m", "--json").json] == [world.funding]
    assert call("search", "halden", "--until", "2026-02", "--json").json == []
    assert len(call("search", "halden", "--since", "2d", "--json").json) == 1
    assert call("search", "halden", "--sort", "size").code == 2
    assert call("search", "since:nonsense").code == 2
    rows = list(csv.DictReader(io.StringIO(call("search", "halden", "--csv").out)))
    assert [row["story_id"] for row in rows] == [str(world.funding)]


def test_deals_are_listed_filtered_and_summed(call: Call, world: World) -> None:
    everything = call("deals", "--json").json
    assert {d["story_id"] for d in everything} == {world.funding, world.purchase}
    (deal,) = call("deals", "--type", "funding", "--json").json
    assert deal["recipients"] == ["Halden"]
    assert deal["investors"] == ["Northgate"]
    assert (deal["usd"], deal["amount"], deal["currency"], deal["round"]) == (
        120_000_000,
        120_000_000,
        "USD",
        "Series B",
    )
    assert {"$120 million"} == {e["quote"] for f in deal["facts"] if f["field"] == "amount" for e in f["evidence"]}
    assert call("deals", "--investor", "northgate", "--json").json[0]["story_id"] == world.funding
    assert call("deals", "--company", "Nobody at all").code == 1
    (total,) = call("deals", "--sum", "--json").json
    assert (total["count"], total["usd"], total["with_amount"]) == (2, 120_000_000, 1)
    by_type = {t["key"]: t["count"] for t in call("deals", "--by", "type", "--json").json}
    assert by_type == {"funding": 1, "acquisition": 1}
    assert call("deals", "--by", "colour").code == 2
    table = call("deals").out
    assert "Corvid → Tessera" in table
    assert "$120M" in table


def test_launches_are_listed(call: Call, world: World) -> None:
    (launch,) = call("launches", "--developer", "Aurelia", "--json").json
    assert (launch["names"], launch["developers"], launch["story_id"]) == (["Aurelia 2"], ["Aurelia"], world.launch)
    assert "Aurelia 2" in call("launches").out
    assert call("launches", "--type", "funding").code == 2


def test_show_prints_facts_with_their_evidence_and_entries(call: Call, world: World) -> None:
    shown = call("show", str(world.funding)).out
    for words in (
        "Halden raises $120 million",
        "$120M",
        "“$120 million”",
        "Series B",
        "Robot maker Halden",
        "2 entries",
    ):
        assert words in shown
    story = call("show", str(world.funding), "--json").json
    assert [e["id"] for e in story["entries"]] == list(world.entries[:2])
    assert story["records"][0]["facts"][0]["evidence"][0]["quote"] == "Halden"
    assert "in-talks: Corvid in talks" in call("show", str(world.purchase)).out
    missing = call("show", "4711")
    assert missing.code == 66
    assert missing.err == "monitor: there is no story 4711: `monitor search` shows the numbers of stories\n"


def test_explain_says_why_by_number_and_by_link(call: Call, world: World) -> None:
    told = call("explain", str(world.funding)).out
    for words in ("funding", "0.90 yes", "matched: begins", "cosine 0.25", "not in daily: it qualifies"):
        assert words in told
    by_link = call("explain", "http://www.lab.example/a?utm_source=x", "--json").json
    assert by_link["story"]["id"] == world.funding
    assert [e["id"] for e in by_link["entries"]] == [world.entries[0]]
    (why,) = call("explain", str(world.purchase), "--json").json["story"]["not_sent"]
    assert "nothing of it is news" in why["why"]
    lone = call("explain", "https://wire.example/e").out
    assert "in no story" in lone
    assert call("explain", "https://elsewhere.example/").code == 66


def test_stories_are_merged_split_pinned_and_muted_by_hand(call: Call, world: World) -> None:
    assert call("stories", "merge", str(world.funding), str(world.launch)).code == 0
    assert len(call("show", str(world.funding), "--json").json["entries"]) == 3
    assert call("show", str(world.launch), "--json").json["id"] == world.funding
    assert call("stories", "split", str(world.funding), str(world.entries[2])).code == 0
    assert len(call("show", str(world.funding), "--json").json["entries"]) == 2
    call("stories", "pin", str(world.funding))
    call("stories", "mute", str(world.funding))
    story = call("show", str(world.funding), "--json").json
    assert story["pinned"]
    assert story["muted"]
    call("stories", "mute", str(world.funding), "--off")
    assert not call("show", str(world.funding), "--json").json["muted"]
    assert call("stories", "merge", str(world.funding), str(world.funding)).code == 2
    assert call("stories", "pin", "4711").code == 66


def test_a_search_shows_a_story_under_the_title_that_digests_and_the_ledger_give_it(call: Call, world: World) -> None:
    """`lands` stands only in the second entry."""
    (hit,) = call("search", "lands", "--json").json
    (deal,) = call("deals", "--type", "funding", "--json").json
    assert hit["title"] == deal["title"] == call("show", str(world.funding), "--json").json["title"]
    assert hit["entry_title"] == "Robot maker Halden lands $120M"
    assert hit["title"] in call("search", "lands").out
    (entry,) = call("search", "lands", "--entries", "--json").json
    assert entry["title"] == entry["entry_title"] == "Robot maker Halden lands $120M"


def test_companies_that_nothing_names_are_listed_only_when_asked_for(call: Call, world: World, url: str) -> None:
    with open_archive(url) as archive:
        archive.entities.describe([("Quillon", "lab", None, []), ("Quarry Fund", "investor", None, [])])
    named = ["Aurelia", "Corvid", "Halden", "Northgate"]
    assert sorted(row["name"] for row in call("companies", "list", "--json").json) == named
    assert "Quillon" not in call("companies", "list").out
    everything = call("companies", "list", "--all", "--json").json
    assert sorted(row["name"] for row in everything) == sorted([*named, "Quillon", "Quarry Fund"])
    assert [row["deals"] + row["launches"] for row in everything][-2:] == [0, 0], "those with most come first"
    assert [r["name"] for r in call("companies", "list", "Q", "--kind", "LAB", "--all", "--json").json] == ["Quillon"]
    nothing = call("companies", "list", "Qui")
    assert (nothing.code, nothing.out) == (1, "")
    assert nothing.err == "no entity matched; --all also shows what is known and no deal or launch names\n"
    assert call("companies", "list", "--limit", "2").err == "the first 2; --limit shows more\n"


def test_companies_are_listed_shown_named_and_merged(call: Call, world: World) -> None:
    names = {row["name"] for row in call("companies", "list", "--json").json}
    assert {"Halden", "Northgate", "Aurelia", "Corvid"} <= names
    page = call("companies", "show", "halden").out
    assert "Northgate" in page
    assert "$120M" in page
    assert call("companies", "alias", "Halden", "Halden Robotics").code == 0
    assert call("companies", "show", "Halden Robotics", "--json").json["name"] == "Halden"
    assert call("companies", "merge", "Northgate", "Corvid").code == 0
    assert call("companies", "show", "Corvid", "--json").json["name"] == "Northgate"
    assert call("companies", "show", "Nobody at all").code == 66


def test_the_database_is_counted_checked_and_copied(call: Call, world: World, request: pytest.FixtureRequest) -> None:
    assert call("db", "stats", "--json").json["stories"] == 3
    assert "entries" in call("db", "stats").out
    assert call("db", "check").code == 0
    assert call("db", "upgrade").out.rstrip().endswith("as before")
    pruned = call("db", "prune", "--older-than", "2026-03-03")
    assert pruned.code == 0
    assert call("db", "stats", "--json").json["entries"] == 0
    assert call("db", "prune").code == 2


def test_an_outbox_and_digests_of_nothing(call: Call, world: World) -> None:
    assert call("outbox", "list", "--json").json == []
    assert call("digest", "list", "--json").json == []
    assert call("outbox", "list", "--state", "lost").code == 2
    assert call("outbox", "retry", "7").code == 66
    assert call("digest", "preview", "weekly").code == 66


def test_who_has_unsubscribed(call: Call, world: World) -> None:
    assert call("channels", "unsubscribed", "--json").json == []
    assert "nobody" in call("channels", "unsubscribed").err
    assert call("channels", "unsubscribe", "Ada <Ada@reader.test>", "C042").code == 0
    assert [row["recipient"] for row in call("channels", "unsubscribed", "--json").json] == ["ada@reader.test", "c042"]
    assert call("channels", "allow", "ADA@reader.test").code == 0
    assert call("channels", "allow", "ada@reader.test").code == 66
    assert [row["recipient"] for row in call("channels", "unsubscribed", "--json").json] == ["c042"]


def test_facts_of_merged_and_split_stories_are_read_anew(call: Call, url: str) -> None:
    """Each of two stories has a deal: the one that goes over is not lost, and a split takes its own along."""
    drafts = [
        draft("a", "lab", title="Halden raises $120 million from Northgate"),
        draft("b", "wire", title="Halden raises $120 million from Southgate"),
    ]
    homes = []
    with open_archive(url) as archive:
        ids = stored(archive, *drafts)
        for number, its in zip(ids, drafts, strict=True):
            parts = ((Role.RECIPIENT, "Halden"), (Role.AMOUNT, "$120 million"), (Role.INVESTOR, its.title.split()[-1]))
            spans = [(role, text, its.title.index(text)) for role, text in parts]
            read = labelled(
                vector=b"",
                spans=tuple(Span(role=r, text=t, field="title", start=at, end=at + len(t)) for r, t, at in spans),
            )
            story = update([number], told(its.title))
            homes += archive.stories.apply({number: read}, {}, [story], NOW)
    assert call("stories", "merge", str(homes[0]), str(homes[1])).code == 0
    assert [d["investors"] for d in call("deals", "--json").json] == [["Northgate", "Southgate"]]
    assert call("stories", "split", str(homes[0]), str(ids[1])).code == 0
    assert sorted(d["investors"] for d in call("deals", "--json").json) == [["Northgate"], ["Southgate"]]


def test_matching_anew_and_reading_anew_leave_a_running_daemon_alone(call: Call, world: World) -> None:
    lock = InstanceLock(ensure_state_folder(state_folder(os.environ)))
    lock.acquire(NOW)
    try:
        for command in (("stories", "rebuild"), ("reclassify",)):
            done = call(*command)
            assert done.code == 75
            assert "already running" in done.err
    finally:
        lock.release()


def test_explain_names_the_thresholds_of_the_model_that_read(call: Call, world: World, mine: Path) -> None:
    """The archive's entries were read by a model that is no longer in use: today's thresholds say nothing of them."""
    told = call("explain", str(world.funding), "--json").json
    assert set(told["thresholds"]) >= {"funding", "acquisition"}
    assert {row["threshold"] for entry in told["entries"] for row in entry["tags"]} == {None}
    other = "0123456789abcdef0123456789abcdef01234567"
    mine.write_text(f"{MINE}classifier: {{model: someone/tags, revision: {other}}}\n")
    assert {row["tag"] for row in call("explain", str(world.funding), "--json").json["thresholds"].values()} == {0.5}
    mine.write_text(MINE.replace("settings:", "settings:\n  classify: {model: /nowhere/at/all}"))
    assert "/nowhere/at/all" in call("explain", str(world.funding)).out.replace("\n", "")

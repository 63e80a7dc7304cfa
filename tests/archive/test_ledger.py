from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from monitor.archive import Archive
from monitor.archive.ledger import LedgerFilter
from monitor.errors import NotFound, UsageError
from monitor.types import Fact, LedgerRecord, Status
from tests.archive.samples import NOW, deal, draft, party, quoted, stored, sum_of, told, understood


def _told(archive: Archive, name: str, record: LedgerRecord, feed: str = "lab") -> int:
    [entry_id] = stored(archive, draft(name, feed))
    story = told(
        name,
        records=(record,),
        tags=(record.kind,),
        companies=tuple(f.value for f in record.facts if f.entity_id is not None),
        publishers=((f"{feed}.example", feed, None),),
    )
    return understood(archive, [entry_id], story)


@pytest.fixture
def ledger(archive: Archive) -> Archive:
    """Five deals and two launches of 2024 to 2026."""
    microsoft, mistral, openai, fund, copilot = archive.entities.ensure_entities(
        [
            ("Microsoft", "company"),
            ("Mistral AI", "company"),
            ("OpenAI", "company"),
            ("Some Fund", "investor"),
            ("Copilot", "product"),
        ]
    )
    archive.entities.describe(
        [("Copilot", "product", "Microsoft", []), ("Mistral AI", "company", None, [("Mistral", False)])]
    )
    year = lambda y, m=1: datetime(y, m, 15, tzinfo=UTC)  # noqa: E731
    to_mistral = party("recipient", "Mistral AI", mistral)
    from_microsoft, from_fund = party("investor", "Microsoft", microsoft), party("investor", "Some Fund", fund)
    _told(
        archive,
        "d2024",
        deal(sum_of("16000000"), to_mistral, from_microsoft, Fact(field="round", value="Series A"), at=year(2024, 2)),
    )
    _told(
        archive,
        "d2025",
        deal(sum_of("600000000"), to_mistral, from_fund, Fact(field="round", value="series-b"), at=year(2025, 6)),
    )
    _told(
        archive,
        "p2025",
        deal(
            party("partner", "Microsoft", microsoft),
            party("partner", "OpenAI", openai),
            kind="partnership",
            at=year(2025, 7),
        ),
        "press",
    )
    _told(
        archive,
        "a2026",
        deal(
            party("acquirer", "OpenAI", openai),
            sum_of("1000", "EUR"),
            kind="acquisition",
            at=year(2026),
            status=Status.RUMOURED,
        ),
    )
    _told(
        archive,
        "c2026",
        deal(
            party("partner", "Copilot", copilot),
            party("partner", "Copilot", copilot),
            kind="partnership",
            at=year(2026, 2),
        ),
    )
    model = Fact(field="model", value="Mistral Huge 3")
    _told(
        archive, "l2025", deal(party("developer", "Mistral AI", mistral), model, kind="model-launch", at=year(2025, 3))
    )
    _told(archive, "l2026", deal(party("developer", "OpenAI", openai), kind="product-launch", at=year(2026, 1)))
    return archive


def _titles(archive: Archive, **wanted: object) -> list[str]:
    return [line.title for line in archive.ledger.deals(LedgerFilter(**wanted))]  # type: ignore[arg-type]


def test_deals_and_launches_newest_first(ledger: Archive) -> None:
    assert _titles(ledger) == ["c2026", "a2026", "p2025", "d2025", "d2024"]
    assert [line.title for line in ledger.ledger.launches()] == ["l2026", "l2025"]
    assert [line.title for line in ledger.ledger.deals(sort="oldest", limit=2)] == ["d2024", "d2025"]
    assert [line.title for line in ledger.ledger.deals(sort="amount", limit=3)] == ["d2025", "d2024", "c2026"]


def test_each_filter(ledger: Archive) -> None:
    assert _titles(ledger, types=("acquisition",)) == ["a2026"]
    assert _titles(ledger, statuses=("rumoured",)) == ["a2026"]
    assert _titles(ledger, rounds=("Series B",)) == ["d2025"]
    assert _titles(ledger, investors=("microsoft",)) == ["d2024"]
    assert _titles(ledger, companies=("mistral",)) == ["d2025", "d2024"]
    assert _titles(ledger, companies=("Microsoft",)) == ["c2026", "p2025", "d2024"]
    assert _titles(ledger, companies=("OpenAI",), investors=("Microsoft",)) == []
    assert _titles(ledger, companies=("Nobody Inc",)) == []
    assert _titles(ledger, publishers=("press.example",)) == ["p2025"]
    assert _titles(ledger, since=datetime(2025, 7, 15, tzinfo=UTC)) == ["c2026", "a2026", "p2025"]
    assert _titles(ledger, companies=("Microsoft",), until=datetime(2024, 12, 31, tzinfo=UTC)) == ["d2024"]
    assert _titles(ledger, min_amount=Decimal(16_000_000)) == ["d2025", "d2024"]
    assert _titles(ledger, max_amount=Decimal(16_000_000)) == ["d2024"]
    assert [line.title for line in ledger.ledger.launches(LedgerFilter(developers=("Mistral",)))] == ["l2025"]


def test_a_line_shows_the_leading_values(ledger: Archive) -> None:
    [line] = ledger.ledger.deals(LedgerFilter(rounds=("Series A",)))
    assert (line.usd, line.amount_text, line.currency, line.round) == (
        Decimal(16_000_000),
        "16000000 USD",
        "USD",
        "Series A",
    )
    assert line.parties("recipient", "investor") == ("Mistral AI", "Microsoft")
    assert ledger.ledger.get(line.id) == line
    assert ledger.ledger.of_story(line.story_id) == [line]
    [launch] = ledger.ledger.launches(LedgerFilter(developers=("Mistral",)))
    assert launch.name == "Mistral Huge 3"


def test_totals(ledger: Archive) -> None:
    def totals(by: object, **wanted: object) -> list[tuple[str, int, int]]:
        found = ledger.ledger.totals(LedgerFilter(**wanted), by=by)  # type: ignore[arg-type]
        return [(t.key, t.count, int(t.usd)) for t in found]

    assert totals("year") == [("2024", 1, 16_000_000), ("2025", 2, 600_000_000), ("2026", 2, 0)]
    assert totals("year", companies=("Microsoft",)) == [("2024", 1, 16_000_000), ("2025", 1, 0), ("2026", 1, 0)]
    assert totals("month", since=datetime(2026, 1, 1, tzinfo=UTC)) == [("2026-01", 1, 0), ("2026-02", 1, 0)]
    assert totals("investor") == [("Some Fund", 1, 600_000_000), ("Microsoft", 1, 16_000_000)]
    assert totals("company")[0] == ("Mistral AI", 2, 616_000_000)
    assert {k: c for k, c, _ in totals("company")}["Copilot"] == 1
    assert totals("round")[0] == ("series b", 1, 600_000_000)
    assert totals("type")[0] == ("funding", 2, 616_000_000)
    assert totals(None) == [("all", 5, 616_000_000)]
    assert totals(None, companies=("Nobody",)) == []
    assert totals(None, types=("ipo",)) == []
    assert [t.with_amount for t in ledger.ledger.totals(by="year")] == [1, 1, 0]


def test_a_company_means_what_it_owns_and_what_that_owns(ledger: Archive) -> None:
    house, cloud, tool = ledger.entities.ensure_entities(
        [("Tralala", "company"), ("Tralala Cloud", "company"), ("Optra", "company")]
    )
    ledger.entities.describe(
        [("Tralala Cloud", "company", "Tralala", [("TC", False)]), ("Optra", "company", "Tralala Cloud", [])]
    )
    for name, number in (("house", house), ("cloud", cloud), ("tool", tool)):
        told = {house: "Tralala", cloud: "Tralala Cloud", tool: "Optra"}[number]
        _told(ledger, name, deal(party("recipient", told, number), at=NOW))
    assert sorted(_titles(ledger, companies=("Tralala",))) == ["cloud", "house", "tool"]
    assert sorted(_titles(ledger, companies=("TC",))) == ["cloud", "tool"]
    assert _titles(ledger, companies=("Optra",)) == ["tool"]
    titles = {hit.title for hit in ledger.search.search("company:Tralala")}
    assert titles == {"house", "cloud", "tool"}
    without = {hit.title for hit in ledger.search.search("-company:Tralala")}
    assert titles.isdisjoint(without) and without


def test_merging_entities_moves_their_records(ledger: Archive) -> None:
    ledger.entities.ensure_entity("Mistral", "company")
    other = ledger.entities.ensure_entity("Mistral Artificial Intelligence", "company")
    _told(ledger, "extra", deal(party("recipient", "Mistral Artificial Intelligence", other), at=NOW))
    target = ledger.entities.merge("Mistral AI", ["Mistral Artificial Intelligence"])
    assert _titles(ledger, companies=("Mistral AI",)) == ["extra", "d2025", "d2024"]
    assert _titles(ledger, companies=("mistral artificial intelligence",)) == ["extra", "d2025", "d2024"]
    assert ledger.entities.ensure_entity("Mistral Artificial Intelligence", "company") == target
    [extra] = [line for line in ledger.ledger.deals() if line.title == "extra"]
    assert extra.parties("recipient") == ("Mistral AI",)
    story = ledger.stories.get(extra.story_id)
    assert story is not None
    assert story.companies == ("Mistral AI",)
    found = ledger.search.search('company:"Mistral AI" "title of extra"')
    assert [hit.story_id for hit in found] == [extra.story_id]
    # a record that still names the old number finds the new one
    _told(ledger, "later", deal(party("recipient", "Mistral Artificial Intelligence", other), at=NOW))
    assert "later" in _titles(ledger, companies=("Mistral AI",))


def test_entities_by_any_of_their_names(archive: Archive) -> None:
    first = archive.entities.ensure_entity("Mistral AI", "company")
    assert archive.entities.ensure_entity("mistral-ai", "company") == first
    archive.entities.add_alias("Mistral AI", "Le Chat makers", weak=True)
    assert archive.entities.find("le chat makers")["id"] == first
    assert archive.entities.find(str(first))["name"] == "Mistral AI"
    [entity] = archive.entities.entities()
    assert (entity["aliases"], entity["kind"], entity["owner"]) == ([("Le Chat makers", True)], "company", None)
    archive.entities.ensure_entity("Other", "company")
    with pytest.raises(UsageError, match="merge"):
        archive.entities.add_alias("Other", "Mistral AI")
    with pytest.raises(NotFound, match="Mistral AI"):
        archive.entities.find("Mistrall")
    archive.entities.remove_alias("Mistral AI", "Le Chat makers")
    with pytest.raises(NotFound):
        archive.entities.find("le chat makers")


def test_a_starter_list_does_not_undo_what_a_person_did(archive: Archive) -> None:
    starter = [("Meta", "company", None, [("Facebook", False), ("FAIR", True)])]
    archive.entities.describe(starter)
    archive.entities.rename("Meta", "Meta Platforms")
    archive.entities.describe(starter)
    names = [e["name"] for e in archive.entities.entities()]
    assert names == ["Meta Platforms"]
    assert archive.entities.find("facebook")["name"] == "Meta Platforms"
    assert archive.entities.find("meta")["name"] == "Meta Platforms"


def test_the_listing_counts_records(ledger: Archive) -> None:
    found = {row["name"]: (row["deals"], row["launches"]) for row in ledger.entities.listing()}
    assert found["Mistral AI"] == (2, 1)
    assert found["OpenAI"] == (2, 1)
    assert [row["name"] for row in ledger.entities.listing(beginning="mis")] == ["Mistral AI"]
    assert [row["name"] for row in ledger.entities.listing(kind="investor")] == ["Some Fund"]


def test_an_absurd_sum_is_kept_at_the_end_of_the_scale(archive: Archive) -> None:
    _told(archive, "absurd", deal(sum_of("9" * 40)))
    [line] = archive.ledger.deals()
    assert line.usd == Decimal(10) ** 14
    amount = line.record.values("amount")[0].amount
    assert amount is not None
    assert amount.value == Decimal("9" * 40)


def test_misread_sums_are_added_up_all_the_same(archive: Archive) -> None:
    """SQLite ends the query when a sum leaves 64 bits."""
    for number in range(3):
        _told(archive, f"absurd{number}", deal(sum_of("9" * 40)))
    [total] = archive.ledger.totals()
    assert total.usd == 3 * Decimal(10) ** 14


def test_conflicting_values_are_kept_in_order(archive: Archive) -> None:
    facts = [replace(sum_of(str(n)), evidence=(quoted(n),)) for n in (5, 4, 6)]
    _told(archive, "conflict", deal(*facts))
    [line] = archive.ledger.deals()
    assert [f.value for f in line.record.values("amount")] == ["5 USD", "4 USD", "6 USD"]
    assert line.usd == Decimal(5)

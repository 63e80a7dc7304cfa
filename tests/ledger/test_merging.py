"""One record from many entries: one deal and not two, the original currency, certain readings before doubtful ones."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.ledger import context, launches
from monitor.ledger.events import of_one_headline
from monitor.ledger.facts import read_records
from monitor.ledger.mentions import read_mentions
from monitor.types import LedgerRecord, Role
from tests.ledger.make import COMPANIES, RATES, Member, member, values


def read(*members: Member) -> dict[str, LedgerRecord]:
    return {record.kind: record for record in read_records(members, COMPANIES, RATES)}


def doubted(told: Member, role: Role, score: float) -> Member:
    """The entry with the spans of a role read less surely."""
    entry, read = told
    spans = tuple(replace(span, score=score) if span.role is role else span for span in read.spans)
    return entry, replace(read, spans=spans)


# ---------------------------------------------------------------- sums


def test_the_currency_that_most_write_leads_and_not_the_most_exact_conversion() -> None:
    record = read(
        member(1, "Tralala raises $40M", tags="funding", recipient=["Tralala"], amount=["$40M"]),
        member(2, "Tralala lands $40 million", tags="funding", recipient=["Tralala"], amount=["$40 million"]),
        member(3, "Tralala、62億円を調達", tags="funding", language="ja", recipient=["Tralala"], amount=["62億円"]),
    )["funding"]
    assert values(record, "amount") == ["$40M"]
    assert len(record.values("amount")[0].evidence) == 3


def test_the_more_exact_sum_of_one_currency_still_leads() -> None:
    record = read(
        member(1, "Tralala raises $40M", tags="funding", recipient=["Tralala"], amount=["$40M"]),
        member(2, "Tralala raises $40.3M", tags="funding", recipient=["Tralala"], amount=["$40.3M"]),
    )["funding"]
    assert values(record, "amount") == ["$40.3M"]


def test_a_sum_without_parties_is_of_the_deal_whose_parties_its_entry_names() -> None:
    records = read(
        member(
            1,
            "Tralala and Lalala sign a $2B contract",
            tags="funding partnership",
            partner=["Tralala", "Lalala"],
            amount=["$2B"],
        )
    )
    assert list(records) == ["partnership"]
    assert values(records["partnership"], "amount") == ["$2B"]


def test_what_one_outlet_adds_in_passing_is_neither_a_deal_nor_a_conflict() -> None:
    titles = [
        "Tralala and Lark Trust pledge $200M",
        "Lark Trust and Tralala: $200M for schools",
        "Tralala, Lark Trust begin $200M programme",
    ]
    records = read(
        *(
            member(n, title, tags="partnership", partner=["Tralala", "Lark Trust"], amount=["$200M"])
            for n, title in enumerate(titles, 1)
        ),
        member(
            4,
            "Tralala teams up with Lark Trust amid reported $30B investment",
            tags="funding partnership",
            partner=["Tralala", "Lark Trust"],
            amount=["$30B"],
        ),
    )
    assert list(records) == ["partnership"]
    assert values(records["partnership"], "amount") == ["$200M"]


def test_a_deal_with_nobody_named_stands_where_there_is_no_other() -> None:
    records = read(member(1, "A data centre gets a $2B loan", tags="funding", amount=["$2B"]))
    assert values(records["funding"], "amount") == ["$2B"]


def test_of_one_sum_the_surer_reading_counts() -> None:
    told = member(
        1,
        "Tralala's $6B flotation, at last",
        tags="funding",
        recipient=["Tralala"],
        amount=["$6B"],
        valuation=["$6B"],
    )
    assert values(read(told)["funding"], "amount") == ["$6B"]
    record = read(doubted(told, Role.AMOUNT, 0.6))["funding"]
    assert values(record, "amount") == []
    assert values(record, "valuation") == ["$6B"]


@pytest.mark.parametrize(
    ("title", "amount", "kept"),
    [
        ("Nordic AI start-ups raised $2.1B in spring", "$2.1B", []),
        ("Tralala, one of the hottest AI start-ups, raised $2.1B", "$2.1B", ["$2.1B"]),
        ("Companies in sales, law and so on have pulled in around $2.1 billion", "$2.1 billion", []),
        ("Ann Bell has raised $2.1B across three start-ups", "$2.1B", []),
        ("One of Lyon's start-ups raised $2.1B", "$2.1B", ["$2.1B"]),
        ("Tralala Labs to raise over $2.1B", "$2.1B", ["$2.1B+"]),
        ("投资 Tralala 获益 168 亿美元", "168 亿美元", []),
        ("Tralala 获 168 亿美元融资", "168 亿美元", ["$16.8B"]),
    ],
)
def test_what_many_raised_and_what_was_earned_is_no_deal(title: str, amount: str, kept: list[str]) -> None:
    told = member(1, title, tags="funding", recipient=["Tralala"] if "Tralala" in title else [], amount=[amount])
    records = read(told)
    assert (values(records["funding"], "amount") if "funding" in records else []) == kept


# ---------------------------------------------------------------- one deal


def bets(first: str, second: str, *, hours: float = 0) -> list[Member]:
    return [
        member(
            1, "Aster to invest up to $20B in Tralala", tags="funding", hours=hours,
            recipient=["Tralala"], investor=[first], amount=["$20B"],
        ),
        member(
            2, "Aster puts $20 billion into Tralala", tags="funding", hours=hours + 1,
            recipient=["Tralala"], investor=[first], amount=["$20 billion"],
        ),
        member(
            3, "Borealis plans to invest $35B in Tralala", tags="funding", hours=hours + 60,
            recipient=["Tralala"], investor=[second], amount=["$35B"],
        ),
        member(
            4, "Borealis will invest $35B in Tralala", tags="funding", hours=hours + 61,
            recipient=["Tralala"], investor=[second], amount=["$35B"],
        ),
    ]  # fmt: skip


def test_of_two_deals_in_one_story_the_record_tells_one() -> None:
    record = read(*bets("Aster", "Borealis"))["funding"]
    assert values(record, "investor") == ["Aster"]
    assert len(values(record, "amount")) == 1
    assert record.values("amount")[0].usd == 20_000_000_000
    assert values(record, "recipient") == ["Tralala"]


def test_the_deal_that_is_told_far_better_is_the_records_even_if_the_story_began_with_another() -> None:
    more = [
        member(
            number, f"Borealis to invest $35B in Tralala, paper {number} says", tags="funding", hours=70 + number,
            recipient=["Tralala"], investor=["Borealis"], amount=["$35B"],
        )
        for number in range(5, 8)
    ]  # fmt: skip
    record = read(*bets("Aster", "Borealis"), *more)["funding"]
    assert values(record, "investor") == ["Borealis"]
    assert record.values("amount")[0].usd == 35_000_000_000


def test_two_accounts_of_one_deal_stay_a_conflict() -> None:
    record = read(*bets("Aster", "Aster"))["funding"]
    assert len(values(record, "amount")) == 2


def test_a_newsletters_title_gives_one_headline_to_a_record() -> None:
    told = member(
        1,
        "Aster invests $3B 💰, Tralala buys compute 🤝, Lalala's growth 📈",
        tags="funding",
        investor=["Aster"],
        recipient=["Tralala"],
        amount=["$3B"],
    )
    record = read(told)["funding"]
    assert values(record, "recipient") == []
    assert values(record, "investor") == ["Aster"]
    plain = member(2, "Aster invests $3B 💰 in Tralala", tags="funding", investor=["Aster"], recipient=["Tralala"])
    mentions = read_mentions(*plain, ["funding"], COMPANIES, RATES)
    assert of_one_headline(mentions, plain[0].title) == mentions


# ---------------------------------------------------------------- parties


def test_a_doubtful_party_of_one_outlet_is_not_shown_beside_certain_ones() -> None:
    told = [
        member(1, "Aster leads Tralala's round", tags="funding", recipient=["Tralala"], investor=["Aster"]),
        member(
            2,
            "Tralala raises money for chips",
            "Its ties to Lalala are deep.",
            tags="funding",
            recipient=["Tralala"],
            investor=["Lalala"],
        ),
    ]
    assert set(values(read(*told)["funding"], "investor")) == {"Aster", "Lalala"}
    told[1] = doubted(told[1], Role.INVESTOR, 0.6)
    assert values(read(*told)["funding"], "investor") == ["Aster"]


def test_a_doubtful_name_of_a_list_is_as_good_as_the_others() -> None:
    told = member(
        1,
        "Aster and Borealis lead Tralala's round",
        tags="funding",
        recipient=["Tralala"],
        investor=["Aster", "Borealis"],
    )
    entry, read_ = told
    spans = tuple(replace(span, score=0.6) if span.text == "Borealis" else span for span in read_.spans)
    record = read((entry, replace(read_, spans=spans)))["funding"]
    assert set(values(record, "investor")) == {"Aster", "Borealis"}


def test_a_name_and_its_domain_are_one_target() -> None:
    record = read(
        member(1, "OpenAI buys Lulu", tags="acquisition", acquirer=["OpenAI"], target=["Lulu"]),
        member(2, "OpenAI buys Lulu.gg", tags="acquisition", acquirer=["OpenAI"], target=["Lulu.gg"]),
    )["acquisition"]
    assert values(record, "target") == ["Lulu.gg"]


def test_two_sums_of_two_outlets_stay_however_far_apart() -> None:
    record = read(
        member(1, "Aster backs Tralala's $1B plan", tags="funding", recipient=["Tralala"], investor=["Aster"],
               amount=["$1B"]),
        member(2, "Tralala raises $140M", tags="funding", recipient=["Tralala"], amount=["$140M"]),
    )["funding"]  # fmt: skip
    assert len(values(record, "amount")) == 2


def test_the_headlines_of_a_newsletter_may_each_be_a_launch() -> None:
    told = member(
        1, "Aster-3 is out 💻, Borealis-4 follows 🔬, more 💸", tags="model-launch", model=["Aster-3", "Borealis-4"]
    )
    assert len(values(read(told)["model-launch"], "model")) == 2


def test_a_partnership_keeps_its_two_sides_however_doubtful() -> None:
    told = member(1, "Tralala finalises a contract with Lalala", tags="partnership", partner=["Tralala", "Lalala"])
    assert len(values(read(doubted(told, Role.PARTNER, 0.55))["partnership"], "partner")) == 2


@pytest.mark.parametrize(("one", "other"), [("Lark Trust", "百灵基金会"), ("Ruritania", "Freedonian")])
def test_one_side_under_two_names_is_one_partner(one: str, other: str) -> None:
    told = [
        member(n, f"Tralala and {one} sign pact {n}", tags="partnership", partner=["Tralala", one]) for n in (1, 2, 3)
    ]
    told += [
        member(n, f"Tralala: pact {n} for {other} schools", tags="partnership", partner=["Tralala", other])
        for n in (4, 5)
    ]
    assert values(read(*told)["partnership"], "partner") == ["Tralala", one]


def test_three_partners_named_together_stay_three() -> None:
    told = [
        member(1, "Tralala and Lalala join forces", tags="partnership", partner=["Tralala", "Lalala"]),
        member(2, "Tralala, Lalala and Aster join forces", tags="partnership", partner=["Tralala", "Lalala", "Aster"]),
    ]
    assert len(values(read(*told)["partnership"], "partner")) == 3


def test_a_government_and_its_country_are_one_partner() -> None:
    record = read(
        member(1, "Tralala and Ruritania sign pact", tags="partnership", partner=["Tralala", "Ruritania"]),
        member(
            2,
            "Tralala in pact with the Government of Ruritania",
            tags="partnership",
            partner=["Tralala", "Government of Ruritania"],
        ),
    )["partnership"]
    assert len(values(record, "partner")) == 2


@pytest.mark.parametrize("span", ["OpenAI SpaceX", "OpenAI-SpaceX"])
def test_two_known_names_in_one_span_are_two_parties(span: str) -> None:
    told = member(1, f"{span} deal worth $4B", tags="partnership", partner=[span], amount=["$4B"])
    assert set(values(read(told)["partnership"], "partner")) == {"OpenAI", "SpaceX"}


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Aster seeks $4B loan backed by Tralala shares", "Tralala"),
        ("Tralala, spun out of Lalala Inc.’s Aster, raises $4B", "Aster"),
    ],
)
def test_what_is_pledged_and_where_somebody_came_from_pays_nothing(title: str, name: str) -> None:
    start = title.index(name)
    assert context.only_mentioned("investor", title, start, start + len(name))
    assert not context.only_mentioned("investor", f"{name} invests $4B", 0, len(name))


# ---------------------------------------------------------------- names of launches


def launch(number: int, title: str, name: str, **more: object) -> Member:
    return member(number, title, tags="product-launch", developer=["Tralala"], product=[name], **more)  # type: ignore[arg-type]


def test_where_a_product_runs_is_no_part_of_its_name() -> None:
    record = read(
        launch(1, "Tralala launches Hidden Chat", "Hidden Chat"),
        launch(2, "Tralala adds Hidden Chat to its app", "Hidden Chat"),
        launch(3, "Tralala launches Hidden Chat on Lulu", "Hidden Chat on Lulu"),
        launch(4, "Tralala ships Hidden Chat 1.0", "Hidden Chat 1.0"),
    )["product-launch"]
    assert values(record, "product") == ["Hidden Chat 1.0"]
    assert len(record.values("product")[0].evidence) == 4


def test_a_known_product_with_a_place_is_more_than_the_product() -> None:
    record = read(
        launch(1, "Tralala shows ChatGPT for Ships", "ChatGPT for Ships"),
        launch(2, "Tralala brings ChatGPT to ships", "ChatGPT"),
    )["product-launch"]
    assert values(record, "product") == ["ChatGPT for Ships"]


def test_what_is_new_leads_before_the_product_in_which_it_is_found() -> None:
    told = [
        member(n, title, tags="product-launch", developer=["OpenAI"], product=[name])
        for n, (title, name) in enumerate(
            [
                ("ChatGPT can warn a friend", "ChatGPT"),
                ("ChatGPT gets a safety feature", "ChatGPT"),
                ("ChatGPT users may name a friend", "ChatGPT"),
                ("OpenAI launches Safety Circle", "Safety Circle"),
                ("OpenAI: Safety Circle is here", "Safety Circle"),
            ],
            1,
        )
    ]
    assert values(read(*told)["product-launch"], "product")[0] == "Safety Circle"


def test_the_first_title_of_the_maker_names_the_model() -> None:
    told = [
        member(
            1, "OpenAI: introducing GPT-9", tags="model-launch", publisher="openai.com", authority=3,
            developer=["OpenAI"], model=["GPT-9"],
        ),
        member(2, "OpenAI releases GPT-9", tags="model-launch", developer=["OpenAI"], model=["GPT-9"]),
    ]  # fmt: skip
    told += [
        member(
            n, f"OpenAI shows GPT-9 Flash, part {n}", tags="model-launch", developer=["OpenAI"], model=["GPT-9 Flash"]
        )
        for n in range(3, 9)
    ]
    record = read(*told)["model-launch"]
    assert values(record, "model") == ["GPT-9", "GPT-9 Flash"]
    assert values(record, "version") == ["9"]
    elsewhere = [(replace(entry, publisher=f"p{entry.id}.example"), read) for entry, read in told]
    assert values(read(*elsewhere)["model-launch"], "model")[0] == "GPT-9 Flash"


@pytest.mark.parametrize(
    ("name", "tidy"),
    [
        ("Tralala Omni multimodal", "Tralala Omni"),
        ("Tralala 3 open-weight", "Tralala 3"),
        ("Tralala 3 mini", "Tralala 3 mini"),
        ("Tralala Desk AI", "Tralala Desk AI"),
        ("ChatGPT rate limits", "ChatGPT"),
        ("GPT‑5.4‑Cyber", "GPT-5.4-Cyber"),
    ],
)
def test_words_that_describe_are_no_part_of_a_name(name: str, tidy: str) -> None:
    assert launches.tidy_model(name, COMPANIES) == tidy


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Tralala opens its Harbour Desk AI assistant to all", "Harbour Desk"),
        ("Tralala opens Harbour Desk AI to all", "Harbour Desk AI"),
    ],
)
def test_the_ai_of_an_assistant_is_no_part_of_its_name(title: str, name: str) -> None:
    told = member(1, title, tags="product-launch", developer=["Tralala"], product=["Harbour Desk AI"])
    record = read(told)["product-launch"]
    assert values(record, "product") == [name]
    assert record.values("product")[0].evidence[0].quote == name


def test_who_one_of_many_outlets_names_is_no_investor_of_a_flotation() -> None:
    told = [
        member(n, f"Tralala prices its IPO, part {n}", tags="funding", recipient=["Tralala"], round=["IPO"])
        for n in range(1, 5)
    ]
    odd = member(
        9,
        "Tralala's IPO is out, Lalala is next",
        tags="funding",
        recipient=["Tralala"],
        investor=["Lalala"],
        round=["IPO"],
    )
    assert values(read(*told, odd)["funding"], "investor") == []
    assert values(read(odd)["funding"], "investor") == ["Lalala"]


def test_a_plus_is_written_in_two_ways() -> None:
    assert launches.model_key("Tralala+") == launches.model_key("Tralala Plus")


def test_a_spelling_that_is_taken_apart_otherwise_gives_no_second_family() -> None:
    names = ["GPT-9.5Instant", "GPT-9.5 Instant", "GPT-9.5 Instant"]
    told = [
        member(n, f"OpenAI releases {name} to all", tags="model-launch", developer=["OpenAI"], model=[name])
        for n, name in enumerate(names, 1)
    ]
    record = read(*told)["model-launch"]
    assert values(record, "model") == ["GPT-9.5 Instant"]
    assert values(record, "family") == ["GPT"]
    assert values(record, "version") == ["9.5"]

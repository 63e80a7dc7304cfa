"""A story's entries to its deals and launches: own tellings of invented and of familiar events."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.ledger.facts import companies_of, read_records, with_hand_facts
from monitor.types import Classification, Fact, LedgerRecord, Role, Span, Status
from tests.ledger.make import COMPANIES, RATES, START, Member, member, values


def read(*members: Member) -> dict[str, LedgerRecord]:
    return {record.kind: record for record in read_records(members, COMPANIES, RATES)}


MISTRAL = (
    member(
        1,
        "Microsoft takes a small stake in Mistral and brings its models to Azure",
        "Microsoft invests €15 million in the French startup Mistral AI.",
        tags="partnership funding",
        partner=["Microsoft", "Mistral"],
        investor=["Microsoft"],
        recipient=["Mistral AI"],
        amount=["€15 million"],
        authority=2,
    ),
    member(
        2,
        "Mistral AI unveils Mistral Large and Le Chat, signs with Microsoft",
        tags="model-launch product-launch partnership",
        developer=["Mistral AI"],
        model=["Mistral Large"],
        product=["Le Chat"],
        partner=["Mistral AI", "Microsoft"],
        publisher="mistral.ai",
        authority=3,
    ),
    member(
        3,
        "Microsoft partners with OpenAI rival Mistral",
        "The $17 million minority stake converts in the next round.",
        tags="partnership funding",
        partner=["Microsoft", "Mistral"],
        investor=["Microsoft"],
        recipient=["Mistral"],
        amount=["$17 million"],
    ),
)


def test_one_story_with_four_tags_gives_four_records() -> None:
    records = read(*MISTRAL)
    assert list(records) == ["funding", "partnership", "model-launch", "product-launch"]
    funding = records["funding"]
    assert values(funding, "recipient") == ["Mistral AI"]
    assert values(funding, "investor") == ["Microsoft"]
    assert values(funding, "stake") == ["minority"]
    assert sorted(values(records["partnership"], "partner")) == ["Microsoft", "Mistral AI"]
    assert values(records["model-launch"], "model") == ["Mistral Large"]
    assert values(records["product-launch"], "product") == ["Le Chat"]
    assert values(records["product-launch"], "developer") == ["Mistral AI"]
    assert records["partnership"].status is Status.CONFIRMED
    assert companies_of(tuple(records.values())) == ("Mistral AI", "Microsoft")


def test_one_sum_in_two_currencies_is_one_amount_with_both_quotes() -> None:
    amounts = read(*MISTRAL)["funding"].values("amount")
    assert len(amounts) == 1
    assert {e.quote for e in amounts[0].evidence} == {"€15 million", "$17 million"}
    assert amounts[0].usd is not None
    assert Decimal(15_000_000) < amounts[0].usd < Decimal(19_000_000)
    assert "amount" not in {fact.field for fact in read(*MISTRAL)["partnership"].facts}


def test_evidence_points_into_the_entry_and_carries_its_revision() -> None:
    entry, classification = MISTRAL[0]
    records = read_records([(replace(entry, revision=3), classification)], COMPANIES, RATES)
    seen = 0
    for fact in (fact for record in records for fact in record.facts):
        assert fact.evidence
        for evidence in fact.evidence:
            text = entry.title if evidence.field == "title" else entry.summary
            assert text[evidence.start : evidence.end] == evidence.quote
            assert (evidence.entry_id, evidence.revision, evidence.publisher) == (1, 3, "news1.example")
            seen += 1
    assert seen > 5


def test_a_tag_of_one_outlier_makes_no_record() -> None:
    many = [
        member(i, "Acme Robotics raises $20M", tags="funding", recipient=["Acme Robotics"], amount=["$20M"])
        for i in range(1, 30)
    ]
    outlier = member(30, "Acme Robotics partners with nobody", tags="acquisition", target=["Acme Robotics"])
    records = read_records([*many, outlier], COMPANIES, RATES, ("funding",))
    assert [record.kind for record in records] == ["funding"]


def test_a_tag_that_no_entry_has_gives_no_record() -> None:
    told = [member(1, "Acme raises $3M", tags="funding", recipient=["Acme"], amount=["$3M"])]
    assert read_records(told, COMPANIES, RATES, ("acquisition",)) == ()


def test_conflicting_amounts_are_kept_and_the_best_supported_leads() -> None:
    told = [("$1.2 billion", 1), ("$1.5 billion", 1), ("$1.5 billion", 2), ("$1.8 billion", 1)]
    members = [
        member(i, f"Wayve raises {words}", tags="funding", recipient=["Wayve"], amount=[words], authority=authority)
        for i, (words, authority) in enumerate(told, 1)
    ]
    amounts = read(*members)["funding"].values("amount")
    assert [fact.value for fact in amounts] == ["$1.5B", "$1.8B", "$1.2B"]
    assert [len(fact.evidence) for fact in amounts] == [2, 1, 1]


def test_support_counts_publishers_and_not_entries() -> None:
    echo = [
        member(i, "Acme raises $30M", tags="funding", recipient=["Acme"], amount=["$30M"], publisher="one.example")
        for i in range(1, 6)
    ]
    others = [member(i, "Acme raises $25M", tags="funding", recipient=["Acme"], amount=["$25M"]) for i in (7, 8)]
    assert values(read(*echo, *others)["funding"], "amount") == ["$25M", "$30M"]


def test_a_rounded_amount_joins_the_exact_one() -> None:
    members = [
        member(i, f"LeCun's AMI raises {words}", tags="funding", recipient=["AMI"], amount=[words])
        for i, words in enumerate(["$1 billion", "$1.03 billion", "$1bn"], 1)
    ]
    (fact,) = read(*members)["funding"].values("amount")
    assert fact.value == "$1.03B"
    assert len(fact.evidence) == 3


@pytest.mark.parametrize(
    ("title", "summary", "amount", "valuation", "total"),
    [
        ("Acme raises $50M at a $400M valuation", "", ["$50M"], ["$400M"], []),
        ("Acme, valued at $400M, raises $50M", "", ["$50M"], ["$400M"], []),
        ("Acme raises $50M", "The round values the company at $400 million.", ["$50M"], ["$400M"], []),
        ("Acme raises $50M", "It brings its total funding to $120 million.", ["$50M"], [], ["$120M"]),
        ("Acme raises $50M", "Acme has now raised $120 million to date.", ["$50M"], [], ["$120M"]),
        ("Acme sammelt 50 Mio. Dollar ein, Bewertung von 400 Mio. Dollar", "", ["$50M"], ["$400M"], []),
        ("Acme lève 50 millions de dollars, valorisée à 400 millions de dollars", "", ["$50M"], ["$400M"], []),
        ("Acme完成5000万美元融资，估值达4亿美元", "", ["$50M"], ["$400M"], []),
        ("Acme raises $50M, $400M post-money", "", ["$50M"], ["$400M"], []),
        ("Acme raises $50M", "Acme passed $80 million in annual recurring revenue.", ["$50M"], [], []),
    ],
)
def test_amount_valuation_total_and_revenue_are_never_mixed(
    title: str, summary: str, amount: list[str], valuation: list[str], total: list[str]
) -> None:
    """Whatever role the model gave: it calls every sum of these an amount."""
    words = [
        w
        for w in (
            "$50M",
            "$400M",
            "$120 million",
            "$400 million",
            "$80 million",
            "50 Mio. Dollar",
            "400 Mio. Dollar",
            "50 millions de dollars",
            "400 millions de dollars",
            "5000万美元",
            "4亿美元",
        )
        if w in f"{title} {summary}"
    ]
    record = read(member(1, title, summary, tags="funding", recipient=["Acme"], amount=words))["funding"]
    assert (values(record, "amount"), values(record, "valuation"), values(record, "total")) == (
        amount,
        valuation,
        total,
    )


def test_a_span_that_swallowed_two_amounts_is_taken_apart() -> None:
    record = read(
        member(
            1,
            "Acme raises $6.6B at a $157B valuation",
            tags="funding",
            recipient=["Acme"],
            amount=["$6.6B at a $157B valuation"],
        )
    )["funding"]
    assert values(record, "amount") == ["$6.6B"]
    assert values(record, "valuation") == ["$157B"]


def test_a_span_that_lost_its_currency_finds_it_in_the_text() -> None:
    record = read(member(1, "Acme raises €40 million", tags="funding", recipient=["Acme"], amount=["40 million"]))[
        "funding"
    ]
    assert values(record, "amount") == ["€40M"]
    assert record.values("amount")[0].evidence[0].quote == "€40 million"


def test_what_the_model_missed_is_read_from_the_words() -> None:
    record = read(member(1, "Acme raises $40M Series B at a $300M valuation", tags="funding", recipient=["Acme"]))[
        "funding"
    ]
    assert (values(record, "amount"), values(record, "round"), values(record, "valuation")) == (
        ["$40M"],
        ["Series B"],
        ["$300M"],
    )
    bought = read(member(1, "Acme buys Zorb for $2 billion", tags="acquisition", acquirer=["Acme"], target=["Zorb"]))[
        "acquisition"
    ]
    assert values(bought, "amount") == ["$2B"]
    earlier = read(member(1, "Acme hires a CFO after a $30M round", tags="funding", recipient=["Acme"]))["funding"]
    assert values(earlier, "amount") == []


def test_a_price_of_an_acquisition_and_of_a_round_in_one_entry_stay_apart() -> None:
    records = read(
        member(
            1,
            "Acme raises $90M and acquires Zorb for $20M",
            tags="funding acquisition",
            recipient=["Acme"],
            acquirer=["Acme"],
            target=["Zorb"],
            amount=["$90M", "$20M"],
        )
    )
    assert values(records["funding"], "amount") == ["$90M"]
    assert values(records["acquisition"], "amount") == ["$20M"]


def test_undisclosed_is_told_only_where_nothing_else_is() -> None:
    silent = member(
        1,
        "Acme buys Zorb for an undisclosed sum",
        tags="acquisition",
        acquirer=["Acme"],
        target=["Zorb"],
        amount=["undisclosed sum"],
    )
    (fact,) = read(silent)["acquisition"].values("amount")
    assert (fact.value, fact.usd) == ("undisclosed", None)
    loud = member(2, "Acme buys Zorb for $20M", tags="acquisition", acquirer=["Acme"], target=["Zorb"], amount=["$20M"])
    assert values(read(silent, loud)["acquisition"], "amount") == ["$20M"]


def test_parties_are_merged_by_entity_and_by_the_longer_name() -> None:
    members = [
        member(1, "Insilix raises money", tags="funding", recipient=["Insilix"]),
        member(2, "Insilix Medicine raises money", tags="funding", recipient=["Insilix Medicine"]),
        member(3, "Zetrixa AI and Zetrixa raise", tags="funding", recipient=["Zetrixa AI", "Zetrixa"]),
    ]
    assert sorted(values(read(*members[:2])["funding"], "recipient")) == ["Insilix Medicine"]
    assert values(read(members[2])["funding"], "recipient") == ["Zetrixa AI"]


def test_several_names_in_one_span_are_cut_where_each_is_known() -> None:
    record = read(
        member(
            1,
            "Acme backed by Accel, Sequoia and Nvidia",
            tags="funding",
            recipient=["Acme"],
            investor=["Accel, Sequoia and Nvidia"],
        )
    )["funding"]
    assert sorted(values(record, "investor")) == ["Accel", "NVIDIA", "Sequoia Capital"]
    whole = read(
        member(1, "Marks and Spencer signs with Acme", tags="partnership", partner=["Marks and Spencer", "Acme"])
    )["partnership"]
    assert sorted(values(whole, "partner")) == ["Acme", "Marks and Spencer"]


@pytest.mark.parametrize(
    "words", ["the startup", "investors", "existing investors", "several companies", "the company", "AI"]
)
def test_words_for_anybody_are_no_party(words: str) -> None:
    record = read(member(1, f"Acme gets $5M from {words}", tags="funding", recipient=["Acme"], investor=[words]))[
        "funding"
    ]
    assert values(record, "investor") == []


def test_nobody_invests_in_himself() -> None:
    members = [
        member(1, "Nvidia invests in Acme", tags="funding", recipient=["Acme"], investor=["Nvidia"]),
        member(2, "Nvidia puts money into Acme", tags="funding", recipient=["Acme"], investor=["Nvidia"]),
        member(3, "Nvidia and Acme", tags="funding", recipient=["Nvidia"]),
    ]
    record = read(*members)["funding"]
    assert (values(record, "recipient"), values(record, "investor")) == (["Acme"], ["NVIDIA"])


@pytest.mark.parametrize(
    ("words", "form"),
    [
        ("Series B", "Series B"),
        ("series-b", "Series B"),
        ("Series B extension", "Series B"),
        ("Series C-2", "Series C"),
        ("seed", "seed"),
        ("Seed round", "seed"),
        ("pre-seed", "pre-seed"),
        ("Pre-Series A", "pre-Series A"),
        ("A轮", "Series A"),
        ("A+轮", "Series A"),
        ("天使轮", "angel"),
        ("シリーズC", "Series C"),
        ("série A", "Series A"),
        ("Serie B", "Series B"),
        ("Seed-Runde", "seed"),
        ("ronda semilla", "seed"),
        ("IPO", "IPO"),
        ("initial public offering", "IPO"),
        ("Börsengang", "IPO"),
        ("introduction en bourse", "IPO"),
        ("convertible note", "convertible note"),
        ("debt financing", "debt"),
        ("term loan", "debt"),
        ("tender offer", "share sale"),
        ("grant", "grant"),
        ("strategic investment", "strategic"),
        ("growth round", "growth"),
        ("mega round", "mega"),
        ("pre-IPO round", "pre-IPO"),
    ],
)
def test_rounds_have_normal_forms(words: str, form: str) -> None:
    record = read(member(1, f"Acme closes its {words}", tags="funding", recipient=["Acme"], round=[words]))["funding"]
    assert values(record, "round")[0] == form


@pytest.mark.parametrize(
    ("words", "stake"),
    [
        ("takes a 49% stake in Acme", ["49%"]),
        ("buys a minority stake in Acme", ["minority"]),
        ("gets a stake of 10% in Acme", ["10%"]),
        ("kauft eine Minderheitsbeteiligung an Acme", ["minority"]),
        ("获得Acme 20%的股份", ["20%"]),
        ("stock up 49% on Acme news", []),
        ("takes a controlling stake in Acme", ["controlling"]),
        ("prend une participation majoritaire dans Acme", ["majority"]),
    ],
)
def test_stakes(words: str, stake: list[str]) -> None:
    record = read(member(1, f"Zorb {words}", tags="funding", recipient=["Acme"], investor=["Zorb"]))["funding"]
    assert values(record, "stake") == stake


def test_short_model_names_join_the_long_one() -> None:
    members = [
        member(1, "Anthropic releases Opus 4.8", tags="model-launch", developer=["Anthropic"], model=["Opus 4.8"]),
        member(2, "Claude Opus 4.8 is here", tags="model-launch", model=["Claude Opus 4.8"]),
        member(3, "claude-opus-4.8 in the API", tags="model-launch", model=["claude-opus-4.8"]),
    ]
    record = read(*members)["model-launch"]
    assert values(record, "model") == ["Claude Opus 4.8"]
    assert (values(record, "family"), values(record, "version")) == (["Claude Opus"], ["4.8"])


def test_sisters_stay_apart_and_the_leading_one_gives_the_version() -> None:
    members = [
        member(
            1,
            "OpenAI launches GPT-9.1 and GPT-9.1 Pro",
            tags="model-launch",
            developer=["OpenAI"],
            model=["GPT-9.1", "GPT-9.1 Pro"],
        ),
        member(2, "GPT-9.1 is out", tags="model-launch", model=["GPT-9.1"]),
    ]
    record = read(*members)["model-launch"]
    assert values(record, "model") == ["GPT-9.1", "GPT-9.1 Pro"]
    assert values(record, "version") == ["9.1"]


def test_size_licence_and_openness_are_read_where_stated() -> None:
    record = read(
        member(
            1,
            "Zorblax releases Zorb-2, an open-weight model",
            "It has 70 billion parameters, 12 billion active, under Apache 2.0.",
            tags="model-launch",
            developer=["Zorblax"],
            model=["Zorb-2"],
        )
    )["model-launch"]
    assert (values(record, "size"), values(record, "licence")) == (["70B"], ["Apache 2.0"])
    assert values(record, "openness") == ["open weights"]
    rival = read(
        member(
            1,
            "Zorblax launches Zorb-3 to beat open-source model Llama",
            tags="model-launch",
            developer=["Zorblax"],
            model=["Zorb-3"],
        )
    )["model-launch"]
    assert values(rival, "openness") == []


@pytest.mark.parametrize(
    ("name", "tidy", "family", "version", "size"),
    [
        ("Llama 3.1 405B", "Llama 3.1 405B", "Llama", "3.1", "405B"),
        ("OpenAI's GPT-5.4 mini", "GPT-5.4 mini", "GPT", "5.4", None),
        ("Google Gemini 3 Pro", "Gemini 3 Pro", "Gemini", "3", None),
        ("Mistral Large", "Mistral Large", "Mistral Large", None, None),
        ("Qwen3-Coder-480B-A35B-Instruct", "Qwen3-Coder-480B-A35B-Instruct", "Qwen", "3", "480B-A35B"),
        ("Mixtral 8x7B", "Mixtral 8x7B", "Mixtral", None, "8x7B"),
        ("DeepSeek-R1", "DeepSeek-R1", "DeepSeek", "R1", None),
        ("Kimi K2.5", "Kimi K2.5", "Kimi", "K2.5", None),
    ],
)
def test_model_names_are_taken_apart(name: str, tidy: str, family: str, version: str | None, size: str | None) -> None:
    record = read(member(1, f"Out now: {name}", tags="model-launch", model=[name]))["model-launch"]
    assert values(record, "model") == [tidy]
    assert values(record, "family") == [family]
    assert values(record, "version") == ([version] if version else [])
    assert values(record, "size") == ([size] if size else [])


def test_the_maker_of_a_known_product_is_filled_in_with_the_product_as_evidence() -> None:
    record = read(member(1, "Copilot gets a new look", tags="product-launch", product=["Copilot"]))["product-launch"]
    (maker,) = record.values("developer")
    assert maker.value == "Microsoft"
    assert maker.evidence[0].quote == "Copilot"


def test_google_and_deepmind_develop_one_model() -> None:
    members = [
        member(1, "Google launches Gemini 9", tags="model-launch", developer=["Google"], model=["Gemini 9"]),
        member(
            2,
            "Google DeepMind launches Gemini 9",
            tags="model-launch",
            developer=["Google DeepMind"],
            model=["Gemini 9"],
        ),
        member(3, "Gemini 9 from Google", tags="model-launch", developer=["Google"], model=["Gemini 9"]),
    ]
    (developer,) = read(*members)["model-launch"].values("developer")
    assert developer.value == "Google"
    assert len(developer.evidence) == 3


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ([("rumoured", 1)], Status.RUMOURED),
        ([("rumoured", 1), ("rumoured", 2), ("confirmed", 3)], Status.CONFIRMED),
        ([("rumoured", 1), ("rumoured", 1), ("confirmed", 1)], Status.RUMOURED),
        ([("rumoured", 1), ("rumoured", 1), ("rumoured", 1), ("confirmed", 1), ("confirmed", 1)], Status.CONFIRMED),
        ([("rumoured", 1), ("rumoured", 1), ("rumoured", 1), ("confirmed", 2)], Status.CONFIRMED),
        ([("rumoured", 1), ("confirmed", 1)], Status.CONFIRMED),
    ],
)
def test_status(told: list[tuple[str, int]], status: Status) -> None:
    members = [
        member(i, "Acme buys Zorb", tags="acquisition", acquirer=["Acme"], target=["Zorb"], status=s, authority=a)
        for i, (s, a) in enumerate(told, 1)
    ]
    assert read(*members)["acquisition"].status is status


def test_it_was_announced_when_the_first_confirmed_entry_says_so() -> None:
    members = [
        member(
            1, "Acme in talks to buy Zorb", tags="acquisition", acquirer=["Acme"], target=["Zorb"], status="rumoured"
        ),
        member(5, "Acme buys Zorb", tags="acquisition", acquirer=["Acme"], target=["Zorb"], authority=3),
    ]
    assert (read(*members)["acquisition"].announced_at - START).total_seconds() == 5 * 3600


def test_offsets_of_an_older_text_never_point_into_the_new_one() -> None:
    entry, classification = member(1, "Acme raises $20M", tags="funding", recipient=["Acme"], amount=["$20M"])
    edited = replace(entry, title="Update: round of Acme is bigger than thought", revision=2)
    record = read((edited, classification))["funding"]
    assert values(record, "amount") == []
    (recipient,) = record.values("recipient")
    assert recipient.evidence[0].start == edited.title.index("Acme")


def test_the_order_of_the_entries_does_not_matter() -> None:
    forward = read_records(MISTRAL, COMPANIES, RATES)
    backward = read_records(MISTRAL[::-1], COMPANIES, RATES)
    assert [r.kind for r in forward] == [r.kind for r in backward]
    for one, other in zip(forward, backward, strict=True):
        assert {(f.field, f.value) for f in one.facts} == {(f.field, f.value) for f in other.facts}
        assert one.announced_at == other.announced_at


def test_what_a_person_set_stands_and_leads() -> None:
    new = read(member(1, "Acme raises $20M", tags="funding", recipient=["Acme"], amount=["$20M"]))["funding"]
    hand = Fact(field="amount", value="$22M", by_hand=True)
    merged = with_hand_facts(new, replace(new, facts=(hand,)))
    assert values(merged, "amount") == ["$22M", "$20M"]
    assert with_hand_facts(new, None) is new


_ROLES = st.sampled_from(list(Role))
_WORDS = st.text(alphabet=st.sampled_from("Acme $20MB-AI%€亿元 OpenAI,and's.\n"), max_size=60)


@given(
    _WORDS,
    _WORDS,
    st.lists(st.tuples(_ROLES, st.integers(-3, 60), st.integers(-3, 60)), max_size=6),
    st.sets(st.sampled_from(["funding", "acquisition", "partnership", "model-launch", "product-launch"])),
)
def test_no_span_breaks_it(title: str, summary: str, spans: list[tuple[Role, int, int]], tags: set[str]) -> None:
    entry, _ = member(1, title, summary, tags="")
    marked = tuple(
        Span(role=role, text=title[max(0, a) : max(0, b)], field="title" if a % 2 else "summary", start=a, end=b)
        for role, a, b in spans
    )
    classification = Classification(model_id="m", scores={}, tags=tuple(sorted(tags)), spans=marked)
    for record in read_records([(entry, classification)], COMPANIES, RATES):
        assert record.kind in tags
        for fact in record.facts:
            for evidence in fact.evidence:
                text = title if evidence.field == "title" else summary
                assert text[evidence.start : evidence.end] == evidence.quote
                assert evidence.quote

"""What the model marks and the ledger does not believe: bystanders, words that are no names, one sum twice."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.ledger import context, spelling
from monitor.ledger.companies import CompanyIndex
from monitor.ledger.entities import shipped_entities, with_archive
from monitor.ledger.facts import read_records
from monitor.types import LedgerRecord
from tests.ledger.make import COMPANIES, RATES, Member, member, values


def read(*members: Member) -> dict[str, LedgerRecord]:
    return {record.kind: record for record in read_records(members, COMPANIES, RATES)}


def funding(*members: Member) -> LedgerRecord:
    return read(*members)["funding"]


# ---------------------------------------------------------------- no names


@pytest.mark.parametrize("words", ["Le", "The", "AI", "Hey", "Preview", "Agentic"])
def test_what_is_no_name_is_no_model(words: str) -> None:
    told = member(
        1,
        f"OpenAI opens {words} to all with GPT-5.5",
        tags="model-launch",
        developer=["OpenAI"],
        model=[words, "GPT-5.5"],
    )
    assert values(read(told)["model-launch"], "model") == ["GPT-5.5"]


def test_a_laboratory_of_a_town_is_no_developer() -> None:
    told = member(
        1,
        "Tralala's Zurich lab shows Tralala Voice",
        tags="product-launch",
        developer=["Tralala", "Zurich lab"],
        product=["Tralala Voice"],
    )
    assert values(read(told)["product-launch"], "developer") == ["Tralala"]


@pytest.mark.parametrize("words", ["series", "round", "funding", "new"])
def test_a_word_for_any_round_is_no_round(words: str) -> None:
    record = funding(
        member(
            1, f"Acme raises $20M in {words} money", tags="funding", recipient=["Acme"], amount=["$20M"], round=[words]
        )
    )
    assert values(record, "round") == []


def test_descriptions_stand_only_where_no_name_does() -> None:
    named = member(
        1, "Tesla adds Optra, a voice assistant", tags="product-launch", developer=["Tesla"],
        product=["Optra", "voice assistant"],
    )  # fmt: skip
    alone = member(2, "Tesla registers a voice assistant", tags="product-launch", product=["voice assistant"])
    assert values(read(named)["product-launch"], "product") == ["Optra"]
    assert values(read(alone)["product-launch"], "product") == ["voice assistant"]


@pytest.mark.parametrize(
    ("text", "span", "kept"),
    [
        ("Gemini for all", "Gemini for", "Gemini"),
        ("TSMC Deepen its ties", "TSMC Deepen", "TSMC"),
        ("Anthropic in Talks to raise", "Anthropic in Talks", "Anthropic"),
        ("Meet Optra today", "Meet Optra", "Optra"),
        ("Google DeepMind shows", "Google DeepMind", "Google DeepMind"),
        ("Runway", "Runway", "Runway"),
    ],
)
def test_loose_ends_are_cut_off(text: str, span: str, kept: str) -> None:
    start, end = spelling.trimmed(text, text.index(span), text.index(span) + len(span), COMPANIES)
    assert text[start:end] == kept


def test_the_name_of_a_product_keeps_its_verbs() -> None:
    text = "OpenAI shows ChatGPT for Teams"
    start = text.index("ChatGPT")
    assert spelling.trimmed(text, start, len(text), COMPANIES, verbs=False) == (start, len(text))


def test_a_span_that_broke_off_in_a_known_name_is_made_whole() -> None:
    text = "The lab is a part of Google DeepMind now"
    start = text.index("DeepMind")
    start, end = spelling.lengthened(text, start, start + 8, COMPANIES)
    assert text[start:end] == "Google DeepMind"


@given(st.text(max_size=60), st.integers(0, 60), st.integers(0, 60))
def test_spans_never_grow_out_of_their_text(text: str, one: int, other: int) -> None:
    start, end = sorted((min(one, len(text)), min(other, len(text))))
    cut = spelling.trimmed(text, start, end, COMPANIES)
    assert start <= cut[0] and cut[1] <= end
    whole = spelling.lengthened(text, start, end, COMPANIES)
    assert 0 <= whole[0] <= start and end <= whole[1] <= len(text)


# ---------------------------------------------------------------- no part


@pytest.mark.parametrize(
    "title",
    [
        "Tralala, a rival to OpenAI, raises $20M",
        "Former OpenAI staff's Tralala raises $20M",
        "Tralala, founded by veterans of OpenAI, raises $20M",
        "OpenAI spin-out Tralala raises $20M",
        "OpenAI rival Tralala raises $20M",
        "Tralala raises $20M to take on OpenAI",
        "Tralala raises $20M and is worth more than OpenAI",
        "OpenAI-backed Tralala raises $20M",
    ],
)
def test_who_is_only_mentioned_gets_no_money(title: str) -> None:
    record = funding(member(1, title, tags="funding", recipient=["OpenAI", "Tralala"], amount=["$20M"]))
    assert values(record, "recipient") == ["Tralala"]


def test_the_bank_of_an_analyst_is_no_target() -> None:
    told = member(
        1,
        "Meta buys Tralala",
        "It is late, said Ann Bell, an analyst at Wedbush.",
        tags="acquisition",
        acquirer=["Meta"],
        target=["Tralala", "Wedbush"],
    )
    assert values(read(told)["acquisition"], "target") == ["Tralala"]


def test_the_paper_that_reports_invests_nothing() -> None:
    told = member(
        1, "Tralala in talks to raise $20M, Bloomberg reports", tags="funding", status="rumoured",
        recipient=["Tralala"], investor=["Bloomberg"], amount=["$20M"],
    )  # fmt: skip
    assert values(funding(told), "investor") == []


def test_a_publisher_at_the_end_of_its_title_has_no_part() -> None:
    title = "Tralala shows Optra - 9to5Google"
    start = title.index("9to5Google")
    assert context.is_publisher(title, start, len(title), "9to5google.com", "9to5Google")
    assert not context.is_publisher(title, 0, 7, "9to5google.com", "9to5Google")


@pytest.mark.parametrize(
    ("title", "investors"),
    [
        ("Tralala raises $20M led by Accel", ["Accel"]),
        ("Tralala raises $20M led by Accel and Sequoia", ["Accel", "Sequoia Capital"]),
        ("Accel leads a $20M round of Tralala", ["Accel"]),
        ("Tencent, Alibaba in talks to invest $20M in Tralala", ["Alibaba", "Tencent"]),
    ],
)
def test_who_gives_is_no_recipient(title: str, investors: list[str]) -> None:
    names = [n for n in ("Tralala", "Accel", "Sequoia", "Tencent", "Alibaba") if n in title]
    record = funding(member(1, title, tags="funding", recipient=names, amount=["$20M"]))
    assert values(record, "recipient") == ["Tralala"]
    assert sorted(values(record, "investor")) == investors


def test_the_maker_of_a_known_model_is_not_the_cloud_that_sells_it() -> None:
    told = member(
        1, "Mistral Large arrives at Microsoft", tags="model-launch", developer=["Microsoft"], model=["Mistral Large"]
    )
    assert values(read(told)["model-launch"], "developer") == ["Mistral AI"]


def test_a_company_is_no_product_of_its_own() -> None:
    told = member(
        1, "Google shows Gemini Spark", tags="product-launch", developer=["Google"], product=["Google", "Gemini Spark"]
    )
    assert values(read(told)["product-launch"], "product") == ["Gemini Spark"]


def test_a_product_is_no_maker_of_its_own() -> None:
    told = [
        member(n, "Google shows the Optrabook", tags="product-launch", developer=["Google", "Optrabook"],
               product=["Optrabook"])
        for n in (1, 2)
    ]  # fmt: skip
    record = read(*told)["product-launch"]
    assert values(record, "developer") == ["Google"]
    assert values(record, "product") == ["Optrabook"]


def test_the_place_where_a_product_runs_is_not_launched() -> None:
    told = member(
        1, "Etsy opens Etsy Finder within ChatGPT", tags="product-launch", developer=["Etsy"],
        product=["Etsy Finder", "ChatGPT"],
    )  # fmt: skip
    record = read(told)["product-launch"]
    assert values(record, "product") == ["Etsy Finder"]
    assert values(record, "developer") == ["Etsy"]


def test_several_makers_named_in_one_breath_stand() -> None:
    told = member(
        1, "OpenAI, Google, and Anthropic launch tools for doctors", tags="product-launch",
        developer=["OpenAI", "Google", "Anthropic"],
    )  # fmt: skip
    assert sorted(values(read(told)["product-launch"], "developer")) == ["Anthropic", "Google", "OpenAI"]


# ---------------------------------------------------------------- one thing once


def test_spellings_of_one_party_are_one() -> None:
    names = ["Stainless Software", "Stainless", "Stainless Softwares", "Stainles Software"]
    told = [
        member(n, f"Anthropic buys {name}", tags="acquisition", acquirer=["Anthropic"], target=[name])
        for n, name in enumerate(names, 1)
    ]
    assert len(values(read(*told)["acquisition"], "target")) == 1


def test_a_house_and_its_unit_are_one_partner() -> None:
    told = [
        member(1, "Google DeepMind and Tralala sign", tags="partnership", partner=["Google DeepMind", "Tralala"]),
        member(2, "Google and Tralala sign", tags="partnership", partner=["Google", "Tralala"]),
    ]
    assert len(values(read(*told)["partnership"], "partner")) == 2


def test_a_house_may_sell_its_unit() -> None:
    told = member(1, "Tralala buys GitHub from Microsoft", tags="acquisition", acquirer=["Tralala"], target=["GitHub"])
    assert values(read(told)["acquisition"], "target") == ["GitHub"]


def test_half_a_chinese_name_joins_the_whole() -> None:
    told = [
        member(1, "国家大基金领投特拉拉", tags="funding", recipient=["特拉拉"], investor=["国家大基金"], language="zh"),
        member(2, "国家大基金投资特拉拉", tags="funding", recipient=["特拉拉"], investor=["国家大"], language="zh"),
        member(3, "软银投资特拉拉", tags="funding", recipient=["特拉拉"], investor=["软"], language="zh"),
    ]
    assert values(funding(*told), "investor") == ["国家大基金"]


def test_initials_join_their_name() -> None:
    told = member(
        1, "Google opens the Agent Development Kit (ADK)", tags="product-launch", developer=["Google"],
        product=["Agent Development Kit", "ADK"],
    )  # fmt: skip
    assert values(read(told)["product-launch"], "product") == ["Agent Development Kit"]


# ---------------------------------------------------------------- money


def test_what_is_raised_is_no_valuation() -> None:
    record = funding(
        member(1, "Tralala raises $27M", tags="funding", recipient=["Tralala"], amount=["$27M"], valuation=["$27M"])
    )
    assert values(record, "amount") == ["$27M"]
    assert values(record, "valuation") == []


def test_a_valuation_marked_as_amount_is_a_valuation() -> None:
    record = funding(
        member(
            1, "Tralala raises $1B at a $19B valuation", tags="funding", recipient=["Tralala"], amount=["$1B", "$19B"]
        )
    )
    assert values(record, "amount") == ["$1B"]
    assert values(record, "valuation") == ["$19B"]


def test_the_title_stands_above_earlier_sums_of_the_summary() -> None:
    record = funding(
        member(
            1,
            "Tralala raises $60M",
            "Its founders sold their last company for $4.4 billion.",
            tags="funding",
            recipient=["Tralala"],
            amount=["$60M", "$4.4 billion"],
        )
    )
    assert values(record, "amount") == ["$60M"]


def test_a_sum_above_the_worth_goes_with_the_weaker() -> None:
    told = [
        member(n, "Tralala raises $30 billion at a $900 billion valuation", tags="funding", recipient=["Tralala"],
               amount=["$30 billion"], valuation=["$900 billion"])
        for n in (1, 2)
    ]  # fmt: skip
    odd = member(3, "Tralala and its $2 billion", tags="funding", recipient=["Tralala"], valuation=["$2 billion"])
    assert values(funding(*told, odd), "valuation") == ["$900B"]


def test_the_price_of_a_share_is_no_deal() -> None:
    record = funding(
        member(
            1, "Tralala prices its IPO at $185", tags="funding", recipient=["Tralala"], amount=["$185"], round=["IPO"]
        )
    )
    assert values(record, "amount") == []


def test_what_settles_a_lawsuit_is_no_deal() -> None:
    told = member(1, "苹果以2.5亿美元和解诉讼", tags="funding", recipient=["苹果"], amount=["2.5亿美元"], language="zh")
    assert values(funding(told), "amount") == []


def test_conflicts_of_titles_stay() -> None:
    told = [
        member(1, "Tralala raises $40M", tags="funding", recipient=["Tralala"], amount=["$40M"]),
        member(2, "Tralala raises $55M", tags="funding", recipient=["Tralala"], amount=["$55M"]),
    ]
    assert len(values(funding(*told), "amount")) == 2


# ---------------------------------------------------------------- read in a month of news


def test_who_places_the_shares_is_no_investor() -> None:
    floated = member(
        1, "Tralala to raise $3.5 billion in IPO led by Morgan Stanley", tags="funding", recipient=["Tralala"],
        amount=["$3.5 billion"], round=["IPO"], investor=["Morgan Stanley"],
    )  # fmt: skip
    raised = member(
        2, "Tralala raises $350 million from Morgan Stanley", tags="funding", recipient=["Tralala"],
        amount=["$350 million"], investor=["Morgan Stanley"],
    )  # fmt: skip
    assert values(funding(floated), "investor") == []
    assert values(funding(raised), "investor") == ["Morgan Stanley"]


@pytest.mark.parametrize(
    ("title", "investor", "kept"),
    [
        ("Ann Bell's Tralala raises $20M", "Ann Bell", []),
        ("NVIDIA's cozy partner Tralala raises $20M", "NVIDIA", []),
        ("NVIDIA's Tralala stake grows with a $20M round", "NVIDIA", ["NVIDIA"]),
        ("Wall Street backs Tralala with $20M", "Wall Street", []),
    ],
)
def test_a_founder_a_friend_and_a_street_are_no_investors(title: str, investor: str, kept: list[str]) -> None:
    record = funding(member(1, title, tags="funding", recipient=["Tralala"], amount=["$20M"], investor=[investor]))
    assert values(record, "investor") == kept


@pytest.mark.parametrize(
    ("title", "amount", "kept"),
    [
        ("Bell says her stake in Tralala worth nearly $30 billion", "$30 billion", []),
        ("Bell owns 1% of Tralala, and the stake is worth $5 billion", "$5 billion", []),
        ("贝尔在Tralala的持股价值近300亿美元", "300亿美元", []),
        ("贝尔持有Tralala数十亿美元的股份", "数十亿美元", []),
        ("Acme buys a Tralala stake worth $5 billion", "$5 billion", ["$5B"]),
    ],
)
def test_what_a_holding_is_worth_is_no_deal(title: str, amount: str, kept: list[str]) -> None:
    record = funding(
        member(
            1, title, tags="funding", recipient=["Tralala"], amount=[amount], language="zh" if "的" in title else "en"
        )
    )
    assert values(record, "amount") == kept


def test_what_is_raised_in_chinese_is_no_valuation() -> None:
    record = funding(
        member(
            1,
            "Tralala 拟 IPO 集资 40 亿美元 估值达 400 亿美元",
            tags="funding",
            recipient=["Tralala"],
            valuation=["40 亿美元", "400 亿美元"],
            language="zh",
        )
    )
    assert values(record, "amount") == ["$4B"]
    assert values(record, "valuation") == ["$40B"]


def test_a_name_that_was_only_seen_does_not_stand_against_what_it_means() -> None:
    seen = CompanyIndex(with_archive(shipped_entities(), [{"id": 1, "name": "Googlebook", "aliases": []}]))
    told = [
        member(1, "Google unveils Googlebook", tags="product-launch", developer=["Google"], product=["Googlebook"]),
        member(2, "Googlebook is here", tags="product-launch", developer=["Googlebook"]),
    ]
    (record,) = read_records(told, seen, RATES)
    assert values(record, "developer") == ["Google"]
    assert values(record, "product") == ["Googlebook"]


@pytest.mark.parametrize(("investor", "kept"), [("Tralala", []), ("Accel", ["Accel"]), ("Tral", ["Tral"])])
def test_half_of_the_recipients_name_is_no_investor(investor: str, kept: list[str]) -> None:
    told = member(
        1, "Tralala Robotics raises $20M from Tral and Accel, Tralala says", tags="funding",
        recipient=["Tralala Robotics"], amount=["$20M"], investor=[investor],
    )  # fmt: skip
    assert values(funding(told), "investor") == kept

"""What the readers of certain languages are shown: sums and names in letters that they know, headlines that fit."""

from __future__ import annotations

from dataclasses import replace

from monitor.digest.build import build
from monitor.digest.facts import FactView, Reader, facts
from monitor.digest.render import Look, render
from monitor.digest.view import headline_of, view
from monitor.digest.wording import money
from monitor.types import Digest, Evidence, Fact, Story, Tag
from tests.digest.fixtures import MONDAY, SPEC, fact, many, press, record, step, story

ENGLISH = Reader(languages=("en",))


def quoted(one: Fact, *texts: str) -> Fact:
    """The fact with a further quote of each text."""
    quotes = tuple(
        Evidence(entry_id=n, revision=1, publisher=f"p{n}.example", field="title", start=0, end=len(text), quote=text)
        for n, text in enumerate(texts, 50)
    )
    return replace(one, evidence=(*one.evidence, *quotes))


def yuan(value: str, written: str, number: str, usd: str, currency: str = "USD") -> Fact:
    found = fact("amount", written, currency=currency, number=number, usd=usd)
    return replace(found, value=value)


def shown(*each: Fact, reader: Reader = ENGLISH) -> FactView:
    [one] = facts([record("funding", *each)], reader)
    return one


def test_a_sum_is_shown_in_letters_that_the_reader_knows() -> None:
    chinese = yuan("up to $4.8B", "至多48亿美元", "4800000000", "4800000000")
    assert shown(quoted(chinese, "48亿美元", "$4.8 billion")).value == "$4.8 billion", "as another outlet wrote it"
    assert shown(chinese).value == "up to $4.8B", "in the ledger's words"
    both = Reader(languages=("en", "zh"))
    assert shown(chinese, reader=both).value == "至多48亿美元 ($4.8B)"
    assert shown(chinese, reader=Reader()).value == "至多48亿美元 ($4.8B)", "no language named: as written"


def test_another_currency_is_named_by_its_sign() -> None:
    yen = yuan("9.5兆円", "9.5兆円", "9500000000000", "60800000000", "JPY")
    assert shown(yen).value == "¥9.5T (about $60.8B)"
    assert shown(quoted(yen, "$60 billion")).value == "¥9.5T (about $60.8B)", "a quote in dollars is not the yen's"
    rand = yuan("7亿兰特", "7亿兰特", "700000000", "38000000", "ZAR")
    assert shown(rand).value == "ZAR 700M (about $38M)"


def test_one_sum_in_two_writings_or_currencies_is_no_contradiction() -> None:
    dollars = fact("amount", "$66.8 billion", currency="USD", number="66800000000", usd="66800000000")
    rounded = fact("amount", "$67bn", currency="USD", number="67000000000", usd="67000000000")
    euros = fact("amount", "€57bn", currency="EUR", number="57000000000", usd="65000000000")
    other = fact("amount", "$60 billion", currency="USD", number="60000000000", usd="60000000000")
    assert shown(dollars, rounded, euros, other) == FactView(label="Amount", value="$66.8 billion", also="$60 billion")


def test_the_sum_of_the_headline_leads() -> None:
    before = fact("amount", "$30B", currency="USD", number="30000000000", usd="30000000000")
    own = quoted(fact("amount", "$200M", currency="USD", number="200000000", usd="200000000"), "$200 million")
    reader = Reader(languages=("en",), headline="Larkspur and Halden agree on $200 million for schools")
    assert shown(before, own, reader=reader) == FactView(label="Amount", value="$200M", also="$30B")
    assert shown(before, own).value == "$30B", "else the best supported"


def test_a_product_has_its_name_once_and_companies_all_stay() -> None:
    names = (
        fact("product", "私密聊天"),
        fact("product", "Quiet Chat"),
        fact("partner", "海风"),
        fact("partner", "Halden"),
    )
    found = {each.label: each.value for each in facts([record("product-launch", *names)], ENGLISH)}
    assert found == {"Product": "Quiet Chat", "Partners": "Halden, 海风"}
    alone = facts([record("product-launch", fact("product", "私密聊天"))], ENGLISH)
    assert [each.value for each in alone] == ["私密聊天"]


def test_a_family_that_is_the_models_name_is_not_said_twice() -> None:
    found = facts([record("model-launch", fact("model", "L-3 Instant"), fact("family", "L\u20113Instant"))])
    assert [each.label for each in found] == ["Model"]


def test_money_in_figures() -> None:
    from decimal import Decimal

    assert [money(Decimal(n), c) for n, c in ((385_000_000, "EUR"), (9 * 10**12, "JPY"), (500, "CNY"))] == [
        "€385M",
        "¥9T",
        "CNY 500",
    ]


# ---------------------------------------------------------------- headlines, and what is said of the language


def headline(title: str) -> str:
    return headline_of(story(1, title, publishers=(("kernel-courier.example", "Kernel Courier", None),)))


def test_what_aggregators_hang_on_a_title_goes() -> None:
    assert headline("Larkspur shows its L-3 to the whole world - Kernel Courier") == (
        "Larkspur shows its L-3 to the whole world"
    )
    assert headline("Larkspur shows its L-3 to the whole world - Kernel-Courier.example").endswith("world")
    assert headline("Larkspur raises $640M in Lyon, led by Halden (Ann Low/Bay Ledger)").endswith("Halden")
    told = story(1, "Larkspur raises $640M in Lyon (Bay Ledger)", url="https://www.techmeme.com/240226/p1")
    assert headline_of(told) == "Larkspur raises $640M in Lyon"
    kept = "Larkspur shows its L-3 to the whole world - and a whale"
    assert headline(kept) == kept
    assert headline("Kernel Courier") == "Kernel Courier"


def digest_for(stories: list[Story], *languages: str, cap: int = 40) -> Digest:
    spec = replace(SPEC, reader_languages=languages, cap=cap)
    return build(spec, stories, due_at=MONDAY, since=MONDAY.replace(day=25), sent={})


def test_a_headline_in_another_language_says_so_in_every_output() -> None:
    foreign = story(1, "Larkspur 发布新模型 L-3", tags=(Tag.MODEL_LAUNCH,))
    [item] = view(digest_for([foreign], "en")).items
    assert item.tongue == "in Chinese"
    for kind in ("email", "file"):
        [part] = render(digest_for([foreign], "en"), kind, Look()).parts  # type: ignore[arg-type]
        assert "in Chinese" in part.text
        assert "in Chinese" in part.html
        assert "in Chinese" in part.markdown
    [slack] = render(digest_for([foreign], "en"), "slack").parts
    assert "in Chinese" in str(slack.payload)
    for languages in ((), ("zh",), ("en", "zh-TW")):
        assert view(digest_for([foreign], *languages)).items[0].tongue == ""


def test_the_list_at_the_end_stands_by_section_with_its_counts() -> None:
    digest = digest_for(many(60), "en", cap=10)
    counts = {section.title: len(section.more) for section in digest.sections if section.more}
    assert len(counts) > 1
    [part] = render(digest, "file").parts
    for title, count in counts.items():
        assert f"{title}: {count}" in part.text
        assert f"**{title}: {count}**" in part.markdown
    assert sum(counts.values()) == 50


def test_mails_of_many_stories_are_as_few_as_their_size_allows() -> None:
    parts = render(digest_for(many(600), "en"), "email").parts
    sizes = [len(part.html.encode()) for part in parts]
    assert max(sizes) <= 90_000
    assert len(parts) <= -(-sum(sizes) // 90_000) + 2
    assert sorted(n for part in parts for n in part.story_ids) == sorted(s.id for s in many(600))


def test_a_development_in_a_readers_digest_says_what_changed() -> None:
    from monitor.types import DevelopmentKind

    told = story(
        4, "Larkspur in talks", publishers=press(0), developments=(step(41, DevelopmentKind.CLOSED, "It closed."),)
    )
    spec = replace(SPEC, reader_languages=("en",))
    digest = build(spec, [told], due_at=MONDAY, since=MONDAY.replace(day=25), sent={4: 40})
    [item] = view(digest).items
    assert [(change.step, change.line) for change in item.changes] == [("Now closed", "It closed.")]

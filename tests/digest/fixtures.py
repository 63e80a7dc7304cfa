"""Stories of an invented press about events of late February 2024, told in our own words; and ones that attack."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from monitor.types import (
    Amount,
    Development,
    DevelopmentKind,
    DigestSpec,
    Evidence,
    Fact,
    FeedTrouble,
    LedgerRecord,
    SectionSpec,
    Status,
    Story,
    Tag,
)

MONDAY = datetime(2024, 2, 27, 7, 0, tzinfo=UTC)
PRESS = (
    ("kernel-courier.example", "Kernel Courier"),
    ("la-tribune-numerique.example", "La Tribune numérique"),
    ("rhein-technik.example", "Rhein Technik"),
    ("bay-ledger.example", "Bay Ledger"),
    ("model-watch.example", "Model Watch"),
    ("seed-and-series.example", "Seed & Series"),
    ("harbour-wire.example", "Harbour Wire"),
    ("tokyo-circuits.example", "東京サーキット"),
)


def press(*places: int) -> tuple[tuple[str, str, str | None], ...]:
    return tuple((PRESS[n][0], PRESS[n][1], f"https://{PRESS[n][0]}/2024/02/26/story?id={n}&ref=a") for n in places)


def fact(
    field: str,
    value: str,
    *,
    currency: str | None = None,
    number: str | None = None,
    usd: str | None = None,
    by: tuple[int, ...] = (0,),
) -> Fact:
    """A fact that the headlines of these outlets give."""
    amount = None
    if currency is not None:
        amount = Amount(value=Decimal(number) if number else None, currency=currency, text=value)
    quotes = tuple(
        Evidence(entry_id=n, revision=1, publisher=PRESS[n][0], field="title", start=0, end=len(value), quote=value)
        for n in by
    )
    return Fact(field=field, value=value, amount=amount, usd=Decimal(usd) if usd else None, evidence=quotes)


def record(kind: Any, *facts: Fact, status: Status = Status.CONFIRMED) -> LedgerRecord:
    return LedgerRecord(kind=kind, status=status, facts=facts, announced_at=MONDAY - timedelta(hours=16))


def story(id: int, title: str, **fields: Any) -> Story:  # noqa: A002
    at = fields.pop("at", MONDAY - timedelta(hours=12))
    tags = tuple(fields.pop("tags", (Tag.FUNDING,)))
    publishers = fields.pop("publishers", press(id % len(PRESS)))
    known: dict[str, Any] = {
        "lead": "",
        "url": publishers[0][2] if publishers else None,
        "first_seen_at": at,
        "last_seen_at": at,
        "news_at": at,
        "published_at": at - timedelta(minutes=20),
        "possible": (),
        "topics": (),
        "scores": dict.fromkeys(tags, 0.93),
        "status": Status.CONFIRMED,
        "entry_count": len(publishers),
        "independent": len(publishers),
        "language": "en",
        "authority": 2,
    }
    return Story(id=id, title=title, tags=tags, publishers=publishers, **{**known, **fields})


def step(id: int, kind: DevelopmentKind, line: str, *, follow_up: bool = True, at: datetime = MONDAY) -> Development:  # noqa: A002
    return Development(kind=kind, at=at, entry_id=id * 10, line=line, id=id, follow_up=follow_up)


MISTRAL = story(
    1,
    "Mistral answers its larger rivals with Mistral Large, and Microsoft buys in",
    lead="The Paris start-up showed its largest language model to date and a chat assistant, Le Chat. Under a deal of "
    "several years Microsoft offers the model on Azure and takes a small stake.",
    tags=(Tag.MODEL_LAUNCH, Tag.PRODUCT_LAUNCH, Tag.FUNDING, Tag.PARTNERSHIP),
    publishers=press(0, 1, 2, 3, 4, 6, 7),
    companies=("Mistral AI", "Microsoft"),
    authority=3,
    usd=Decimal("16300000"),
    records=(
        record("model-launch", fact("model", "Mistral Large"), fact("developer", "Mistral AI")),
        record("product-launch", fact("product", "Le Chat"), fact("developer", "Mistral AI")),
        record(
            "funding",
            fact("amount", "€15 million", currency="EUR", number="15000000", usd="16300000"),
            fact("investor", "Microsoft"),
            fact("recipient", "Mistral AI"),
        ),
        record("partnership", fact("partner", "Microsoft"), fact("partner", "Mistral AI")),
    ),
)
STORIES = (
    MISTRAL,
    story(
        2,
        "Humanoid maker Figure said to raise $675 million from a crowd of chip and cloud names",
        lead="The round would value the two-year-old robotics company at about $2.6 billion, people who know of the "
        "talks say.",
        status=Status.RUMOURED,
        publishers=press(3, 5, 6),
        companies=("Figure",),
        usd=Decimal("675000000"),
        records=(
            record(
                "funding",
                fact("amount", "$675 million", currency="USD", number="675000000", usd="675000000", by=(3, 5, 6)),
                fact("amount", "$650 million", currency="USD", number="650000000", usd="650000000"),
                fact("round", "Series B"),
                fact("recipient", "Figure"),
                fact("investor", "Nvidia"),
                fact("investor", "Microsoft"),
                fact("investor", "OpenAI"),
                fact("investor", "Intel Capital"),
                fact("investor", "Bezos Expeditions"),
                fact("valuation", "$2.6 billion", currency="USD", number="2600000000", usd="2600000000"),
                status=Status.RUMOURED,
            ),
        ),
        developments=(step(21, DevelopmentKind.RUMOUR, "Figure is said to raise", follow_up=False),),
    ),
    story(
        3,
        "Rhein-Daten schluckt Heidelberger Übersetzungs-Start-up Wortwerk",
        lead="Der Kaufpreis liegt nach Angaben beider Häuser bei 40 Millionen Euro; das Team bleibt in Heidelberg.",
        tags=(Tag.ACQUISITION,),
        language="de",
        publishers=press(2),
        companies=("Rhein-Daten", "Wortwerk"),
        usd=Decimal("43400000"),
        records=(
            record(
                "acquisition",
                fact("acquirer", "Rhein-Daten"),
                fact("target", "Wortwerk"),
                fact("amount", "40 Millionen Euro", currency="EUR", number="40000000", usd="43400000"),
            ),
        ),
    ),
    story(
        4,
        "The Larkspur purchase of Fennel Labs is off",
        lead="Both boards had agreed in January.",
        tags=(Tag.ACQUISITION,),
        publishers=press(3, 0),
        companies=("Larkspur", "Fennel Labs"),
        records=(record("acquisition", fact("acquirer", "Larkspur"), fact("target", "Fennel Labs")),),
        developments=(
            step(40, DevelopmentKind.ANNOUNCED, "Larkspur buys Fennel Labs", follow_up=False),
            step(
                41, DevelopmentKind.DENIED, "Larkspur and Fennel Labs have ended their merger agreement, a filing says"
            ),
        ),
    ),
    story(
        5,
        "東京の新興企業、30億パラメータの日本語モデルを公開",
        lead="重みは Apache 2.0 で公開され、単一の GPU で動作する。同社は年内に 13B 版も予定している。",
        tags=(Tag.MODEL_LAUNCH,),
        language="ja",
        publishers=press(7),
        companies=("Hoshi AI",),
        records=(
            record(
                "model-launch",
                fact("model", "Hoshi-3B"),
                fact("size", "3B"),
                fact("licence", "Apache 2.0"),
                fact("developer", "Hoshi AI"),
            ),
        ),
    ),
    story(
        6,
        "Tessera brings its meeting assistant to hospitals",
        lead="Doctors' notes are drafted on the ward's own computers, with nothing sent out.",
        tags=(Tag.PRODUCT_LAUNCH,),
        publishers=press(4),
        records=(record("product-launch", fact("product", "Tessera Ward"), fact("developer", "Tessera")),),
    ),
    story(
        7,
        "Quillon raises a $9 million seed round for agents that read contracts",
        lead="Larch Ventures led; two earlier backers joined.",
        publishers=press(5, 3),
        companies=("Quillon",),
        usd=Decimal("9000000"),
        records=(
            record(
                "funding",
                fact("amount", "$9 million", currency="USD", number="9000000", usd="9000000"),
                fact("round", "Seed"),
                fact("recipient", "Quillon"),
                fact("investor", "Larch Ventures"),
            ),
        ),
    ),
)
TROUBLE = (
    FeedTrouble(feed_id="bay-ledger", name="Bay Ledger", words="answers 403 since Saturday; tried again in 4 h"),
    FeedTrouble(feed_id="seed", name="Seed & Series", words="silent for 9 days against a rhythm of 6 h"),
)
SECTIONS = (
    SectionSpec(title="Models", tags=(Tag.MODEL_LAUNCH,), cap=12),
    SectionSpec(title="Deals", tags=(Tag.FUNDING, Tag.ACQUISITION), cap=3),
    SectionSpec(title="Partnerships", tags=(Tag.PARTNERSHIP,)),
    SectionSpec(title="Products", tags=(Tag.PRODUCT_LAUNCH,)),
)
SPEC = DigestSpec(
    name="daily",
    title="AI deals and launches",
    cron="0 8 * * *",
    time_zone="Europe/Paris",
    sections=SECTIONS,
    channels=("mail",),
)


def many(count: int, *, start: int = 1000) -> list[Story]:
    """Invented stories of usual length, of all tags."""
    tags = list(Tag)
    return [
        story(
            start + n,
            f"Company number {n} tells the world at some length about what it did on this fine day in town",
            lead="It was a long-awaited step for the company, whose founders had promised it in spring and again in "
            "autumn, and its customers said that they were pleased with what they saw of it so far. " * 2,
            tags=(tags[n % 5],),
            publishers=press(n % 8, (n + 1) % 8, (n + 3) % 8),
            at=MONDAY - timedelta(hours=1 + n % 20, minutes=n % 60),
            usd=Decimal(1_000_000 * (n % 90 + 1)),
            records=(
                record(
                    "funding",
                    fact("amount", f"${n % 90 + 1} million", currency="USD", number=str(10**6), usd=str(10**6)),
                    fact("round", "Series A"),
                    fact("recipient", f"Company {n}"),
                    fact("investor", "Larch Ventures"),
                ),
            ),
        )
        for n in range(count)
    ]

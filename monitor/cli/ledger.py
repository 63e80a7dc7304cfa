"""`deals` and `launches`: the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.filters import choice, usd, window
from monitor.cli.nothing import nothing_matched
from monitor.cli.output import Column, Form, emit, form_of, note
from monitor.cli.session import Session, session_of
from monitor.cli.words import day, listed, money, several

if TYPE_CHECKING:
    from monitor.archive.ledger import LedgerFilter, LedgerLine
    from monitor.types import Fact

SORTS = ("newest", "oldest", "amount")
BYS = ("year", "month", "company", "investor", "round", "type", "status")
DEAL_TYPES = ("funding", "acquisition", "partnership")
LAUNCH_TYPES = ("model-launch", "product-launch")
STATUSES = ("confirmed", "rumoured")

DEAL_COLUMNS = (
    Column(head="Story", field="story_id", right=True),
    Column(head="Date", field="announced_at", show=day),
    Column(head="Type", field="type"),
    Column(head="Who", field="who", wrap=True),
    Column(head="Sum", field="usd", right=True, show=money),
    Column(head="Round", field="round", rank=2),
    Column(head="From", field="investors", show=listed, wrap=True, rank=3),
    Column(head="Title", field="title", wrap=True, rank=1),
    Column(head="Status", field="status", rank=4),
    Column(head="Said by", field="independent", right=True, rank=5),
)
LAUNCH_COLUMNS = (
    Column(head="Story", field="story_id", right=True),
    Column(head="Date", field="announced_at", show=day),
    Column(head="Type", field="type", rank=1),
    Column(head="Name", field="names", show=listed, wrap=True),
    Column(head="Developer", field="developers", show=listed, wrap=True),
    Column(head="Status", field="status", rank=2),
    Column(head="Title", field="title", wrap=True, rank=3),
    Column(head="Said by", field="independent", right=True, rank=4),
)
TOTAL_COLUMNS = (
    Column(head="", field="key"),
    Column(head="Count", field="count", right=True, show=lambda n: f"{n:,}"),
    Column(head="With a sum", field="with_amount", right=True, show=lambda n: f"{n:,}"),
    Column(head="Sum", field="usd", right=True, show=money),
)

Types = Annotated[list[str] | None, typer.Option("--type", help="Only this type.")]
Statuses = Annotated[list[str] | None, typer.Option("--status", help="confirmed or rumoured.")]
Companies = Annotated[list[str] | None, typer.Option("--company", help="Takes part, it or what it owns, by any name.")]
Publishers = Annotated[list[str] | None, typer.Option("--publisher", help="Told by this publisher's domain.")]
Tags = Annotated[list[str] | None, typer.Option("--tag", help="The same as --type.")]
Since = Annotated[
    str | None, typer.Option("--since", metavar="WHEN", help="Announced since: 30d, yesterday, 2024-02, 2024-02-26.")
]
Until = Annotated[str | None, typer.Option("--until", metavar="WHEN", help="Announced until.")]
Least = Annotated[str | None, typer.Option("--min-amount", metavar="USD", help="At least so much: 100m.")]
Sorting = Annotated[str, typer.Option("--sort", help="newest, oldest or amount.")]
Limit = Annotated[int, typer.Option("--limit", min=1, help="At most so many.")]
Summing = Annotated[bool, typer.Option("--sum", help="Count and add up instead of listing.")]
By = Annotated[str | None, typer.Option("--by", help=f"Add up by {', '.join(BYS[:-1])} or {BYS[-1]}.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Csv = Annotated[bool, typer.Option("--csv", help="Print CSV.")]


def deals(
    ctx: typer.Context,
    type_: Types = None,
    status: Statuses = None,
    round_: Annotated[list[str] | None, typer.Option("--round", help="Such as seed or 'Series B'.")] = None,
    investor: Annotated[list[str] | None, typer.Option("--investor", help="Gives the money.")] = None,
    company: Companies = None,
    publisher: Publishers = None,
    tag: Tags = None,
    since: Since = None,
    until: Until = None,
    min_amount: Least = None,
    sort: Sorting = "newest",
    limit: Limit = 50,
    sum_: Summing = False,
    by: By = None,
    json: Json = False,
    csv: Csv = False,
) -> None:
    """Fundings, acquisitions and partnerships.

    Sums are US dollars at the rate of the day. A deal with three investors counts for each of them, so lines by company
    or investor do not add up to the whole. The exit code is 1 when nothing matched.
    """
    session = session_of(ctx)
    wanted = replace(
        _wanted(session, [*(type_ or ()), *(tag or ())], DEAL_TYPES, status, company, publisher, since, until),
        rounds=tuple(round_ or ()),
        investors=tuple(investor or ()),
        min_amount=usd(min_amount, "--min-amount"),
    )
    form, order, key = form_of(json_=json, csv_=csv), choice(sort, SORTS, "--sort"), _key(by)
    if sum_ or key is not None:
        _totals(session, wanted, key, form, deals=True, limit=limit)
        return
    found = session.reader.ledger.deals(wanted, sort=order, limit=limit)
    _print(session, [deal_row(line) for line in found], DEAL_COLUMNS, form, limit)


def launches(
    ctx: typer.Context,
    type_: Types = None,
    status: Statuses = None,
    developer: Annotated[list[str] | None, typer.Option("--developer", help="Who makes it.")] = None,
    company: Companies = None,
    publisher: Publishers = None,
    tag: Tags = None,
    since: Since = None,
    until: Until = None,
    sort: Sorting = "newest",
    limit: Limit = 50,
    sum_: Summing = False,
    by: By = None,
    json: Json = False,
    csv: Csv = False,
) -> None:
    """Model and product launches.

    The exit code is 1 when nothing matched.
    """
    session = session_of(ctx)
    wanted = replace(
        _wanted(session, [*(type_ or ()), *(tag or ())], LAUNCH_TYPES, status, company, publisher, since, until),
        developers=tuple(developer or ()),
    )
    form, order, key = form_of(json_=json, csv_=csv), choice(sort, SORTS, "--sort"), _key(by)
    if sum_ or key is not None:
        _totals(session, wanted, key, form, deals=False, limit=limit)
        return
    found = session.reader.ledger.launches(wanted, sort=order, limit=limit)
    _print(session, [launch_row(line) for line in found], LAUNCH_COLUMNS, form, limit)


def _wanted(
    session: Session,
    types: Sequence[str],
    known: Sequence[str],
    status: Sequence[str] | None,
    company: Sequence[str] | None,
    publisher: Sequence[str] | None,
    since: str | None,
    until: str | None,
) -> LedgerFilter:
    """What deals and launches have in common. Raises UsageError for unknown types, statuses and times."""
    from monitor.archive.ledger import LedgerFilter

    begin, end = window(since, until, session.now())
    return LedgerFilter(
        types=_known(types, known, "--type"),
        statuses=_known(status, STATUSES, "--status"),
        companies=tuple(company or ()),
        publishers=tuple(publisher or ()),
        since=begin,
        until=end,
    )


def _known(words: Sequence[str] | None, known: Sequence[str], option: str) -> tuple[str, ...]:
    return tuple(choice(word, known, option) for word in words or ())


def _key(by: str | None) -> Any:
    return None if by is None else choice(by, BYS, "--by")


def _totals(session: Session, wanted: LedgerFilter, key: Any, form: Form, *, deals: bool, limit: int) -> None:
    found = session.reader.ledger.totals(wanted, by=key, deals=deals, limit=limit)
    rows = [{"key": t.key or "unknown", "count": t.count, "usd": t.usd, "with_amount": t.with_amount} for t in found]
    emit(rows, TOTAL_COLUMNS if deals else TOTAL_COLUMNS[:2], form, names=["key", "count", "usd", "with_amount"])
    if not any(row["count"] for row in rows):
        nothing_matched(session, form)


def _print(session: Session, rows: list[dict[str, Any]], columns: Sequence[Column], form: Form, limit: int) -> None:
    flat = [name for name in (rows[0] if rows else {}) if name != "facts"]
    emit(rows, columns, form, names=flat or [c.field for c in columns])
    if not rows:
        nothing_matched(session, form)
    if form == "table" and len(rows) == limit:
        note(f"the first {several(limit, 'line')}; --limit shows more")


def _row(line: LedgerLine) -> dict[str, Any]:
    return {
        "id": line.id,
        "story_id": line.story_id,
        "type": line.record.kind,
        "status": line.record.status,
        "announced_at": line.record.announced_at,
    }


def deal_row(line: LedgerLine) -> dict[str, Any]:
    """A deal as JSON and CSV give it."""
    amount = next((f.amount for f in line.record.values("amount") if f.amount is not None), None)
    return {
        **_row(line),
        "who": who(line),
        "recipients": line.parties("recipient"),
        "investors": line.parties("investor"),
        "acquirers": line.parties("acquirer"),
        "targets": line.parties("target"),
        "partners": line.parties("partner"),
        "usd": line.usd,
        "amount": amount.value if amount is not None else None,
        "currency": line.currency,
        "amount_text": line.amount_text,
        "valuation_usd": line.valuation_usd,
        "round": line.round,
        "title": line.title,
        "url": line.url,
        "independent": line.independent,
        "publishers": line.publishers,
        "facts": [_fact(f) for f in line.record.facts],
    }


def who(line: LedgerLine) -> str:
    """Whom a deal is about: "Mistral AI", "Corvid → Tessera", "Microsoft, Mistral AI"."""
    if line.record.kind == "acquisition":
        ends = (listed(line.parties("acquirer")), listed(line.parties("target")))
        return " → ".join(end or "?" for end in ends) if any(ends) else ""
    return listed(line.parties("recipient") or line.parties("partner"))


def launch_row(line: LedgerLine) -> dict[str, Any]:
    """A launch as JSON and CSV give it."""

    def first(field: str) -> str | None:
        return next((fact.value for fact in line.record.values(field)), None)

    return {
        **_row(line),
        "names": line.parties("model", "product"),
        "developers": line.parties("developer"),
        "family": first("family"),
        "version": first("version"),
        "size": first("size"),
        "licence": first("licence"),
        "title": line.title,
        "url": line.url,
        "independent": line.independent,
        "publishers": line.publishers,
        "facts": [_fact(f) for f in line.record.facts],
    }


def _fact(fact: Fact) -> dict[str, Any]:
    return {
        "field": fact.field,
        "value": fact.value,
        "amount": fact.amount,
        "usd": fact.usd,
        "by_hand": fact.by_hand,
        "evidence": list(fact.evidence),
    }

"""`companies`: the entities of the ledger."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any

import typer

from monitor.cli.filters import choice
from monitor.cli.ledger import DEAL_COLUMNS, LAUNCH_COLUMNS, deal_row, launch_row
from monitor.cli.nothing import nothing_matched
from monitor.cli.output import Column, console, emit, form_of, note, print_json, put, say, table
from monitor.cli.session import session_of
from monitor.cli.words import day, listed

KINDS = ("company", "lab", "investor", "university", "government")

LIST_COLUMNS = (
    Column(head="Id", field="id", right=True, rank=2),
    Column(head="Name", field="name", wrap=True),
    Column(head="Kind", field="kind", rank=1),
    Column(head="Owner", field="owner", rank=2),
    Column(head="Deals", field="deals", right=True),
    Column(head="Launches", field="launches", right=True),
    Column(head="Last", field="last_at", show=day),
)


def list_(
    ctx: typer.Context,
    beginning: Annotated[str | None, typer.Argument(metavar="BEGINNING", help="Only names that begin so.")] = None,
    kind: Annotated[str | None, typer.Option(help=f"Only this kind: {', '.join(KINDS)}.")] = None,
    all_: Annotated[
        bool, typer.Option("--all", help="Also those that no deal and no launch of the archive names.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, help="How many, those with most records first.")] = 50,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
) -> None:
    """List the entities that the archive's deals and launches name.

    The monitor knows many more by the lists that ship with it, and finds them by any of their names: --all shows those
    too. The exit code is 1 when nothing matched.
    """
    session, form = session_of(ctx), form_of(json_=json, csv_=csv)
    kind = None if kind is None else choice(kind, KINDS, "--kind")
    rows = session.reader.entities.listing(beginning=beginning, kind=kind, limit=limit, seen=not all_)
    emit(rows, LIST_COLUMNS, form, names=[c.field for c in LIST_COLUMNS])
    if not rows:
        more = "" if all_ else "; --all also shows what is known and no deal or launch names"
        nothing_matched(session, form, f"no entity matched{more}")
    if form == "table" and len(rows) == limit:
        note(f"the first {limit}; --limit shows more")


def show(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its name, an alias or its number.")],
    limit: Annotated[int, typer.Option(min=1, help="At most so many deals and launches.")] = 30,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """One company's page: deals, launches and partners in time."""
    from monitor.archive.ledger import LedgerFilter

    reader = session_of(ctx).reader
    entity = reader.entities.find(name)
    wanted = LedgerFilter(companies=(entity["name"],))
    deals = [deal_row(line) for line in reader.ledger.deals(wanted, limit=limit)]
    launches = [launch_row(line) for line in reader.ledger.launches(wanted, limit=limit)]
    partners = _beside(entity["name"], deals)
    if form_of(json_=json) == "json":
        aliases = [{"alias": a, "weak": weak} for a, weak in entity["aliases"]]
        print_json({**entity, "aliases": aliases, "deals": deals, "launches": launches, "beside": dict(partners)})
        return
    _page(entity, deals, launches, partners)


def _beside(name: str, deals: list[dict[str, Any]]) -> list[tuple[str, int]]:
    """Who took part in its deals, those most often first."""
    roles = ("recipients", "investors", "acquirers", "targets", "partners")
    met = Counter(p for deal in deals for p in {p for role in roles for p in deal[role]} if p != name)
    return met.most_common(12)


def _page(entity: dict[str, Any], deals: list[Any], launches: list[Any], partners: list[tuple[str, int]]) -> None:
    out = console()
    out.print(entity["name"], style="bold")
    names = [alias + (" (weak)" if weak else "") for alias, weak in entity["aliases"] if alias != entity["name"]]
    about = [entity["kind"], f"belongs to {entity['owner']}" if entity["owner"] else "", f"number {entity['id']}"]
    out.print(" · ".join(word for word in about if word), style="dim")
    if names:
        out.print(f"also {listed(names)}")
    if partners:
        out.print(f"beside {listed(f'{name} ({count})' if count > 1 else name for name, count in partners)}")
    for head, rows, columns in (("Deals", deals, DEAL_COLUMNS), ("Launches", launches, LAUNCH_COLUMNS)):
        if rows:
            out.print(f"\n{head}", style="bold")
            put(table(rows, columns))
    if not deals and not launches:
        out.print("no deal and no launch yet")


def merge(
    ctx: typer.Context,
    into: Annotated[str, typer.Argument(metavar="NAME", help="The entity that stays: name, alias or number.")],
    others: Annotated[list[str], typer.Argument(metavar="OTHER", help="Entities that become aliases of it.")],
) -> None:
    """Make two entities one."""
    number = session_of(ctx).archive.entities.merge(into, others)
    say(f"{listed(others)} went into entity {number}: monitor companies show {number}")


def alias(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The entity: name, alias or number.")],
    other: Annotated[str, typer.Argument(metavar="ALIAS", help="Its other name.")],
    weak: Annotated[
        bool, typer.Option("--weak", help="A name that needs a second signal, such as a common word.")
    ] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Take that name away.")] = False,
) -> None:
    """Give an entity another name."""
    entities = session_of(ctx).archive.entities
    if remove:
        entities.remove_alias(name, other)
        say(f"{other} is no name of {name} any more")
        return
    entities.add_alias(name, other, weak=weak)
    say(f"{other} is a{' weak' if weak else ''} name of {name}")

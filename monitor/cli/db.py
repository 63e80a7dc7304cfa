"""`db`: looking after the database."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.filters import moment
from monitor.cli.output import Column, console, form_of, note, print_json, put, say, table
from monitor.cli.session import Session, nobody_runs, session_of
from monitor.cli.words import minute, several, size
from monitor.errors import CannotCreate, ConfigError, UsageError


def upgrade(ctx: typer.Context) -> None:
    """Bring the schema up to date; SQLite is backed up first.

    Makes the database if there is none. All in one transaction.
    """
    from monitor.archive import open_archive
    from monitor.archive import upgrade as bring_up

    session = session_of(ctx)
    with open_archive(session.database_url) as archive:
        before = archive.keep.revision()
    saved = bring_up(session.database_url, keep=_backups(session))
    with open_archive(session.database_url) as archive:
        after, name = archive.keep.revision(), archive.name
    if saved is not None:
        say(f"backup: {saved}")
    say(f"{name}: schema {after}" + (" as before" if before == after else f", was {before or 'empty'}"))


def _backups(session: Session) -> int | None:
    """How many copies stay; a feeds.yaml that is wrong keeps no archive from its schema, nor deletes any of them."""
    try:
        return session.config.settings.keep.backups
    except ConfigError:
        return None


def check(
    ctx: typer.Context,
    repair: Annotated[bool, typer.Option("--repair", help="Make the full-text index anew.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check the database and its schema.

    Reads everything: minutes for millions of entries. The exit code is 1 when something is wrong.
    """
    archive = session_of(ctx).archive
    if repair:
        archive.keep.rebuild_search()
        note("the full-text index was made anew")
    problems = archive.keep.check()
    if form_of(json_=json) == "json":
        print_json({"database": archive.name, "ok": not problems, "problems": problems})
    else:
        for problem in problems:
            say(f"{archive.name}: {problem}")
        if not problems:
            say(f"{archive.name}: sound")
    if problems:
        raise typer.Exit(1)


def backup(
    ctx: typer.Context,
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="Where to; default: beside the database.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")] = False,
) -> None:
    """Write a copy of the database, also while the daemon runs.

    An SQLite file, or for PostgreSQL a dump of pg_dump. Checked before it takes its name; a file of that name stays as
    it is unless --force is said.
    """
    session = session_of(ctx)
    if file is not None and file.is_file() and not force:
        raise CannotCreate(f"{file} is there already: name another file, or say --force to replace it")
    archive = session.archive
    if file is None:
        from monitor.paths import ensure_state_folder, state_folder

        folder = archive.path.parent if archive.path is not None else ensure_state_folder(state_folder(os.environ))
        file = folder / f"monitor-{session.now():%Y%m%dT%H%M%S}.bak"
    written = archive.keep.backup(file)
    say(f"{written} ({size(written.stat().st_size)})")


def restore(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A backup.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Put a backup in the place of the database.

    The daemon must not be running. What an SQLite database held is kept beside it as `.replaced`.
    """
    from monitor.archive import open_archive

    session = session_of(ctx)
    with nobody_runs(session), open_archive(session.database_url) as archive:
        if not archive.is_sqlite and not yes:
            typer.confirm(f"replace what {archive.name} holds?", abort=True)
        archive.keep.restore(file)
        revision = archive.keep.revision()
        say(f"{archive.name}: restored from {file}, schema {revision}")
        if archive.path is not None and archive.path.with_name(f"{archive.path.name}.replaced").exists():
            say(f"what it held before: {archive.path}.replaced")


def prune(
    ctx: typer.Context,
    older_than: Annotated[
        str | None, typer.Option("--older-than", metavar="AGE", help="Such as 400d; default: settings.keep.entries.")
    ] = None,
) -> None:
    """Delete old entries that belong to no story.

    Also stories that nothing was added to since then, and digests due before; pinned stories stay. What was deleted
    does not come back as new.
    """
    session = session_of(ctx)
    before = moment(older_than, session.now(), "--older-than")
    if before is None:
        keep = session.config.settings.keep.entries
        if keep is None:
            raise UsageError("everything is kept (settings.keep.entries is not set): say --older-than 400d")
        before = session.now() - keep
    gone = session.archive.keep.prune(before)
    counts = (several(gone.entries, "entry"), several(gone.stories, "story"), several(gone.digests, "digest"))
    say(f"older than {minute(before)}: {', '.join(counts)} deleted; `monitor db vacuum` gives the space back")


def stats(ctx: typer.Context, json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Count what is in the archive."""
    found = session_of(ctx).reader.keep.stats()
    if form_of(json_=json) == "json":
        print_json(found)
        return
    shown = {**found, "bytes": size(found["bytes"])}
    for name in ("first_seen_at", "last_seen_at"):
        shown[name] = minute(found[name])
    rows = [{"name": name.replace("_", " "), "value": value} for name, value in shown.items()]
    columns = [Column(head="What", field="name"), Column(head="Value", field="value", show=_number)]
    put(table(rows, columns))


def _number(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def vacuum(ctx: typer.Context) -> None:
    """Give free space back to the disk.

    On SQLite nobody may write meanwhile.
    """
    archive = session_of(ctx).archive
    with console(stderr=True).status("vacuum"):
        archive.keep.vacuum()
    say(f"{archive.name}: {size(archive.keep.stats()['bytes'])}")

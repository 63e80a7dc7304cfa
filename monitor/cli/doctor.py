"""`doctor`: checks everything that the monitor needs, one line each, with a way out."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from monitor.cli.output import console, form_of, print_json
from monitor.cli.session import Session, session_of
from monitor.cli.words import several, size
from monitor.errors import ArchiveMissing, ConfigError, FetchError, MonitorError

if TYPE_CHECKING:
    from monitor.app import App

State = Literal["ok", "warn", "fail"]
#: feeds that --network asks
ASKED = 5
PENDING_IS_MANY = 5_000
LEAST_DISK = 500_000_000
#: this program is not older than that, so a clock that shows an earlier day is wrong
BUILT = datetime(2026, 11, 1, tzinfo=UTC)
MARKS = {"ok": "green", "warn": "yellow", "fail": "red"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line: what was looked at, how it is, and the way out where it is not well."""

    check: str
    state: State
    words: str


Check = Callable[[Session], Iterator[Finding]]


def doctor(
    ctx: typer.Context,
    network: Annotated[bool, typer.Option("--network", help="Also ask a few feeds over the network.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check everything the monitor needs.

    Configuration, database, model, clock, disk and channels; with --network also whether feeds can be reached. The exit
    code is 1 when something fails.
    """
    session = session_of(ctx)
    form = form_of(json_=json)
    checks = [*CHECKS, *([check_network] if network else [])]
    findings = [finding for check in checks for finding in _careful(check, session)]
    if form == "json":
        print_json(findings)
    else:
        out = console()
        from rich.text import Text

        for finding in findings:
            out.print(
                Text.assemble((f"{finding.state:<5}", MARKS[finding.state]), f"{finding.check:<10}", finding.words)
            )
    if any(finding.state == "fail" for finding in findings):
        raise typer.Exit(1)


def _careful(check: Check, session: Session) -> Iterator[Finding]:
    """A check that cannot be made is a finding of its own, and the others are made all the same."""
    name = check.__name__.removeprefix("check_")
    try:
        yield from check(session)
    except ConfigError as error:
        for problem in error.problems:
            yield Finding(check=name, state="fail", words=problem)
    except MonitorError as error:
        yield Finding(check=name, state="fail", words=str(error))


def check_config(session: Session) -> Iterator[Finding]:
    """feeds.yaml."""
    config = session.config
    words = f"{config.source.path}: {several(len(config.enabled_feeds), 'feed')}"
    if config.source.is_default:
        yield Finding(
            check="config", state="warn", words=f"{words}; the default that ships: `monitor init` makes your own"
        )
    else:
        yield Finding(check="config", state="ok", words=words)
    for warning in config.warnings:
        yield Finding(check="config", state="warn", words=warning)
    if not config.settings.contact:
        way = "set settings.contact to your e-mail or web address, so that servers know whom to ask"
        yield Finding(check="config", state="warn", words=f"no contact in the User-Agent: {way}")


def check_disk(session: Session) -> Iterator[Finding]:
    """The state folder can be written and has room."""
    from monitor.paths import state_folder

    folder = state_folder(os.environ)
    there = next(path for path in (folder, *folder.parents) if path.exists())
    if not os.access(there, os.W_OK):
        way = "set MONITOR_HOME to a folder that can be written"
        yield Finding(check="disk", state="fail", words=f"{there} cannot be written: {way}")
        return
    free = shutil.disk_usage(there).free
    words = f"{folder}: {size(free)} free"
    if free < LEAST_DISK:
        yield Finding(check="disk", state="warn", words=f"{words}; free some, or `monitor db prune`")
    else:
        yield Finding(check="disk", state="ok", words=words)


def check_clock(session: Session) -> Iterator[Finding]:
    """The clock is not obviously wrong."""
    now = session.now()
    if now < BUILT and "now" not in session.told:
        yield Finding(check="clock", state="fail", words=f"{now:%Y-%m-%d %H:%M} UTC lies in the past: set the clock")
    else:
        yield Finding(check="clock", state="ok", words=f"{now:%Y-%m-%d %H:%M} UTC")


def check_database(session: Session) -> Iterator[Finding]:
    """The archive is there, has this program's schema, answers and is not much behind."""
    from monitor.archive import open_archive

    with open_archive(session.database_url, read_only=True) as archive:
        revision = None
        with suppress(ArchiveMissing):
            revision = archive.keep.revision()
        if revision is None:
            way = "`monitor run` makes it" if archive.is_sqlite else "run `monitor db upgrade`"
            yield Finding(check="database", state="warn", words=f"{archive.name}: none yet, {way}")
            return
        archive.check_schema()
        stats = archive.keep.stats()
        failed = archive.entries.failures(limit=5)
    words = f"{archive.name}: schema {revision}, {several(stats['entries'], 'entry')}, {size(stats['bytes'])}"
    yield Finding(check="database", state="ok", words=words)
    if stats["pending"] > PENDING_IS_MANY:
        way = "is the daemon running? `monitor classify --pending` does it by hand"
        yield Finding(
            check="database", state="warn", words=f"{several(stats['pending'], 'entry')} wait for the model: {way}"
        )
    if failed:
        named = "; ".join(f"{one.entry_id} of {one.feed_id} ({one.error[:120]})" for one in failed)
        count = several(stats["set_aside"], "entry")
        way = "they are tried again by themselves, by a newer version at once, and by `monitor classify --pending`"
        yield Finding(check="database", state="warn", words=f"{count} could not be understood: {named}; {way}")
    newest = stats["last_seen_at"]
    if newest is not None and newest - session.now() > timedelta(hours=1):
        yield Finding(
            check="clock", state="fail", words=f"an entry arrived in the future ({newest:%Y-%m-%d %H:%M}): set it"
        )


def check_feeds(session: Session) -> Iterator[Finding]:
    """Feeds that fail."""
    from monitor.archive import open_archive
    from monitor.standing import counts

    with open_archive(session.database_url, read_only=True) as archive:
        try:
            archive.check_schema()
        except MonitorError:
            return  # check_database has said so
        states = counts(archive.feeds.details(), session.now())
    if not states:
        return
    failing, total = states["failing"], states.total()
    words = f"{failing} of {total} fail" if failing else f"{several(total, 'feed')}, none fails"
    state: State = "fail" if failing == total else "warn" if failing else "ok"
    yield Finding(check="feeds", state=state, words=words + (": `monitor feeds health --bad`" if failing else ""))


def check_channels(session: Session) -> Iterator[Finding]:
    """Channels are complete; none is dialled."""
    config = session.config
    if not config.channels:
        words = f"none; digests are written to {config.settings.digests_folder}"
        yield Finding(check="channels", state="ok", words=words)
    from monitor.channels.opening import open_channel

    for spec in config.channels:
        try:
            open_channel(spec, session_factory=_no_client, clock=session.clock)
        except ConfigError as error:
            yield Finding(check="channels", state="fail", words=str(error))
        else:
            way = f"`monitor channels test {spec.name}` tries it"
            yield Finding(check="channels", state="ok", words=f"{spec.name} ({spec.kind}): complete; {way}")


def _no_client() -> Any:
    """Nothing is dialled here."""
    raise AssertionError


def check_model(session: Session) -> Iterator[Finding]:
    """The weights are there and whole."""
    from monitor.classify import check_weights, load_classifier
    from monitor.rooms import model_folder

    folder = model_folder(session.config.settings)
    check_weights(folder)
    words = f"{load_classifier(folder).model_id}, {folder or 'shipped'}: whole"
    yield Finding(check="model", state="ok", words=words)


def check_network(session: Session) -> Iterator[Finding]:
    """A few feeds answer."""

    async def ask(app: App) -> dict[str, str]:
        answers = {}
        for feed in session.config.enabled_feeds[:ASKED]:
            try:
                await app.fetch(feed)
                answers[feed.id] = ""
            except FetchError as error:
                answers[feed.id] = str(error)
        return answers

    answers = session.run(ask)
    none = all(answers.values())
    for feed_id, words in answers.items():
        state: State = "ok" if not words else "fail" if none else "warn"
        yield Finding(check="network", state=state, words=f"{feed_id}: {words or 'answers'}")


CHECKS: tuple[Check, ...] = (
    check_config,
    check_disk,
    check_clock,
    check_database,
    check_model,
    check_channels,
    check_feeds,
)

"""`run` and `poll`: the daemon, and rounds by hand."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.output import form_of, note, print_json, say
from monitor.cli.progress import progress
from monitor.cli.session import Session, session_of
from monitor.cli.words import several, size
from monitor.errors import ArchiveNew, ModelError, MonitorError, NotFound, SchemaOutOfDate, Unavailable

if TYPE_CHECKING:
    from monitor.app import App
    from monitor.collect import PollReport
    from monitor.config import Config
    from monitor.deliver import DeliverReport


def run(
    ctx: typer.Context,
    once: Annotated[
        bool, typer.Option("--once", help="One round: poll what is due, classify, send what is due, end.")
    ] = False,
) -> None:
    """Poll, classify and send, as a daemon or once.

    Ends with SIGTERM or Ctrl-C when what is under way is done; a second one ends at once. SIGHUP reads feeds.yaml
    again. On SQLite the schema is brought up to date first, after a backup.
    """
    session = session_of(ctx)
    session.begin_logs(service=not once)
    prepare(session)
    greet(session.config)
    if once:
        session.run(_once)
        return
    code = asyncio.run(_daemon(session))
    if code:
        raise typer.Exit(code)


def prepare(session: Session) -> None:
    """The archive as this program needs it. On PostgreSQL a person brings it up to date: others may share it."""
    from monitor.archive import open_archive, upgrade

    url = session.config.settings.database_url
    with open_archive(url) as archive:
        if not archive.is_sqlite:
            try:
                archive.check_schema()
            except ArchiveNew:
                raise SchemaOutOfDate(
                    f"archive {archive.name} is new: run `monitor db upgrade` once, which makes its tables"
                ) from None
            return
    saved = upgrade(url, keep=session.config.settings.keep.backups)
    if saved is not None:
        note(f"the database was brought up to date; what it was before: {saved}")


def greet(config: Config) -> None:
    """Which feeds.yaml, and where digests go: what a person who has just started it wants to know."""
    source = config.source
    if source.is_default:
        note(
            f"feeds.yaml: the default with {several(len(config.enabled_feeds), 'feed')}; `monitor init` makes your own"
        )
    else:
        note(f"feeds.yaml: {source.path}, {several(len(config.enabled_feeds), 'feed')}")
    for warning in config.warnings:
        note(warning)
    lone = [digest.name for digest in config.digests if not digest.channels]
    if lone:
        note(f"digest {', '.join(lone)}: no channel, written to {config.settings.digests_folder}")


async def _daemon(session: Session) -> int:
    from monitor.app import App
    from monitor.daemon import run_daemon
    from monitor.memory import keep_few_heaps, look_for_garbage_as_usual
    from monitor.metrics import Metrics

    keep_few_heaps()
    metrics = Metrics()

    def again() -> App:
        return App(session.reload(), session.clock, metrics=metrics)

    app = App(session.config, session.clock, metrics=metrics)
    look_for_garbage_as_usual()
    return await run_daemon(app, reload=again, clock=session.clock, environ=os.environ)


async def _once(app: App) -> None:
    from monitor.locks import InstanceLock
    from monitor.paths import ensure_state_folder

    lock = InstanceLock(ensure_state_folder(app.settings.state_folder))
    lock.acquire(app.clock.now())
    troubles: list[MonitorError] = []
    try:
        with _kept(troubles):
            say_polled(await _poll(app, None, force=False))
        with _kept(troubles):
            await _understand(app)
        with _kept(troubles):
            await app.recover()
            say_sent(app, await app.deliverer.run_due())
    finally:
        lock.release()
    _tell(troubles)


@contextmanager
def _kept(troubles: list[MonitorError]) -> Iterator[None]:
    """What goes wrong in one stage keeps the next from nothing; it is told at the end."""
    try:
        yield
    except ModelError as error:
        troubles.append(ModelError(f"{error}; the entries wait"))
    except MonitorError as error:
        # an archive that cannot be used says the same in each stage
        if str(error) not in map(str, troubles):
            troubles.append(error)


def _tell(troubles: Sequence[MonitorError]) -> None:
    """All of them, a line each; the exit code is the first one's."""
    for error in troubles:
        note(f"monitor: {' '.join(str(error).split())}")
    if troubles:
        raise typer.Exit(troubles[0].exit_code)


async def _understand(app: App) -> None:
    with progress("classify") as advance:
        words = await app.understand_all(advance)
    say(words or "no entry waits to be read")


async def _poll(app: App, feed_ids: Sequence[str] | None, *, force: bool) -> PollReport:
    with progress("poll") as advance:
        return await app.poll(
            feed_ids=feed_ids, force=force, on_progress=lambda done, total, feed_id, result: advance(done, total)
        )


def poll(
    ctx: typer.Context,
    feed: Annotated[list[str] | None, typer.Option(metavar="ID", help="Only this feed.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Also feeds that are not due yet.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Poll feeds once, now.

    Entries wait for `classify --pending` or the daemon. The exit code is 69 when no feed could be read.
    """
    session = session_of(ctx)
    form = form_of(json_=json)
    known = {spec.id for spec in session.config.feeds}
    for name in feed or ():
        if name not in known:
            raise NotFound(f"feed {name!r} is not in {session.config.source.path}: `monitor feeds list` shows them")
    prepare(session)
    report = session.run(lambda app: _poll(app, feed, force=force))
    if form == "json":
        print_json(_report(report))
        _refuse_silence(report)
    else:
        say_polled(report)


def say_polled(report: PollReport) -> None:
    """What a round brought, and which feeds failed. Raises Unavailable where none could be read."""
    say(poll_line(report))
    for feed_id, words in report.errors:
        note(f"{feed_id}: {words}")
    _refuse_silence(report)


def _refuse_silence(report: PollReport) -> None:
    if report.polled and report.polled == report.outage:
        raise Unavailable("no feed could be reached: this machine's network seems down; they are asked again")
    if report.polled and report.polled == report.failed + report.throttled + report.outage:
        raise Unavailable("no feed could be read: `monitor feeds health` says why, and when each is asked again")


def _report(report: PollReport) -> dict[str, Any]:
    return {name: getattr(report, name) for name in report.__slots__}


def poll_line(report: PollReport) -> str:
    """A line on a round."""
    if not report.due:
        return "no feed is due; --force asks all the same"
    parts = [f"{several(report.polled, 'feed')} polled in {report.seconds:.1f} s, {size(report.wire_bytes)}"]
    parts.append(f"{several(report.new, 'new entry')}" + (f", {report.news} of them news" if report.new else ""))
    for words, count in (
        ("changed", report.changed),
        ("feeds unchanged", report.not_modified + report.unchanged),
        ("failed", report.failed),
        ("throttled", report.throttled),
        ("unreachable: our own network seems down", report.outage),
        ("put off", report.deferred + report.paused),
    ):
        if count:
            parts.append(f"{count} {words}")
    return "; ".join(parts)


def say_sent(app: App, report: DeliverReport) -> None:
    """What was made and where it went."""
    from monitor.cli.digests import report_on

    if not report.made and report.clean:
        say("no digest is due; `monitor digest preview` shows what the next one would hold")
    report_on(report)

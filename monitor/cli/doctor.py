"""`doctor`: checks everything that the monitor needs, one line each, with a way out."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal

import typer

from monitor.cli.output import console, form_of, print_json
from monitor.cli.session import Session, session_of
from monitor.cli.words import ago, several, size
from monitor.errors import ArchiveMissing, ConfigError, MonitorError

LEAST_DISK = 500_000_000
#: this program is not older than that, so a clock that shows an earlier day is wrong
BUILT = datetime(2026, 11, 1, tzinfo=UTC)
MARKS = {"ok": "green", "warn": "yellow", "fail": "red"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line: what was looked at, how it is, and the way out where it is not well."""

    check: str
    state: Literal["ok", "warn", "fail"]
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
            out.print(Text.assemble((f"{finding.state:<5}", MARKS[finding.state]), f"{finding.check:<10}", finding.words))
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
        yield Finding(check="config", state="warn", words=f"{words}; the default that ships: `monitor init` makes your own")
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

"""`init` and `check-config`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from monitor.cli.output import form_of, print_json, say
from monitor.cli.session import session_of
from monitor.errors import CannotCreate, ConfigError


def init(
    ctx: typer.Context,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")] = False,
) -> None:
    """Write a feeds.yaml of your own.

    It is the default with all its comments, for you to edit. It is put where the monitor looks for it: --config, else
    the platform's config folder.
    """
    from monitor.paths import own_feeds_file
    from monitor.resources import default_feeds_yaml

    path = session_of(ctx).config_path or own_feeds_file(os.environ)
    _write_new(path, default_feeds_yaml().read_bytes(), force=force)
    say(f"wrote {path}")
    named = f" --config {path}" if session_of(ctx).config_path else ""
    say("next:")
    say(f"  edit it           {os.environ.get('EDITOR', 'nano')} {path}")
    say(f"  check it          monitor check-config{named}")
    say(f"  one round by hand monitor run --once{named}")
    say(f"  what it found     monitor digest preview --since 2d{named}")
    say(f"  for good          monitor run{named}")


def _write_new(path: Path, text: bytes, *, force: bool) -> None:
    """The whole file or none; without `force` never over another. Raises CannotCreate."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if force:
            spare = path.with_name(f"{path.name}.new")
            spare.write_bytes(text)
            spare.replace(path)
        else:
            with path.open("xb") as file:
                file.write(text)
    except FileExistsError:
        raise CannotCreate(f"{path} is there already: edit it, or say --force to replace it") from None
    except OSError as error:
        raise CannotCreate(f"{path}: {error.strerror or error}; name another place with --config FILE") from error


def check_config(ctx: typer.Context, json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Check feeds.yaml.

    Every mistake is reported at once, with its line; the exit code is 78 when there is one.
    """
    session = session_of(ctx)
    form = form_of(json_=json)
    try:
        config = session.config
    except ConfigError as error:
        if form == "table":
            raise
        print_json({"ok": False, "problems": list(error.problems)})
        raise typer.Exit(error.exit_code) from None
    found = _summary(config)
    if form == "json":
        print_json({"ok": True, "problems": [], **found})
        return
    say(
        f"{found['file']}: fine"
        + (" (the default that ships; `monitor init` makes one of your own)" if found["default"] else "")
    )
    say(f"  {found['feeds']} feeds, {found['disabled']} of them switched off")
    for name in ("topics", "digests", "alerts", "channels"):
        say(f"  {name}: {', '.join(found[name]) or 'none'}")
    if not config.channels:
        say(f"  no channel: digests are written to {config.settings.digests_folder}")


def _summary(config: Any) -> dict[str, Any]:
    return {
        "file": str(config.source.path),
        "default": config.source.is_default,
        "feeds": len(config.feeds),
        "disabled": len(config.feeds) - len(config.enabled_feeds),
        "topics": [t.name for t in config.topics],
        "digests": [d.name for d in config.digests],
        "alerts": [a.name for a in config.alerts],
        "channels": [c.name for c in config.channels],
    }

"""The command line: thin commands that parse, call and print.

`main` turns every ending into an exit code of errors.py: an error that the monitor raises on purpose is one line
on stderr; only a bug shows a traceback.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence

from monitor.cli.table import COMMANDS, Tree
from monitor.errors import ConfigError, MonitorError
from monitor.memory import seldom_look_for_garbage

BUG = 70
INTERRUPTED = 130


def main(argv: Sequence[str] | None = None, tree: Tree = COMMANDS) -> int:
    """Runs one command of `argv` (without the program's name) and returns its exit code."""
    from monitor.cli.groups import ClickError, root_command
    from monitor.cli.output import note

    words = list(sys.argv[1:] if argv is None else argv)
    seldom_look_for_garbage()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # a terminal without UTF-8 shows "?" for what it cannot write
            stream.reconfigure(errors="replace")
    try:
        outcome = root_command(tree).main(args=words, prog_name="monitor", standalone_mode=False)
        sys.stdout.flush()
        return outcome if isinstance(outcome, int) else 0
    except MonitorError as error:
        _say(error)
        return error.exit_code
    except ClickError as error:
        return _usage(error)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        return _reader_left()
    except SystemExit as ending:
        # typer ends this way where the reader of our output went away
        return _reader_left() if ending.code == 1 else ending.code if isinstance(ending.code, int) else 0
    except Exception:  # noqa: BLE001
        import traceback

        traceback.print_exc()
        note("monitor: this is a bug; please report the lines above")
        return BUG


def _say(error: MonitorError) -> None:
    """One line; several only for a configuration, whose mistakes are told all at once."""
    from monitor.cli.output import note

    lines = error.problems if isinstance(error, ConfigError) else (str(error),)
    for line in lines:
        note(f"monitor: {' '.join(line.split())}")


def _usage(error: Exception) -> int:
    """Wrong arguments, or no argument where the help is the answer."""
    from monitor.cli.output import note

    context = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":  # its making has printed the help
        return 2
    message = getattr(error, "format_message", lambda: str(error))()
    path = context.command_path if context is not None else "monitor"
    note(f"{path}: {' '.join(message.split())} (see: {path} --help)")
    return getattr(error, "exit_code", 2)


def _reader_left() -> int:
    """`monitor search ai | head -1`: nobody reads on, which is no error of ours."""
    # What is still buffered would raise again when the interpreter flushes at its end.
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, sys.stdout.fileno())
    os.close(devnull)
    return 0

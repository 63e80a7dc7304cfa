"""docs/commands.md from the commands themselves: `python -m monitor.cli.reference > docs/commands.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from textwrap import fill
from typing import Any

from monitor.cli.groups import EVERYWHERE, load
from monitor.cli.table import COMMANDS, Branch, Leaf

HEAD = """# Commands

Made from `monitor --help` by `python -m monitor.cli.reference`; a test keeps it true.

`--config FILE`, `--database URL`, `--now TIME` and `--verbose` stand before or after any command. The database is
`--database`, else `$MONITOR_DATABASE_URL`, else `monitor.db` in the state folder (`$MONITOR_HOME`, `$STATE_DIRECTORY`
or the platform's data folder). feeds.yaml is `--config`, else `$MONITOR_CONFIG`, `./feeds.yaml`,
`$CONFIGURATION_DIRECTORY/feeds.yaml`, the platform's config folder, else the default that ships.

`--json` prints one JSON document (a list has an element a line; `classify` prints one document a line). Keys are
stable, times are ISO 8601 in UTC, money is a number with its currency beside it. `--csv` prints a head and rows; a
text that a spreadsheet would take for a formula begins with an apostrophe. Tables are for people: their columns may
change, and a narrow terminal shows fewer; in a pipe a row is a line, as long as it needs, unless `COLUMNS` is set.

Dates of `--since` and `--until` are ages (`30d`, `12h`, `2w`, `3 days`), dates (`2024`, `2024-02`, `2024-02-26`, an ISO
time) or names (`today`, `yesterday`, `this week`, `last month`; weeks begin on Monday, days in UTC); sums are `100m`,
`1.5bn` or `250000` US dollars. In a query it is `since:last-week` or `since:"last week"`.

| exit code | means |
| --- | --- |
| 0 | done |
| 1 | nothing matched, or a check found something |
| 2 | wrong usage |
| 65 | input data that cannot be read |
| 66 | no such file, feed, entry, story or digest; or nothing has been collected yet |
| 69 | a service is unavailable, or the model's weights are missing |
| 70 | a bug: please report the traceback |
| 73 | a file cannot be created |
| 74 | the database or the disk failed |
| 75 | try again: locked, or already running |
| 77 | not permitted |
| 78 | feeds.yaml, the environment or the schema is wrong |
| 130 | interrupted |

An error is one line on stderr that names the thing and the way out. Notes for people go to stderr too, so that pipes
stay clean.
"""


def reference() -> str:
    """The whole page."""
    return HEAD + "".join(_section(command) for command in COMMANDS)


def _section(command: Leaf | Branch) -> str:
    if isinstance(command, Leaf):
        return _leaf(command, f"monitor {command.name}", "##")
    head = f"\n## monitor {command.name}\n\n{command.help}\n"
    return head + "".join(_leaf(leaf, f"monitor {command.name} {leaf.name}", "###") for leaf in command.leaves)


def _leaf(leaf: Leaf, path: str, mark: str) -> str:
    command = load(leaf)
    own = [p for p in command.params if getattr(p, "rich_help_panel", None) != EVERYWHERE and not p.hidden]
    arguments = [p for p in own if p.param_type_name == "argument"]
    options = [p for p in own if p.param_type_name == "option"]
    words = " ".join([path, *(_argument(p) for p in arguments), *(["[OPTIONS]"] if options else [])])
    lines = [f"\n{mark} {path}\n\n```\n{words}\n```\n\n{_folded(command.help or '')}\n"]
    rows = list(_rows([*arguments, *options]))
    if rows:
        lines.append("\n| | |\n| --- | --- |\n" + "".join(rows))
    return "".join(lines)


def _folded(text: str) -> str:
    return "\n\n".join(fill(p, 117, break_long_words=False, break_on_hyphens=False) for p in text.strip().split("\n\n"))


def _argument(param: Any) -> str:
    name = f"{param.metavar or param.name.upper()}{'...' if param.nargs == -1 else ''}"
    return name if param.required else f"[{name}]"


def _rows(params: list[Any]) -> Iterator[str]:
    for param in params:
        if param.param_type_name == "argument":
            name = _argument(param)
        else:
            value = "" if param.is_flag else f" {param.metavar or 'TEXT'}"
            name = (
                ", ".join(param.opts)
                + (f" / {', '.join(param.secondary_opts)}" if param.secondary_opts else "")
                + value
            )
        several = " May be given several times." if param.param_type_name == "option" and param.multiple else ""
        default = "" if param.default in (None, False, (), [], "") else f" Default: {param.default}."
        yield f"| `{name}` | {param.help or ''}{several}{default} |\n".replace("|...", "\\|...")


if __name__ == "__main__":
    sys.stdout.write(reference())

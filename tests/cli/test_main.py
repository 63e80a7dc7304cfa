"""From arguments to an exit code: laziness, options on both sides, one line per error."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import pytest
import typer

from monitor.cli import main
from monitor.cli.groups import load, root_command
from monitor.cli.plain import plain_values
from monitor.cli.session import session_of
from monitor.cli.table import COMMANDS, Branch, Leaf
from monitor.errors import ArchiveBusy, ConfigError, MonitorError, NotFound

LEAVES = [
    (f"{c.name} {leaf.name}" if isinstance(c, Branch) else leaf.name, leaf)
    for c in COMMANDS
    for leaf in (c.leaves if isinstance(c, Branch) else (c,))
]


@pytest.mark.parametrize(("path", "leaf"), LEAVES, ids=[path for path, _ in LEAVES])
def test_each_command_loads_and_says_the_help_of_the_table_first(path: str, leaf: Leaf) -> None:
    command = load(leaf)
    assert command.help is not None
    assert command.help.splitlines()[0] == leaf.help
    names = {option for p in command.params for option in p.opts}
    assert {"--config", "--database", "--now"} <= names


def run_with(function: Any, argv: list[str]) -> int:
    """`main` on a tree of one command, `probe`."""
    return main(argv, (Leaf(name="probe", target=function, help=""),))


@pytest.mark.parametrize(
    "argv",
    [
        ["--now", "2024-02-26T08:00:00", "--database", "sqlite:///x.db", "probe"],
        ["probe", "--now", "2024-02-26T08:00:00", "--database", "sqlite:///x.db"],
        ["--now", "1999-01-01", "probe", "--now", "2024-02-26T08:00:00Z", "--database=sqlite:///x.db"],
    ],
)
def test_options_of_every_command_stand_before_or_after_it(argv: list[str]) -> None:
    seen = []

    def probe(ctx: typer.Context) -> None:
        seen.append((session_of(ctx).now().isoformat()[:16], session_of(ctx).database_url))

    assert run_with(probe, argv) == 0
    assert seen == [("2024-02-26T08:00", "sqlite:///x.db")]


@pytest.mark.parametrize(
    ("error", "code", "lines"),
    [
        (NotFound("story 7: there is none"), 66, ["monitor: story 7: there is none"]),
        (ArchiveBusy("x.db: locked\nby another"), 75, ["monitor: x.db: locked by another"]),
        (ConfigError("a: 1", "b: 2"), 78, ["monitor: a: 1", "monitor: b: 2"]),
        (KeyboardInterrupt(), 130, []),
        (typer.Exit(1), 1, []),
        (BrokenPipeError(), 0, []),
    ],
)
def test_each_ending_has_its_exit_code_and_no_traceback(
    error: BaseException, code: int, lines: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    def probe() -> None:
        raise error

    assert run_with(probe, ["probe"]) == code
    assert capfd.readouterr().err.splitlines() == lines


def test_every_error_of_the_tree_has_a_documented_exit_code() -> None:
    def below(kind: type[MonitorError]) -> list[type[MonitorError]]:
        return [kind, *(k for child in kind.__subclasses__() for k in below(child))]

    assert {k.exit_code for k in below(MonitorError)} <= {1, 2, 65, 66, 69, 70, 73, 74, 75, 77, 78}


def test_a_bug_shows_its_traceback_and_ends_with_70(capsys: pytest.CaptureFixture[str]) -> None:
    def probe() -> None:
        raise ZeroDivisionError

    assert run_with(probe, ["probe"]) == 70
    err = capsys.readouterr().err
    assert "Traceback" in err
    assert "this is a bug" in err


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["serch"], "Did you mean 'search'?"),
        (["show"], "Missing argument"),
        (["search", "ai", "--nonsense"], "No such option: --nonsense"),
        (["search", "ai", "--limit", "many"], "'many' is not a whole number"),
        (["search", "ai", "--now", "tomorrow"], "--now tomorrow: not an ISO time"),
        (["feeds", "ad"], "Did you mean 'add'?"),
    ],
)
def test_wrong_usage_is_one_line_and_2(argv: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(argv) == 2
    err = capsys.readouterr().err
    assert words in err
    assert err.count("\n") == 1


def test_help_comes_without_arguments_and_with_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert capsys.readouterr().out.count("Usage: monitor") == 1
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    assert all(command.name in out for command in COMMANDS)


def test_values_are_turned_without_pydantic_and_as_typer_would() -> None:
    seen: list[Any] = []

    def probe(
        words: Annotated[list[str] | None, typer.Argument()] = None,
        tag: Annotated[list[str] | None, typer.Option()] = None,
        limit: Annotated[int, typer.Option(min=1)] = 20,
        file: Annotated[Path | None, typer.Option()] = None,
        all_: Annotated[bool, typer.Option("--all")] = False,
    ) -> None:
        seen.append((words, tag, limit, file, all_))

    argvs = [[], ["a", "b", "--tag", "x", "--tag", "y", "--limit", "3", "--file", "f", "--all"]]
    for argv in argvs:
        assert run_with(probe, ["probe", *argv]) == 0
        plain = typer.Typer(add_completion=False)
        plain.command()(probe)
        typer.main.get_command(plain)(argv, standalone_mode=False)
        assert seen[-1] == seen[-2]
    assert run_with(probe, ["probe", "--limit", "0"]) == 2


def test_plain_values_leave_other_types_to_typer() -> None:
    app = typer.Typer(add_completion=False)

    def probe(when: Annotated[datetime, typer.Option()], n: Annotated[int, typer.Option()] = 1) -> None:
        """Two options."""

    app.command()(probe)
    command: Any = typer.main.get_command(app)
    plain_values(command.params)
    kinds = {p.name: type(p.get_runtime_param()).__name__ for p in command.params}
    assert kinds == {"when": "AdapterRuntimeParam", "n": "Plain"}


@pytest.mark.parametrize("argv", [["--help"], ["search", "--help"], ["--version"]])
def test_help_imports_no_heavy_library(argv: list[str]) -> None:
    heavy = "transformers torch onnxruntime aiohttp ruamel pydantic feedparser lxml alembic sqlalchemy jinja2"
    program = (
        "import sys; from monitor.cli import main; code = main(sys.argv[1:]); "
        f"found = [m for m in {heavy.split()!r} if m in sys.modules]; assert not found, found; sys.exit(code)"
    )
    subprocess.run([sys.executable, "-c", program, *argv], check=True, capture_output=True)


def test_the_program_is_python_m_monitor_too() -> None:
    done = subprocess.run([sys.executable, "-m", "monitor", "--version"], capture_output=True, text=True)
    assert done.returncode == 0
    assert done.stdout.startswith("monitor ")


def test_the_tree_has_no_command_twice() -> None:
    names = [path for path, _ in LEAVES]
    assert len(names) == len(set(names))
    assert list(root_command().commands) == [c.name for c in COMMANDS]


def test_help_folds_paragraphs_by_the_terminal_and_shows_no_value_behind_a_flag(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["deals", "--help"]) == 0
    shown = capsys.readouterr().out
    assert "<" not in shown
    assert "TEXT" in shown
    lines = [line.strip() for line in shown.splitlines()]
    start = next(n for n, line in enumerate(lines) if line.startswith("Sums are"))
    end = lines.index("", start)
    assert all(len(line) > 50 for line in lines[start : end - 1])

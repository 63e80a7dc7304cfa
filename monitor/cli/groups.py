"""Commands that are imported when they are called, and options that every command takes.

`monitor --help` and `monitor search` start in the time that their own imports take, so the tree of commands is
data (table.py) and each command's module is imported once its name has been read.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from monitor import __version__
from monitor.cli.plain import plain_values, plain_words
from monitor.cli.session import Session
from monitor.cli.table import COMMANDS, Branch, Leaf, Tree

#: base of all errors about arguments; typer has its own copy of click or uses click, depending on its version
ClickError: type[Exception] = next(c for c in typer.BadParameter.__mro__ if c.__name__ == "ClickException")
EVERYWHERE = "Options of every command"


class Stub(TyperCommand):
    """Stands for a command in its group's help until it is called."""

    def __init__(self, leaf: Leaf) -> None:
        super().__init__(leaf.name, help=leaf.help, rich_help_panel=leaf.panel or None)
        self.leaf = leaf


class PlainCommand(TyperCommand):
    """A command whose values are turned without pydantic, those of `--help` too."""

    def get_params(self, ctx: Any) -> Any:
        params = super().get_params(ctx)
        plain_values(params)
        return params


class LazyGroup(TyperGroup):
    """A group of stubs; the one that is called is loaded."""

    def get_params(self, ctx: Any) -> Any:
        params = super().get_params(ctx)
        plain_values(params)
        return params

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, command, rest = super().resolve_command(ctx, args)
        if isinstance(command, Stub):
            command = load(command.leaf)
        return name, command, rest


def load(leaf: Leaf) -> Any:
    """The real command of a leaf, with the options of every command."""
    target = leaf.target
    if isinstance(target, str):
        module, _, function = target.partition(":")
        target = getattr(import_module(f"monitor.cli.{module}"), function)
    small = typer.Typer(add_completion=False)
    small.command(leaf.name, cls=PlainCommand)(target)
    command = get_command(small)
    command.params.extend(_everywhere())
    plain_words(command.params)
    command.help = _unfolded(command.help or "")
    return command


def _unfolded(text: str) -> str:
    """Each paragraph on one line: the terminal folds them, not the width of our source."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


def _everywhere() -> list[Any]:
    small = typer.Typer(add_completion=False)
    small.command()(_options)
    return list(get_command(small).params)


def _keep(context: typer.Context, param: typer.CallbackParam, value: Any) -> Any:
    if value is not None and param.name is not None:
        context.ensure_object(Session).tell(param.name, value)
    return value


ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        callback=_keep,
        expose_value=False,
        rich_help_panel=EVERYWHERE,
        help="The feeds.yaml to use.",
    ),
]
DatabaseOption = Annotated[
    str | None,
    typer.Option(
        "--database",
        metavar="URL",
        callback=_keep,
        expose_value=False,
        rich_help_panel=EVERYWHERE,
        help="The database to use: sqlite:///file or postgresql://...",
    ),
]
NowOption = Annotated[
    str | None,
    typer.Option(
        "--now",
        metavar="TIME",
        callback=_keep,
        expose_value=False,
        rich_help_panel=EVERYWHERE,
        help="Take this ISO time as the present, for tests and back-tests.",
    ),
]
VerboseOption = Annotated[
    bool | None,
    typer.Option(
        "--verbose",
        "-v",
        callback=_keep,
        expose_value=False,
        rich_help_panel=EVERYWHERE,
        help="Tell what happens, on stderr.",
    ),
]


def _options(
    config: ConfigOption = None,
    database: DatabaseOption = None,
    now: NowOption = None,
    verbose: VerboseOption = None,
) -> None:
    """Only its parameters are used."""


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"monitor {__version__}")
        raise typer.Exit


def _root(
    context: typer.Context,
    config: ConfigOption = None,
    database: DatabaseOption = None,
    now: NowOption = None,
    verbose: VerboseOption = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and end.")
    ] = False,
) -> None:
    """Watches the AI industry: polls feeds, finds launches and deals, keeps them, sends digests."""
    context.call_on_close(context.ensure_object(Session).close)


def root_command(tree: Tree = COMMANDS) -> Any:
    """The whole tree."""
    root = typer.Typer(cls=LazyGroup, no_args_is_help=True)
    root.callback(context_settings={"help_option_names": ["-h", "--help"]})(_root)
    group = get_command(root)
    assert isinstance(group, LazyGroup)
    group.commands = {c.name: Stub(c) if isinstance(c, Leaf) else _branch(c) for c in tree}
    return group


def _branch(branch: Branch) -> LazyGroup:
    return LazyGroup(
        name=branch.name,
        help=branch.help,
        rich_help_panel=branch.panel or None,
        no_args_is_help=True,
        commands={leaf.name: Stub(leaf) for leaf in branch.leaves},
    )

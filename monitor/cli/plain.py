"""Argument values without pydantic.

typer turns every value into its type by pydantic, which takes longer to import than a search takes to run. The
commands here use few types (text, whole numbers, paths, lists of text), so those are turned here; any other type is
left to typer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import typer

_TURN: dict[Any, Callable[[Any], Any]] = {str: str, int: int, float: float, Path: Path, bool: bool}
_NOUN = {int: "a whole number", float: "a number"}
#: what `--help` shows behind an option; nothing behind a flag, which takes no value
_WORD: dict[Any, str] = {str: "TEXT", int: "NUMBER", float: "NUMBER", Path: "FILE", bool: ""}


class Plain:
    """Does what typer's run-time parameter does, for one plain type."""

    def __init__(self, kind: Any, lowest: float | None) -> None:
        self._kind = kind
        self._lowest = lowest

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        several = param.multiple or param.nargs == -1
        if several:
            return tuple(self._one(v, param, ctx) for v in value or ())
        return None if value is None else self._one(value, param, ctx)

    def _one(self, value: Any, param: Any, ctx: Any) -> Any:
        try:
            turned = _TURN[self._kind](value)
        except ValueError:
            raise typer.BadParameter(f"{value!r} is not {_NOUN[self._kind]}", ctx=ctx, param=param) from None
        if self._lowest is not None and turned < self._lowest:
            raise typer.BadParameter(f"{value} is less than {self._lowest}", ctx=ctx, param=param)
        return turned


def _kind(descriptor: Any) -> Any:
    """The type of one value."""
    return descriptor.annotation.__args__[0] if descriptor.is_list else descriptor.annotation


def plain_words(params: Sequence[Any]) -> None:
    """Names the values of options for people: `--name TEXT`, and `--json` alone, not `--json <bool>`."""
    for param in params:
        descriptor = getattr(param, "type_descriptor", None)
        if descriptor is None or param.param_type_name != "option" or param.metavar is not None:
            continue
        if not descriptor.is_choice and (kind := _kind(descriptor)) in _WORD:
            param.metavar = _WORD[kind]


def plain_values(params: Sequence[Any]) -> None:
    """Gives parameters of plain types the light way. A typer that works otherwise keeps its own."""
    plain_words(params)
    for param in params:
        descriptor = getattr(param, "type_descriptor", None)
        if descriptor is None or not hasattr(param, "_runtime_param"):
            continue
        info = descriptor.parameter_info
        kind = _kind(descriptor)
        if kind in _TURN and info.max is None and not descriptor.is_choice and not (info.exists or info.parser):
            param._runtime_param = Plain(kind, info.min)  # noqa: SLF001

"""The imports of every module, read from the source: no import is run."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "monitor"


@dataclass(frozen=True, slots=True)
class Import:
    """One import statement's target. only_typing: it stands under TYPE_CHECKING."""

    module: str
    target: str
    line: int
    inside_function: bool
    only_typing: bool

    @property
    def room(self) -> str:
        """The room that imports: the first name below `monitor`."""
        return self.module.split(".")[0]

    @property
    def top(self) -> str:
        return self.target.split(".")[0]

    def __str__(self) -> str:
        return f"monitor/{self.module.replace('.', '/')}.py:{self.line} imports {self.target}"


@cache
def imports() -> tuple[Import, ...]:
    """All of the package's."""
    found: list[Import] = []
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        module = ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)
        found += _of(ast.parse(path.read_text(), str(path)), module, path)
    return tuple(found)


def _of(tree: ast.AST, module: str, path: Path) -> Iterator[Import]:
    todo: list[tuple[ast.AST, bool, bool]] = [(tree, False, False)]
    while todo:
        node, inside, typing = todo.pop()
        if isinstance(node, ast.Import):
            for name in node.names:
                yield Import(module, name.name, node.lineno, inside, typing)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: a relative import"
            for name in node.names:
                # `from monitor import errors` reaches a room as `from monitor.errors import x` does
                target = f"{node.module}.{name.name}" if node.module == "monitor" else str(node.module)
                yield Import(module, target, node.lineno, inside, typing)
        is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for name, value in ast.iter_fields(node):
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    checks = isinstance(node, ast.If) and name == "body" and _is_type_checking(node.test)
                    todo.append((child, inside or is_function, typing or checks))


def _is_type_checking(test: ast.expr) -> bool:
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


def inner() -> list[Import]:
    """Imports of one room by another."""
    return [
        each
        for each in imports()
        if each.top == "monitor" and each.target != "monitor" and room_of(each.target) != each.room
    ]


def outer() -> list[Import]:
    """Imports of other people's libraries."""
    return [
        each
        for each in imports()
        if each.top not in sys.stdlib_module_names and each.top not in ("monitor", "__future__")
    ]


def room_of(target: str) -> str:
    """`monitor.feeds.parse` is in the room feeds; `monitor.__version__` in the package itself."""
    name = target.split(".")[1]
    return name if (PACKAGE / name).is_dir() or (PACKAGE / f"{name}.py").is_file() else "__init__"

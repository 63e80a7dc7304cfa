"""feeds.yaml's bytes to plain data, with the line and column of every key and value.

Positions come from the composed node tree, so that duplicate keys are all found (a loader stops at the first)
and no YAML tag ever makes a Python object: only texts, numbers, booleans, null, lists and mappings come out.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from monitor.config.plainfeeds import split
from monitor.config.problems import Path, Problem
from monitor.errors import ConfigError

MAX_BYTES = 5_000_000
#: values, aliases counted each time: no small file may unfold into a huge one
MAX_VALUES = 200_000

Place = tuple[int, int]


@dataclass(slots=True)
class Document:
    """What a feeds.yaml holds. places: of keys where a value has one, else of the value itself."""

    data: dict[str, Any]
    places: dict[Path, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    #: values that the environment has put over the file's, and the variables' names
    overrides: dict[Path, str] = field(default_factory=dict)

    def place(self, path: Path) -> Place:
        """Line and column of a path, or of the nearest thing around it that stands in the file."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, (0, 0))

    def problem(self, words: str, *path: str | int, hint: str | None = None) -> Problem:
        """A mistake at a path."""
        line, column = self.place(path)
        variable = next((name for over, name in self.overrides.items() if path[: len(over)] == over), None)
        return Problem(words=words, path=path, line=line, column=column, hint=hint, variable=variable)


def read_document(path: FilePath) -> Document:
    """The file's data and places; duplicate keys are in its problems. Raises ConfigError where nothing can be read."""
    return compose(decode(read_bytes(path), str(path)), str(path))


def read_bytes(path: FilePath) -> bytes:
    """The file's bytes. Raises ConfigError."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file; `monitor init` writes one") from None
    except IsADirectoryError:
        raise ConfigError(f"{path}: is a folder; name the file in it") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror or error})") from error
    if len(raw) > MAX_BYTES:
        raise ConfigError(f"{path}: is larger than {MAX_BYTES // 1_000_000} MB; this is not a feeds.yaml")
    return raw


def decode(raw: bytes, source: str) -> str:
    """Bytes to text: UTF-8, a byte order mark allowed. Raises ConfigError."""
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise ConfigError(f"{source}: is UTF-16; save it as UTF-8")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - raw.rfind(b"\n", 0, error.start)
        raise ConfigError(
            f"{source}:{line}:{column}: byte 0x{raw[error.start]:02x} is not UTF-8; "
            "if this is a feeds.yaml, save it as UTF-8"
        ) from None
    if "\0" in text:
        raise ConfigError(f"{source}: is a binary file, not a feeds.yaml")
    return text


def compose(text: str, source: str) -> Document:
    """A text's data and places. Raises ConfigError for what is not YAML, or not a mapping."""
    plain = split(text)
    if plain is None:
        return _compose(text, source)
    rest, (feeds, places) = plain
    document = _compose(rest, source)
    document.data["feeds"] = feeds
    document.places.update(places)
    return document


def _compose(text: str, source: str) -> Document:
    yaml = YAML(typ="rt", pure=True)
    try:
        node = yaml.compose(text)
    except MarkedYAMLError as error:
        raise ConfigError(_syntax_problem(error).text(source)) from None
    except (YAMLError, ValueError, RecursionError) as error:
        raise ConfigError(f"{source}: is not YAML ({str(error).splitlines()[0]})") from None
    if node is None:
        raise ConfigError(f"{source}: is empty; `monitor init --force` writes a new one over it")
    if not isinstance(node, MappingNode):
        mark = node.start_mark
        raise ConfigError(
            f"{source}:{mark.line + 1}:{mark.column + 1}: must begin with a section such as 'feeds:', "
            "not with a bare value or a list"
        )
    document = Document(data={})
    reader = _Reader(document, source)
    document.data = reader.mapping(node, ())
    return document


def _syntax_problem(error: MarkedYAMLError) -> Problem:
    mark = error.problem_mark or error.context_mark
    words = " ".join(str(error.problem or error.context or "is not YAML").split())
    if "'\\t'" in words:
        words = "a tab in the indentation; use spaces"
    line, column = (mark.line + 1, mark.column + 1) if mark is not None else (0, 0)
    return Problem(words=f"not YAML: {words}", line=line, column=column)


class _Reader:
    """Walks a node tree once, collecting values, places and duplicate keys."""

    def __init__(self, document: Document, source: str) -> None:
        self._document = document
        self._source = source
        self._open: set[int] = set()
        self._count = 0

    def mapping(self, node: MappingNode, path: Path) -> dict[str, Any]:
        self._enter(node)
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            mark = key_node.start_mark
            here = (mark.line + 1, mark.column + 1)
            if not isinstance(key_node, ScalarNode):
                self._note("a key must be a plain word", path, here)
                continue
            key = _whole(str(key_node.value))
            if key in values:
                first = self._document.places[(*path, key)]
                self._note(f"stands twice (first in line {first[0]})", (*path, key), here)
                continue
            self._document.places[(*path, key)] = here
            values[key] = self.value(value_node, (*path, key))
        self._open.discard(id(node))
        return values

    def value(self, node: Node, path: Path) -> Any:
        mark = node.start_mark
        self._document.places.setdefault(path, (mark.line + 1, mark.column + 1))
        if isinstance(node, MappingNode):
            return self.mapping(node, path)
        if isinstance(node, SequenceNode):
            self._enter(node)
            items = [self.value(item, (*path, number)) for number, item in enumerate(node.value)]
            self._open.discard(id(node))
            return items
        self._enter(node)
        self._open.discard(id(node))
        return _scalar(node.tag, _whole(str(node.value)))

    def _enter(self, node: Node) -> None:
        self._count += 1
        mark = node.start_mark
        place = f"{self._source}:{mark.line + 1}:{mark.column + 1}"
        if self._count > MAX_VALUES:
            raise ConfigError(f"{place}: unfolds into more than {MAX_VALUES} values; use fewer aliases")
        if id(node) in self._open:
            raise ConfigError(f"{place}: an alias that contains itself")
        self._open.add(id(node))

    def _note(self, words: str, path: Path, place: Place) -> None:
        self._document.problems.append(Problem(words=words, path=path, line=place[0], column=place[1]))


def _whole(text: str) -> str:
    r"""JSON's "\ud83d\ude00" is one letter, half of it is none."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _scalar(tag: object, text: str) -> Any:
    """YAML 1.2's core types; a date stays a text."""
    kind = str(tag).rsplit(":", 1)[-1]
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() == "true"
    if kind in ("int", "float"):
        try:
            return int(text.replace("_", ""), 0) if kind == "int" else float(text.replace("_", ""))
        except ValueError:
            return text
    return text

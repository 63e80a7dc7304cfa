"""Texts that a person names by a file: read line by line, and what cannot be read told in one line."""

from __future__ import annotations

import codecs
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from monitor.errors import DataError, NotFound, UsageError

#: a word that is meant as a file, whether there is one or not: a path, or a name with the ending of a text file
_PATH = re.compile(r"(?:\.{0,2}|~)/|\S+\.(?:txt|text|jsonl?|ndjson|csv|tsv|md|html?|xml|log)\Z", re.I)


def lines_of(path: Path) -> Iterator[str]:
    """The lines of a UTF-8 file, or of stdin for `-`. Raises NotFound, DataError with the line's number."""
    if str(path) == "-":
        yield from _decoded(sys.stdin.buffer, "stdin")
        return
    if path.is_dir():
        raise DataError(f"{path}: a folder; name a file in it")
    try:
        with path.open("rb") as file:
            yield from _decoded(file, str(path))
    except FileNotFoundError:
        raise NotFound(f"{path}: no such file") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from error


def _decoded(file: BinaryIO, name: str) -> Iterator[str]:
    for number, raw in enumerate(file, 1):
        if number == 1:
            raw = raw.removeprefix(codecs.BOM_UTF8)
        if b"\0" in raw:
            raise DataError(f"{name}: a binary file; text in UTF-8 is needed, one a line")
        try:
            yield raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise DataError(f"{name}:{number}: not UTF-8 ({error.reason}); save it as UTF-8") from None


def refuse_path(words: Sequence[str]) -> None:
    """A single word that is a file's name was not meant as a title. Raises NotFound, DataError, UsageError."""
    if len(words) != 1 or not _PATH.match(words[0]) or re.search(r"\s", words[0].strip()):
        return
    path = Path(words[0])
    if path.is_dir():
        raise DataError(f"{path}: a folder; --file FILE reads the titles of a file")
    if not path.exists():
        raise NotFound(f"{path}: no such file; --file FILE reads one, and a title is given in quotes")
    raise UsageError(f"{path} is a file: `monitor classify --file {path}` reads it")

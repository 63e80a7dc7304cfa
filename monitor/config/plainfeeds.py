"""The feeds of a feeds.yaml that are written in the plain way, read without a YAML parser.

A thousand feeds take ruamel.yaml half a second, which every `monitor poll` would pay. Nearly always they are a list of
flat mappings of plain words: these are read here line by line. At the first thing that is not plain (a quote with an
escape, a list, a text over two lines, a key twice) all is left to the parser, so that nothing is read in two ways.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from monitor.config.problems import Path

Place = tuple[int, int]
Feeds = tuple[list[dict[str, Any]], dict[Path, Place]]

_SECTION = re.compile(r"^feeds:[ ]*(?:#.*)?$", re.M)
_KEY = r"([A-Za-z_][A-Za-z0-9_-]*):[ ]+(\S.*)"
_ITEM = re.compile(rf"([ ]*)-([ ]+){_KEY}\Z")
_PAIR = re.compile(rf"([ ]+){_KEY}\Z")
#: line breaks and marks that YAML sees and a line here does not
_STRANGE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]")
_COMMENT = re.compile(r"[ ]+#.*\Z")
_QUOTED = re.compile(r"'([^']*)'|\"([^\"\\]*)\"")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,8}")
#: a letter that no number and no date has
_WORDY = re.compile(r"[g-nqr-wyzG-NQR-WYZ]")
_WORDS = {"true": True, "false": False}
_SPECIAL = frozenset(("null", "true", "false", "yes", "no", "on", "off", "y", "n"))
#: items times keys; more is the parser's affair, which counts
_MOST = 100_000


def split(text: str) -> tuple[str, Feeds] | None:
    """(the text with its feeds left blank, the feeds and where their keys stand); None where they are not plain.

    Lines keep their numbers. Places are of keys below ``("feeds", number)``, and of each item itself.
    """
    found = _SECTION.findall(text)
    head = _SECTION.search(text)
    if len(found) != 1 or head is None:
        return None
    before = text[: head.end()]
    lines = text[head.end() + 1 :].split("\n")
    end = next((n for n, line in enumerate(lines) if line[:1] not in ("", " ", "#", "-")), len(lines))
    section = lines[:end]
    feeds = _read(section, before.count("\n") + 2) if not _STRANGE.search("\n".join(section)) else None
    if feeds is None:
        return None
    rest = [""] * len(section) + lines[end:]
    return "\n".join([before, *rest]), feeds


def _read(lines: Sequence[str], first: int) -> Feeds | None:
    items: list[dict[str, Any]] = []
    places: dict[Path, Place] = {}
    dash = column = -1
    for number, line in enumerate(lines, first):
        bare = line.strip(" ")
        if not bare or bare[0] == "#":
            continue
        if match := _ITEM.match(line):
            indent, gap, key, raw = match.groups()
            if dash not in (-1, len(indent)):
                return None
            dash, column = len(indent), len(indent) + 1 + len(gap)
            items.append({})
            places["feeds", len(items) - 1] = (number, column + 1)
        else:
            match = _PAIR.match(line)
            if match is None or not items or len(match[1]) != column:
                return None
            _, key, raw = match.groups()
        value = _value(raw)
        if value is None or key in items[-1] or len(places) > _MOST:
            return None
        items[-1][key] = value
        places["feeds", len(items) - 1, key] = (number, column + 1)
    return (items, places) if items else None


def _value(raw: str) -> Any:
    """A text, number or truth; None for what is not plain."""
    text = _COMMENT.sub("", raw).rstrip(" ") if " #" in raw else raw.rstrip(" ")
    if text[0] in "'\"":
        quoted = _QUOTED.fullmatch(text)
        return None if quoted is None else quoted[1] if quoted[1] is not None else quoted[2]
    if ": " in text or text[-1] == ":":
        return None
    if text[0].isalpha():
        lower = text.lower()
        return text if lower not in _SPECIAL else _WORDS.get(text)
    if text[0].isdigit() and text.isascii():
        return int(text) if _NUMBER.fullmatch(text) else text if _WORDY.search(text) else None
    return None


__all__ = ["Feeds", "split"]

"""A mistake in a configuration: where it stands, what is wrong, and what was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

#: path of a value in the document: keys and list positions
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One mistake. line and column count from 1; 0 where the mistake has no place in a file."""

    words: str
    path: Path = ()
    line: int = 0
    column: int = 0
    hint: str | None = None
    #: the environment variable that said it, if no file did
    variable: str | None = None

    def text(self, source: str) -> str:
        """``feeds.yaml:12:5: feeds[3].url: what is wrong; did you mean 'x'?``"""
        place = f"{source}:{self.line}:{self.column}" if self.line else source
        where = f"{place}: {dotted(self.path)}" if self.path else place
        if self.variable:
            where = f"environment: {self.variable}"
        hint = f"; did you mean '{self.hint}'?" if self.hint else ""
        return f"{where}: {self.words}{hint}"


def dotted(path: Path) -> str:
    """``feeds[3].url`` of ("feeds", 3, "url"). List positions count from 0, as in jq and Python."""
    words = ""
    for step in path:
        words += f"[{step}]" if isinstance(step, int) else f".{step}" if words else step
    return words


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant, or None."""
    by_lower = {name.lower(): name for name in known}
    found = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None

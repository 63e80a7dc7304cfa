"""What keeps two entries apart or binds them, whatever the numbers say. Few and sure: each names its reason."""

from __future__ import annotations

from typing import Final

from monitor.stories.pairs import Weigher, same_sum
from monitor.stories.sketch import Sketch

#: kinds in which another sum and other names mean another deal
DEALS: Final = frozenset({"funding", "acquisition", "ipo"})
#: a name that tells less than this (OpenAI on a day when all speak of it) does not bind two deals
TELLING: Final = 2.0
#: and one that tells less than this (AI) is no name of anybody
NAMED: Final = 1.0
BOND_NAMES: Final = 2
BOND_HOURS: Final = 48.0
#: digits from which a sum is one of a kind: $26.6 billion is somebody's, a billion is anybody's
OWN_DIGITS: Final = 2


def veto(a: Sketch, b: Sketch, weight: Weigher) -> str | None:
    """Why these two cannot be of one story; None if nothing forbids it."""
    if a.apart != b.apart:
        return "a round-up or live page is not one event"
    if a.companies and b.companies and not a.companies & b.companies:
        return f"other companies: {_some(a.companies)} / {_some(b.companies)}"
    for family in a.title_versions.keys() & b.title_versions.keys():
        ours, theirs = a.title_versions[family], b.title_versions[family]
        if not ours & theirs:
            return f"other version: {family} {_some(ours)} / {_some(theirs)}"
    if _other_deal(a, b, weight):
        return "another deal: other names and another sum"
    return None


def _other_deal(a: Sketch, b: Sketch, weight: Weigher) -> bool:
    if not a.kinds & b.kinds & DEALS or not a.title_sums or not b.title_sums or not a.title_names or not b.title_names:
        return False
    if any(same_sum(one, two) for one in a.sums for two in b.sums):
        return False
    return all(weight[name] < TELLING for name in a.names & b.names)


def bond(a: Sketch, b: Sketch, weight: Weigher) -> str | None:
    """Why these two must be of one story; None if nothing says so.

    The same sum and the same two names in both titles within two days: what binds a deal's tellings over languages,
    where words tell little. One name is enough where it tells something, the sum has two digits and no more than one of
    the titles names somebody else. In the labelled windows 139 and 42 such pairs, all of one story.
    """
    if abs(a.hour - b.hour) > BOND_HOURS or not a.title_sums or not b.title_sums:
        return None
    names = {name for name in a.title_names & b.title_names if name.isalpha() and weight[name] >= NAMED}
    sums = [one for one in a.title_sums for two in b.title_sums if same_sum(one, two)]
    told = any(weight[name] >= TELLING for name in names) and any(_digits(units) >= OWN_DIGITS for _, units in sums)
    # who invests the same in two firms: each title has a name of its own
    told = told and not (_names_more(a, b, weight) and _names_more(b, a, weight))
    if not sums or not (len(names) >= BOND_NAMES or told):
        return None
    return f"the same sum and names: {_some(frozenset(names))}"


def _names_more(one: Sketch, other: Sketch, weight: Weigher) -> bool:
    return any(weight[name] >= TELLING for name in one.title_names - other.title_names if name.isalpha())


def _digits(units: float) -> int:
    """How many digits of a sum are told: two of 26,000,000,000."""
    return len(f"{units:.0f}".rstrip("0"))


def _some(found: frozenset[str]) -> str:
    return ", ".join(sorted(found)[:2])

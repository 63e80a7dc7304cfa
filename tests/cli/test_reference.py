"""The documentation of commands is what `--help` says, and README names no command or option that is not there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from monitor.cli.groups import load
from monitor.cli.reference import reference
from monitor.cli.table import COMMANDS, Branch, Leaf

ROOT = Path(__file__).resolve().parent.parent.parent
LEAVES: dict[str, Leaf] = {
    (f"{c.name} {leaf.name}" if isinstance(c, Branch) else leaf.name): leaf
    for c in COMMANDS
    for leaf in (c.leaves if isinstance(c, Branch) else (c,))
}
_CALL = re.compile(r"(?:^|`)(?:\S*/)?monitor ([a-z][^`#|\n]*)", re.M)


def test_commands_md_is_what_help_says() -> None:
    page = (ROOT / "docs" / "commands.md").read_text()
    assert page == reference(), "run: python -m monitor.cli.reference > docs/commands.md"


@pytest.mark.parametrize("page", ["README.md", "docs/operating.md", "docs/configuration.md", "docs/channels.md"])
def test_pages_name_only_commands_and_options_that_are_there(page: str) -> None:
    path = ROOT / page
    if not path.exists():
        pytest.skip(f"{page} is not written")
    later = {"serve", "mcp", "topics", "label", "train", "reclassify", "import"}
    for call in _CALL.findall(path.read_text()):
        words = call.split()
        name = " ".join(words[:2]) if " ".join(words[:2]) in LEAVES else words[0]
        if name not in LEAVES:
            assert words[0] in later or any(c.name == words[0] for c in COMMANDS), f"{page}: monitor {call}"
            continue
        known = {o for p in load(LEAVES[name]).params for o in (*p.opts, *p.secondary_opts)}
        for option in re.findall(r"(?<=\s)--[a-z-]+", call):
            assert option in known, f"{page}: monitor {call}"

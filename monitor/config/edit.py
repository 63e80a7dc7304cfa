"""`feeds add / remove / import` and `topics add / remove`: feeds.yaml is changed where it must be, and nowhere else.

A YAML library writes a file anew and moves comments; here its node tree only tells which lines an item takes, and
those are cut out or put in. All other bytes stay. The result is read again before it replaces the file.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from monitor.config.build import same_address
from monitor.config.problems import nearest
from monitor.config.render import feed_lines, topic_lines
from monitor.config.source import compose, decode, read_bytes
from monitor.errors import CannotCreate, ConfigError, NotFound, UsageError
from monitor.paths import FeedsFile
from monitor.types import FeedSpec, TopicSpec


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did. skipped: their address stands in the file already."""

    added: tuple[FeedSpec, ...]
    skipped: tuple[FeedSpec, ...]


def own_file(source: FeedsFile) -> Path:
    """The file that may be edited. Raises UsageError for the one that ships."""
    if source.is_default:
        raise UsageError(f"{source.path}: the default that ships is not edited; `monitor init` makes one of your own")
    return source.path


def add_feed(path: Path, spec: FeedSpec) -> None:
    """Adds a feed at the list's end. Raises UsageError when its id or address is taken, ConfigError, CannotCreate."""
    text = _Text.read(path)
    for feed in text.items("feeds"):
        if feed.get("id") == spec.id:
            raise UsageError(f"{path}: a feed '{spec.id}' is there already; choose another id")
        if same_address(str(feed.get("url"))) == same_address(spec.url):
            raise UsageError(f"{path}: {spec.url} is there already, as feed '{feed.get('id')}'")
    text.append("feeds", [feed_lines(spec)])
    text.write(path)


def import_feeds(path: Path, specs: Sequence[FeedSpec]) -> Imported:
    """Adds those whose address is new; an id that is taken gets a number. Raises as `add_feed`."""
    text = _Text.read(path)
    ids = {str(feed.get("id")) for feed in text.items("feeds")}
    addresses = {same_address(str(feed.get("url"))) for feed in text.items("feeds")}
    added: list[FeedSpec] = []
    skipped: list[FeedSpec] = []
    for spec in specs:
        if same_address(spec.url) in addresses:
            skipped.append(spec)
            continue
        fresh = replace(spec, id=_free(spec.id, ids))
        ids.add(fresh.id)
        addresses.add(same_address(fresh.url))
        added.append(fresh)
    if added:
        text.append("feeds", [feed_lines(spec) for spec in added])
        text.write(path)
    return Imported(tuple(added), tuple(skipped))


def remove_feed(path: Path, feed_id: str) -> None:
    """Removes a feed with the comment that stands right above it. Raises NotFound, ConfigError, CannotCreate."""
    text = _Text.read(path)
    ids = [str(feed.get("id")) for feed in text.items("feeds")]
    if feed_id not in ids:
        hint = nearest(feed_id, ids)
        raise NotFound(f"{path}: no feed is called '{feed_id}'" + (f"; did you mean '{hint}'?" if hint else ""))
    text.remove("feeds", ids.index(feed_id))
    text.write(path)


def add_topic(path: Path, spec: TopicSpec) -> None:
    """Adds a topic. Raises UsageError when there is one of that name, ConfigError, CannotCreate."""
    text = _Text.read(path)
    if spec.name in (topic.get("name") for topic in text.items("topics")):
        raise UsageError(f"{path}: a topic '{spec.name}' is there already; edit it there")
    text.append("topics", [topic_lines(spec)])
    text.write(path)


def remove_topic(path: Path, name: str) -> None:
    """Removes a topic with the comment that stands right above it. Raises NotFound, ConfigError, CannotCreate.

    A digest or an alert that still names it is a mistake that is told here, before anything is written.
    """
    text = _Text.read(path)
    names = [str(topic.get("name")) for topic in text.items("topics")]
    if name not in names:
        hint = nearest(name, names)
        raise NotFound(f"{path}: no topic is called '{name}'" + (f"; did you mean '{hint}'?" if hint else ""))
    if user := text.user_of_topic(name):
        raise UsageError(f"{path}: {user} still asks for topic '{name}'; take it out there first")
    text.remove("topics", names.index(name))
    text.write(path)


def _free(name: str, taken: set[str]) -> str:
    number, free = 2, name
    while free in taken:
        free, number = f"{name}-{number}", number + 1
    return free


class _Text:
    """A file's lines beside what they mean."""

    def __init__(self, raw: bytes, source: str) -> None:
        text = decode(raw, source)
        self._raw = raw
        self._source = source
        self._bom = b"\xef\xbb\xbf" if raw.startswith(b"\xef\xbb\xbf") else b""
        self._newline = "\r\n" if "\r\n" in text else "\n"
        self._data: dict[str, Any] = compose(text, source).data
        self._lines = text.splitlines()
        root = YAML(typ="rt", pure=True).compose(text)
        assert isinstance(root, MappingNode)
        self._root = root
        self._expected: dict[str, Any] | None = None

    @classmethod
    def read(cls, path: Path) -> _Text:
        return cls(read_bytes(path), str(path))

    def items(self, section: str) -> list[dict[str, Any]]:
        """The mappings of a section."""
        found = self._data.get(section) or []
        if not isinstance(found, list):
            raise ConfigError(f"{self._source}: {section}: must be a list; `monitor check-config` says more")
        return [item if isinstance(item, dict) else {} for item in found]

    def user_of_topic(self, name: str) -> str:
        """Which digest or alert asks for a topic; "" where none does."""
        for section, word in (("digests", "digest"), ("alerts", "alert")):
            for item in self.items(section):
                asked = [item.get("select"), *(item.get("sections") or [])]
                wanted = [part.get("topics") or [] for part in asked if isinstance(part, dict)]
                if any(name == each or (isinstance(each, list) and name in each) for each in wanted):
                    return f"{word} '{item.get('name')}'"
        return ""

    def append(self, section: str, blocks: list[list[str]]) -> None:
        """Puts items behind a section's last one; makes the section where there is none."""
        key, value = self._section(section)
        if key is None:
            self._lines += ["", f"{section}:"]
            at, indent, spaced = len(self._lines), 2, len(blocks) > 1
        elif isinstance(value, SequenceNode) and value.value:
            self._refuse_flow(section, value)
            at = _last_line(value.value[-1]) + 1
            indent = value.start_mark.column
            spaced = self._is_spaced(value)
        else:
            self._refuse_flow(section, value)
            at, indent, spaced = key.start_mark.line + 1, 2, False
        lines: list[str] = []
        for number, block in enumerate(blocks):
            if spaced and (number > 0 or key is not None):
                lines.append("")
            lines += [f"{' ' * indent}{line}" for line in block]
        self._lines[at:at] = lines
        self._check(section, added=len(blocks))

    def remove(self, section: str, number: int) -> None:
        """Cuts out one item, its own comment above it, and one of the empty lines around it."""
        _, value = self._section(section)
        assert isinstance(value, SequenceNode)
        self._refuse_flow(section, value)
        first = value.value[number].start_mark.line
        last = _last_line(value.value[number])
        column = value.start_mark.column
        while first > 0 and self._is_comment_at(self._lines[first - 1], column):
            first -= 1
        empty_before = first == 0 or not self._lines[first - 1].strip()
        if empty_before and last + 1 < len(self._lines) and not self._lines[last + 1].strip():
            last += 1
        elif empty_before and first > 0 and last + 1 == len(self._lines):
            first -= 1
        del self._lines[first : last + 1]
        self._check(section, removed=number)

    @staticmethod
    def _is_comment_at(line: str, column: int) -> bool:
        """A comment at the items' own column, and no heading of many dashes."""
        words = line.strip()
        return words.startswith("#") and line.index("#") == column and "----" not in words

    def write(self, path: Path) -> None:
        """Replaces the file, whole or not at all, with its mode. Raises CannotCreate."""
        raw = self._bom + (self._newline.join(self._lines) + self._newline).encode()
        target = path.resolve()  # a link stays a link
        spare = ""
        try:
            if target.read_bytes() != self._raw:
                raise CannotCreate(f"{path}: was changed meanwhile by somebody else; try again")
            descriptor, spare = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
            with os.fdopen(descriptor, "wb") as file:
                file.write(raw)
                file.flush()
                os.fsync(file.fileno())
            status = target.stat()
            os.chmod(spare, status.st_mode & 0o7777)  # noqa: PTH101
            if (status.st_uid, status.st_gid) != (os.geteuid(), os.getegid()):
                os.chown(spare, status.st_uid, status.st_gid)
            os.replace(spare, target)  # noqa: PTH105
        except OSError as error:
            if spare:
                Path(spare).unlink(missing_ok=True)
            raise CannotCreate(
                f"{path}: cannot be written ({error.strerror or error}); edit it by hand, or name another with --config"
            ) from error

    def _section(self, section: str) -> tuple[Node, Node] | tuple[None, None]:
        for key, value in self._root.value:
            if isinstance(key, ScalarNode) and key.value == section:
                return key, value
        return None, None

    def _refuse_flow(self, section: str, value: Node | None) -> None:
        if value is not None and getattr(value, "flow_style", False):
            line = value.start_mark.line + 1
            raise ConfigError(
                f"{self._source}:{line}: {section} is written in brackets; write it as a list with '- ' to edit it here"
            )

    def _is_spaced(self, value: SequenceNode) -> bool:
        """Its items are set apart by empty lines."""
        if len(value.value) < 2:
            return False
        before = value.value[-1].start_mark.line - 1
        while before > 0 and self._lines[before].lstrip().startswith("#"):
            before -= 1
        return not self._lines[before].strip()

    def _check(self, section: str, *, added: int = 0, removed: int | None = None) -> None:
        """What was cut or put in must be what was meant, and the rest must mean what it did."""
        after = compose(self._newline.join(self._lines) + self._newline, self._source).data
        expected = dict(self._data)
        items = list(expected.get(section) or [])
        now = list(after.get(section) or [])
        if removed is not None:
            del items[removed]
        fits = now[: len(items)] == items and len(now) == len(items) + added
        expected.pop(section, None)
        after.pop(section, None)
        if not fits or expected != after:
            raise ConfigError(
                f"{self._source}: {section} is written in a way that cannot be edited from here; edit it by hand"
            )


def _last_line(node: Node) -> int:
    """The last line that a value takes; a block's end mark lies behind the comments that follow it."""
    if isinstance(node, MappingNode) and node.value:
        return max(_last_line(each) for pair in node.value for each in pair)
    if isinstance(node, SequenceNode) and node.value:
        return max(_last_line(each) for each in node.value)
    mark = node.end_mark
    line = int(mark.line)
    # a scalar in the | or > style ends at the next line's begin
    return line - 1 if mark.column == 0 and line > node.start_mark.line else line

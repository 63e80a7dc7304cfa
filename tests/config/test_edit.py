"""Editing feeds.yaml: what was meant is done, and no other byte is touched."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.config import load_config
from monitor.config.edit import add_feed, add_topic, import_feeds, own_file, remove_feed
from monitor.config.render import feed_lines, scalar
from monitor.config.source import compose
from monitor.errors import CannotCreate, ConfigError, NotFound, UsageError
from monitor.paths import FeedsFile
from monitor.resources import default_feeds_yaml
from monitor.types import FeedSpec, Secret, TopicSpec

NEW = FeedSpec(id="new", name="New: one", url="https://new.example.com/feed?a=1#b", category="lab", authority=3)

OWN = """\
# my feeds

settings: {time_zone: UTC}   # mine

feeds:

  # the first
  - id: a   # keep me
    url: https://example.com/a
    name: A

  # ---- a group

  # about b
  # and more
  - id: b
    url: https://example.com/b
    name: B
    headers:
      Accept: text/xml

  - {id: c, url: https://example.com/c, name: C}  # on one line

# the end
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "feeds.yaml"
    path.write_text(OWN)
    return path


def ids(path: Path) -> list[str]:
    return [feed.id for feed in load_config(path, {}).feeds]


def test_add_puts_it_last_and_changes_nothing_else(file: Path) -> None:
    add_feed(file, NEW)
    added = """
  - id: new
    name: "New: one"
    url: https://new.example.com/feed?a=1#b
    category: lab
    language: en
"""
    assert file.read_text() == OWN.replace("# on one line\n", "# on one line\n" + added)
    assert load_config(file, {}).feeds[-1] == NEW


@pytest.mark.parametrize(
    ("feed_id", "gone"),
    [
        ("a", "  # the first\n  - id: a   # keep me\n    url: https://example.com/a\n    name: A\n\n"),
        (
            "b",
            "  # about b\n  # and more\n  - id: b\n    url: https://example.com/b\n    name: B\n    headers:\n"
            "      Accept: text/xml\n\n",
        ),
        ("c", "  - {id: c, url: https://example.com/c, name: C}  # on one line\n\n"),
    ],
)
def test_remove_takes_the_feed_and_its_own_comment(file: Path, feed_id: str, gone: str) -> None:
    remove_feed(file, feed_id)
    assert gone in OWN
    assert file.read_text() == OWN.replace(gone, "")


def test_every_feed_of_the_default_can_be_removed_and_the_rest_stays(tmp_path: Path) -> None:
    file = tmp_path / "feeds.yaml"
    original = default_feeds_yaml().read_text()
    for feed in load_config(default_feeds_yaml(), {}).feeds[::30]:
        file.write_text(original)
        remove_feed(file, feed.id)
        left = file.read_text().splitlines()
        taken = [line for line in original.splitlines() if line not in left]
        assert len(original.splitlines()) - len(left) <= 9
        assert all(line.startswith(("  - id:", "    ", "  #")) for line in taken)
        assert feed.id not in ids(file)


def test_add_then_remove_gives_every_byte_back(tmp_path: Path) -> None:
    for text in (OWN, default_feeds_yaml().read_text(), OWN.replace("\n# the end\n", "")):
        file = tmp_path / "feeds.yaml"
        file.write_text(text)
        add_feed(file, NEW)
        remove_feed(file, "new")
        assert file.read_text() == text


@pytest.mark.parametrize(
    "text", ["feeds:\n", "# only words\nsettings: {}\nfeeds:\n  # none yet\n", "settings: {}\n", "settings: {}"]
)
def test_the_first_feed(tmp_path: Path, text: str) -> None:
    file = tmp_path / "feeds.yaml"
    file.write_text(text)
    add_feed(file, NEW)
    assert ids(file) == ["new"]
    assert file.read_text().startswith(text.rstrip("\n").split("feeds:")[0].rstrip("\n"))


def test_the_file_s_own_line_ends_mark_and_mode_stay(file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbf" + OWN.replace("\n", "\r\n").encode())
    file.chmod(0o640)
    add_feed(file, NEW)
    raw = file.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf#")
    assert raw.count(b"\n") == raw.count(b"\r\n")
    assert file.stat().st_mode & 0o777 == 0o640
    assert [each.name for each in file.parent.iterdir()] == ["feeds.yaml"], "no temporary file is left"


def test_a_link_stays_a_link(file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.yaml"
    link.symlink_to(file)
    add_feed(link, NEW)
    assert link.is_symlink()
    assert "new" in ids(file)


def test_what_is_there_already_is_refused(file: Path) -> None:
    with pytest.raises(UsageError, match=r"a feed 'a' is there already; choose another id"):
        add_feed(file, FeedSpec(id="a", name="x", url="https://x.example.com/"))
    with pytest.raises(UsageError, match=r"is there already, as feed 'b'"):
        add_feed(file, FeedSpec(id="x", name="x", url="http://www.example.com/b/"))
    with pytest.raises(UsageError, match="by hand"):
        add_feed(file, FeedSpec(id="x", name="x", url="https://x.example.com/", password=Secret("p")))
    assert file.read_text() == OWN


def test_remove_of_what_is_not_there_names_the_nearest(file: Path) -> None:
    add_feed(file, FeedSpec(id="techcrunch", name="x", url="https://x.example.com/"))
    with pytest.raises(NotFound, match=r"no feed is called 'techcrunhc'; did you mean 'techcrunch'\?"):
        remove_feed(file, "techcrunhc")


def test_import_skips_known_addresses_and_numbers_taken_ids(file: Path) -> None:
    done = import_feeds(
        file,
        [
            FeedSpec(id="a", name="Another A", url="https://other.example.com/a"),
            FeedSpec(id="a", name="A third", url="https://third.example.com/a"),
            FeedSpec(id="z", name="B again", url="http://example.com/b"),
            FeedSpec(id="y", name="Twice", url="https://third.example.com/a"),
        ],
    )
    assert [feed.id for feed in done.added] == ["a-2", "a-3"]
    assert [feed.id for feed in done.skipped] == ["z", "y"]
    assert ids(file) == ["a", "b", "c", "a-2", "a-3"]


def test_an_import_of_nothing_new_does_not_touch_the_file(file: Path) -> None:
    before = file.stat().st_mtime_ns
    assert import_feeds(file, [FeedSpec(id="x", name="A", url="https://example.com/a")]).added == ()
    assert file.stat().st_mtime_ns == before


def test_a_list_in_brackets_is_refused_with_words(tmp_path: Path) -> None:
    file = tmp_path / "feeds.yaml"
    file.write_text("feeds: [{id: a, name: A, url: https://example.com/a}]\n")
    for edit in (lambda: add_feed(file, NEW), lambda: remove_feed(file, "a")):
        with pytest.raises(ConfigError, match=r"feeds.yaml:1: feeds is written in brackets"):
            edit()


def test_a_folder_that_is_read_only(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("tempfile.mkstemp", refuse)  # root may write everywhere
    with pytest.raises(CannotCreate, match=r"feeds.yaml: cannot be written \(Read-only file system\); edit it by hand"):
        add_feed(file, NEW)
    assert file.read_text() == OWN


def test_a_disk_that_is_full_leaves_the_old_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CannotCreate, match="No space left on device"):
        add_feed(file, NEW)
    assert file.read_text() == OWN
    assert [each.name for each in file.parent.iterdir()] == ["feeds.yaml"]


def test_the_default_that_ships_is_not_edited(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="`monitor init` makes one of your own"):
        own_file(FeedsFile(path=default_feeds_yaml(), origin="default"))
    assert own_file(FeedsFile(path=tmp_path, origin="flag")) == tmp_path


def test_a_topic(file: Path) -> None:
    topic = TopicSpec(
        name="chips", description="Chips: who buys them.\nAnd more.", keywords=("HBM", "yes"), threshold=0.4
    )
    add_topic(file, topic)
    assert load_config(file, {}).topics == (topic,)
    assert file.read_text().startswith(OWN)
    with pytest.raises(UsageError, match="a topic 'chips' is there already"):
        add_topic(file, topic)


@given(st.text(max_size=60))
def test_any_text_is_written_so_that_it_is_read_again(text: str) -> None:
    whole = text.encode("utf-8", "replace").decode()
    assert compose(f"a: {scalar(whole)}\n", "").data == {"a": whole}


@given(
    name=st.text(min_size=1, max_size=40).filter(lambda text: text.strip()),
    hours=st.integers(1, 100),
    authority=st.integers(0, 3),
    enabled=st.booleans(),
    aggregator=st.booleans(),
)
def test_any_feed_is_written_so_that_it_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, name: str, hours: int, authority: int, enabled: bool, aggregator: bool
) -> None:
    spec = FeedSpec(
        id="x",
        url="https://example.com/x",
        name=name.encode("utf-8", "replace").decode(),
        interval=timedelta(hours=hours),
        authority=authority,
        enabled=enabled,
        aggregator=aggregator,
    )
    file = tmp_path_factory.mktemp("edit") / "feeds.yaml"
    file.write_text("feeds:\n" + "\n".join(f"  {line}" for line in feed_lines(spec)) + "\n")
    assert load_config(file, {}).feeds == (spec,)

"""A digest goes out in its readers' language where somebody tells the story in it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from monitor.stories.merge import merge_story
from monitor.types import ChannelSpec, Tag
from tests.deliver.rig import Keeper, Rig
from tests.digest.fixtures import MONDAY, SPEC, story
from tests.stories.test_leads import told

ADA = ChannelSpec(name="mail", kind="webhook", recipients=("ada",))
CHINESE = told(1, "Larkspur 完成6.4亿美元融资", authority=3)
ENGLISH = told(2, "Larkspur raises $640 million", "Halden leads the $640 million round of Larkspur, based in Lyon.")


def sent_to(folder: Path, *languages: str) -> str:
    merged = merge_story([CHINESE, ENGLISH])
    one = story(1, merged.title, tags=(Tag.FUNDING,), entry_count=2, publishers=merged.publishers)
    keeper = Keeper("mail")
    spec = replace(SPEC, reader_languages=languages)
    rig = Rig(folder, digests=[spec], channel_specs=[ADA], channels={"mail": keeper}, stories=[one])
    rig.stories.entries[1] = [(part.entry, part.read) for part in (CHINESE, ENGLISH)]
    rig.clock.set(MONDAY)
    asyncio.run(rig.deliverer.run_due())
    [delivery] = keeper.got
    return str(delivery.part.text)


def test_it_is_told_in_the_readers_language(tmp_path: Path) -> None:
    text = sent_to(tmp_path, "en")
    assert ENGLISH.entry.title in text
    assert CHINESE.entry.title not in text
    assert str(ENGLISH.entry.url) in text


def test_without_one_it_is_told_as_it_was_first(tmp_path: Path) -> None:
    assert CHINESE.entry.title in sent_to(tmp_path)

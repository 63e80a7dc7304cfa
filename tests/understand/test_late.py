"""What is understood days after it came is told once, then; what is only read again is no news."""

from __future__ import annotations

from datetime import datetime, timedelta

from monitor.types import Selection, Story
from tests.archive.conftest import archive, empty_file, empty_schema, url
from tests.archive.samples import labelled
from tests.archive.test_deliveries import MAIL, sent
from tests.stories.world import DEAL, START
from tests.understand.test_understand import GARDEN, BrokenClassifier, Desk, PickyClassifier, lonely

__all__ = ["archive", "empty_file", "empty_schema", "url"]

DAY = 24 * 3600.0


def news(desk: Desk, since: datetime) -> list[Story]:
    """What a digest with that look-back has to choose from."""
    return desk.archive.stories.arrived(Selection(), since, desk.clock.now())


def one_day(desk: Desk) -> datetime:
    return desk.clock.now() - timedelta(days=1)


def test_a_model_that_was_missing_for_days_loses_no_news(desk: Desk) -> None:
    desk.arrive(*DEAL[:2])
    desk.understander(classifier=BrokenClassifier()).run()
    desk.clock.advance(5 * DAY)
    desk.understander().run()
    [story] = news(desk, one_day(desk))
    assert (story.news_at, story.last_seen_at) == (desk.clock.now(), START)


def test_what_was_set_aside_is_news_when_it_is_taken_up(desk: Desk) -> None:
    desk.arrive(("Larkspur AI raises $640 million, no poison", ""))
    pipeline = desk.understander(classifier=PickyClassifier(), version="1")
    assert pipeline.run().poisonous
    desk.clock.advance(9 * DAY)
    desk.understander(version="2").run()
    assert len(news(desk, one_day(desk))) == 1


def test_it_stays_news_when_its_story_is_told_again(desk: Desk) -> None:
    numbers = desk.arrive(*DEAL[:2])
    desk.clock.advance(5 * DAY)
    pipeline = desk.understander()
    pipeline.run()
    at = desk.clock.now()
    desk.clock.advance(3600)
    silent = desk.arrive(DEAL[3], hours=24, announce=False)
    desk.archive.entries.read_again()
    pipeline.run()
    assert desk.stories_of(silent) == desk.stories_of(numbers[:1])
    [story] = news(desk, one_day(desk))
    assert (story.entry_count, story.news_at) == (3, at)
    pipeline.retell([story.id])
    assert [again.news_at for again in news(desk, one_day(desk))] == [at]


def test_it_stays_news_when_a_person_merges_it(desk: Desk) -> None:
    desk.arrive(DEAL[0], ("Corvane raises $95 million Series B", "Ostrava Capital led it in Prague."))
    desk.clock.advance(5 * DAY)
    desk.understander().run()
    one, two = sorted(story.id for story in news(desk, one_day(desk)))
    at = desk.clock.now()
    desk.archive.stories.merge(one, [two], at)
    assert [(story.id, story.news_at) for story in news(desk, one_day(desk))] == [(one, at)]


def test_what_is_read_at_once_is_news_from_when_it_came(desk: Desk) -> None:
    desk.arrive(*DEAL[:2], hours=11.5)
    desk.understander().run()
    [story] = news(desk, one_day(desk))
    assert story.news_at == START + timedelta(hours=11.5)


def test_what_is_no_news_does_not_become_it_late(desk: Desk) -> None:
    numbers = desk.arrive(*DEAL[:2], announce=False)
    desk.clock.advance(5 * DAY)
    desk.understander().run()
    assert None not in desk.stories_of(numbers)
    assert news(desk, START - timedelta(days=1)) == []


def test_another_model_floods_no_digest_with_what_it_finds_in_old_entries(desk: Desk) -> None:
    """They were read in time: it is another reading of them that comes late."""
    [garden, deal] = desk.arrive(GARDEN, DEAL[0])
    empty = labelled(model_id="keywords-0", tags=(), scores={})
    desk.archive.stories.apply({garden: empty, deal: empty}, {}, [], desk.clock.now())
    desk.clock.advance(5 * DAY)
    report = desk.understander().run()
    assert report.entries == 0, "nothing is pending: the days before are not looked at until something is"
    fresh = desk.arrive(("Corvane raises $95 million Series B", "Ostrava Capital led it in Prague."), hours=131.5)
    assert desk.understander().run().entries == 3
    assert [story.id for story in news(desk, one_day(desk))] == desk.stories_of(fresh)
    story = desk.archive.stories.get(desk.stories_of([deal])[0] or 0)
    assert story is not None
    assert story.news_at == START


def test_matching_anew_is_no_news(desk: Desk) -> None:
    desk.arrive(*DEAL[:4], hours=11.5)
    desk.understander().run()
    desk.clock.advance(5 * DAY)
    assert lonely(desk).rebuild().applied
    assert news(desk, one_day(desk)) == []


def test_a_late_telling_of_what_was_sent_is_not_sent_again(desk: Desk) -> None:
    from monitor.digest.select import news_for

    numbers = desk.arrive(*DEAL[:2], hours=11.5)
    desk.understander().run()
    [story] = news(desk, one_day(desk))
    sent(desk.archive, story.id, step=max(step.id or 0 for step in story.developments))
    late = desk.arrive(DEAL[3], hours=12)
    desk.clock.advance(5 * DAY)
    desk.understander().run()
    assert desk.stories_of(late) == desk.stories_of(numbers[:1])
    [again] = news(desk, one_day(desk))
    assert again.news_at == desk.clock.now()
    assert news_for(again, desk.archive.deliveries.already_sent("daily", MAIL[1], MAIL[0], [again.id])) is None

"""The order of a digest, as a sum of points that can be shown with the words behind each. Pure.

What happened weighs most, then how many tell it independently. Money, freshness and authority decide between
neighbours; none of them alone lifts a story over an event of a heavier kind.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import datetime

from monitor.digest.amount import own_amount, unconfirmed
from monitor.digest.wording import counted, listed
from monitor.language import base, language_name, language_of
from monitor.types import Development, RankedStory, Role, Story, Tag

#: what happened
EVENT_POINTS = {
    Tag.ACQUISITION: 30.0,
    Tag.MODEL_LAUNCH: 30.0,
    Tag.FUNDING: 26.0,
    Tag.PARTNERSHIP: 18.0,
    Tag.PRODUCT_LAUNCH: 16.0,
}
#: each further kind of event: a launch that is also a partnership weighs a little more than either
FURTHER_POINTS = 3.0
#: a story that is here for a topic alone
TOPIC_POINTS = 8.0
#: an event of which nothing could be read: nobody and nothing is named
NOTHING_READ = 0.75
#: a tag's score from which it is sure, and what one just above its threshold is worth
SURE, DOUBTFUL, LEAST_SURE = 0.9, 0.4, 0.4
#: share of the event's points that a rumour loses
UNCONFIRMED_SHARE = 0.25
POINTS_FOR_A_POWER, MOST_FOR_AMOUNT = 3.5, 14.0
AUTHORITY_POINTS = {3: 10.0, 2: 6.0, 1: 2.0, 0: 0.0}
AUTHORITY_WORDS = {3: "a primary source", 2: "established press", 1: "", 0: ""}
HALF_LIFE_HOURS = 24.0
TALK_POINTS = -16.0
#: titles of what is said about events, as long as one publisher alone tells the story
_TALK = re.compile(
    r"\b(?:interviews?|podcasts?|episode|q\s?&\s?a|webinar|round-?up|recap|retrospective|newsletter|op-ed|opinion|"
    r"week in review|this week in|weekly|fireside|in conversation with|explained|explainer|what (?:to|you should) know|"
    r"entretien|entrevista|gespräch mit|im gespräch|wochenrückblick|kommentar|chronique|tribune|opinión)\b|"
    r"(?:^|\s)#\s?\d{2,4}\b|\bainews\b|[\u2600-\u27bf\U0001f300-\U0001faff].*[\u2600-\u27bf\U0001f300-\U0001faff]|"
    r"专访|專訪|对话|對話|访谈|訪談|周报|週報|播客|インタビュー|対談|ポッドキャスト|まとめ|인터뷰|팟캐스트",
    re.I,
)

#: share of the event's points that it loses where AI is only why it happens now
OCCASION_SHARE = 0.5
_OCCASION = re.compile(
    r"\b(?:amid(?:st)?|during|fuel(?:l)?ed by|driven by|on|to meet|bets? on|betting on|as)\s+[^.,;:]{0,30}?"
    r"(?<![A-Za-z])(?:AI|artificial intelligence)\b[^.,;:]{0,20}?"
    r"\b(?:boom|frenzy|craze|rush|race|surges?|demand|hype|mania|build-?out|power needs?)\b|"
    r"(?:在|随着|隨著|押注|借助|乘)?(?:人工智能|人工智慧|AI)[^，。：]{0,6}(?:热潮|熱潮|浪潮|繁荣|繁榮|需求)(?:中|之际|下)?|"
    r"AI(?:ブーム|需要)",
    re.I,
)
_OF_AI = re.compile(
    r"(?<![A-Za-z])(?:A\.?I\.?|KI|IA|LLMs?|GPTs?|GPUs?|AGI|ChatGPT|Claude|Gemini|OpenAI|Anthropic|Nvidia|DeepMind)"
    r"(?![A-Za-z])|artificial intelligence|intelligence artificielle|künstliche intelligenz|machine learning|"
    r"inteligencia artificial|"
    r"language model|foundation model|neural|chatbot|robot|人工智能|人工智慧|机器人|機器人|大模型|人工知能|生成AI",
    re.I,
)
FOREIGN_POINTS = -10.0

Part = tuple[float, str]


def rank(
    story: Story,
    *,
    now: datetime,
    since: datetime,
    watched: Sequence[str] = (),
    developments: Sequence[Development] = (),
    languages: Sequence[str] = (),
) -> RankedStory:
    """The story with its points and the reasons for them, largest first; parts of no points are left out.

    `languages`: what the reader reads; a story that nobody tells in one of them stands lower.
    `notes` say for each part what it was given for: ("amount", "$675M, from 3 publishers, not confirmed").
    """
    event = _event(story)
    parts: dict[str, Part] = {
        "event": event,
        "unconfirmed": _unconfirmed(story, event[0]),
        "talk": _talk(story),
        "occasion": _occasion(story, event[0], watched),
        "language": _language(story, languages),
        "amount": _amount(story),
        "watched companies": _watched(story, watched),
        "independent publishers": _publishers(story),
        "authority": (AUTHORITY_POINTS.get(story.authority, 0.0), AUTHORITY_WORDS.get(story.authority, "")),
        "freshness": _freshness(story, now),
        "novelty": _novelty(story, since, developments),
    }
    counting = [(name, round(points, 1), why) for name, (points, why) in parts.items() if round(points, 1)]
    counting.sort(key=lambda part: (-part[1], part[0]))
    return RankedStory(
        story=story,
        score=round(sum(points for _, points, _ in counting), 1),
        reasons=tuple((name, points) for name, points, _ in counting),
        developments=tuple(developments),
        notes=tuple((name, why) for name, _, why in counting if why),
    )


def order(ranked: Sequence[RankedStory]) -> list[RankedStory]:
    """Pinned first, then by points; equal ones by arrival, newest first, then by id."""
    return sorted(ranked, key=lambda r: (not r.story.pinned, -r.score, -_arrival(r.story).timestamp(), r.story.id))


def _arrival(story: Story) -> datetime:
    return story.news_at or story.last_seen_at


def _event(story: Story) -> Part:
    kinds = [Tag(tag) for tag in story.tags if tag in set(Tag)]
    if not kinds:
        return (TOPIC_POINTS, listed(story.topics, 3)) if story.topics else (0.0, "")
    read = {record.kind for record in story.records}
    worth = sorted(((_sureness(story, kind, kind in read), kind) for kind in kinds), key=lambda w: _by_points(*w))
    sure, kind = worth[0]
    points = EVENT_POINTS[kind] * sure + sum(FURTHER_POINTS * share for share, _ in worth[1:])
    words = [f"{kind.value}{'' if kind in read else ' with nothing read of it'}"]
    if kind in story.scores:
        words.append(f"score {story.scores[kind]:.2f}")
    return points, ", ".join([*words, *(f"also {other.value}" for _, other in worth[1:])])


def _by_points(sure: float, kind: Tag) -> tuple[float, str]:
    return -EVENT_POINTS[kind] * sure, kind.value


def _sureness(story: Story, kind: Tag, read: bool) -> float:
    score = story.scores.get(kind, 1.0)
    above = min(max((score - DOUBTFUL) / (SURE - DOUBTFUL), 0.0), 1.0)
    return (LEAST_SURE + (1 - LEAST_SURE) * above) * (1.0 if read else NOTHING_READ)


def _unconfirmed(story: Story, event: float) -> Part:
    why = unconfirmed(story)
    return (-UNCONFIRMED_SHARE * event, why) if why else (0.0, "")


def _talk(story: Story) -> Part:
    """An interview or a roundup is about events; if one happened, others tell it too."""
    found = _TALK.search(story.title) if story.independent <= 1 else None
    return (TALK_POINTS, f"its title says {found[0].strip()!r}") if found else (0.0, "")


def _occasion(story: Story, event: float, watched: Sequence[str]) -> Part:
    """A power company that buys another "amid the AI boom": AI is named as the occasion, and nothing else in it is."""
    text = f"{story.title}. {story.lead}"
    found = _OCCASION.search(text)
    if found is None or _OF_AI.search(_OCCASION.sub(" ", text)) or _watched(story, watched)[0]:
        return 0.0, ""
    if Tag.MODEL_LAUNCH in story.tags or any(record.values(Role.MODEL) for record in story.records):
        return 0.0, ""
    return -OCCASION_SHARE * event, f"AI is only the occasion: {found[0].strip()!r}"


def _language(story: Story, languages: Sequence[str]) -> Part:
    """Nobody tells it in a language of the reader's: what can be read stands first, and nothing is left out."""
    tongue = language_of(story.title, story.language)
    if not languages or tongue in map(base, languages):
        return 0.0, ""
    return FOREIGN_POINTS, f"told only in {language_name(tongue)}"


def _amount(story: Story) -> Part:
    own = own_amount(story)
    if own is None:
        return 0.0, ""
    return min(POINTS_FOR_A_POWER * own.powers, MOST_FOR_AMOUNT) * own.support, own.words


def _watched(story: Story, watched: Sequence[str]) -> Part:
    names = {name.casefold() for name in watched}
    found = [company for company in story.companies if company.casefold() in names]
    return min(15.0 * len(found), 30.0), listed(found, 3)


def _publishers(story: Story) -> Part:
    return min(8.0 * math.log2(max(story.independent, 1)), 32.0), counted(story.independent, "publisher")


def _freshness(story: Story, now: datetime) -> Part:
    hours = max((now - _arrival(story)).total_seconds() / 3600.0, 0.0)
    return 10.0 * math.pow(0.5, hours / HALF_LIFE_HOURS), f"{counted(round(hours), 'hour')} old"


def _novelty(story: Story, since: datetime, developments: Sequence[Development]) -> Part:
    if developments:
        return 8.0, "a development"
    return (6.0, "a new story") if story.first_seen_at > since else (0.0, "")

"""Records of the third loop: digests and their deliveries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from monitor.types.understanding import Development, Story
from monitor.types.vocabulary import DeliveryState


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedStory:
    """A story in a digest, with the reason for its place."""

    story: Story
    score: float
    #: (name, points) of each part of the score
    reasons: tuple[tuple[str, float], ...]
    #: it went out before and comes again for these
    developments: tuple[Development, ...] = ()
    #: (name, words): what a part's points were given for
    notes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A section of a digest with the stories that are shown and the number that are only listed."""

    title: str
    stories: tuple[RankedStory, ...]
    #: beyond the cap: listed by title in the digest's tail
    more: tuple[RankedStory, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedTrouble:
    """A line of a digest's foot."""

    feed_id: str
    name: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """A bulletin: what is due at a time. One source of every rendering."""

    name: str
    title: str
    due_at: datetime
    time_zone: str
    since: datetime
    sections: tuple[Section, ...]
    trouble: tuple[FeedTrouble, ...] = ()
    #: deterministic: name and due time
    key: str = ""
    #: of its readers, the best first; sums and names are shown as these can read them
    reader_languages: tuple[str, ...] = ()

    @property
    def stories(self) -> tuple[RankedStory, ...]:
        """All stories, shown or only listed, in order."""
        return tuple(s for section in self.sections for s in (*section.stories, *section.more))


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One rendered message of a digest for one channel kind; more than one where limits ask for it."""

    number: int
    of: int
    subject: str
    text: str
    html: str = ""
    markdown: str = ""
    #: Slack blocks or webhook body
    payload: Mapping[str, Any] | None = None
    story_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryDraft:
    """A part for one recipient over one channel, to be put into the outbox."""

    channel: str
    recipient: str
    part: Part
    #: the same for each attempt: Message-ID, idempotency key
    message_id: str
    #: of the mail that this one follows up
    in_reply_to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A row of the outbox."""

    id: int
    digest_id: int
    digest_key: str
    channel: str
    recipient: str
    part: Part
    message_id: str
    in_reply_to: str | None
    state: DeliveryState
    attempts: int
    created_at: datetime
    next_try_at: datetime | None
    sent_at: datetime | None = None
    code: int | None = None
    error: str | None = None
    #: what the receiver answered: an SMTP line, a Slack bot's `room/ts`
    receipt: str | None = None
    #: of the first attempt, since it was made or a person asked for it again
    started_at: datetime | None = None
    #: attempts that nobody answered
    silences: int = 0

    @property
    def thread(self) -> str | None:
        """What Slack knows its thread by: what it replied to, or its own receipt."""
        return self.in_reply_to or self.receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The receiver accepted."""

    code: int
    words: str = ""

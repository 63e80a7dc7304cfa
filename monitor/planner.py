"""What a due digest or alert says to whom: stories minus what each recipient has had, rendered for each channel."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import parseaddr
from pathlib import Path

from monitor.channels.message import address_of
from monitor.channels.opening import recipients_of
from monitor.channels.unsubscribe import link
from monitor.digest.alerts import as_digest, candidates
from monitor.digest.build import build, digest_key, told, without
from monitor.digest.render import UNSUBSCRIBE_MARK, Look, Rendered, render
from monitor.digest.select import highest_development
from monitor.errors import DeliveryError, UsageError
from monitor.protocols import DeliveryStore
from monitor.types import (
    AlertSpec,
    ChannelSpec,
    Classification,
    DeliveryDraft,
    Digest,
    DigestSpec,
    Entry,
    FeedTrouble,
    Part,
    Story,
)

#: story ids to their entries with what was read in them
Tellings = Callable[[Sequence[int]], Mapping[int, Sequence[tuple[Entry, Classification | None]]]]
#: the channel that is used where a digest names none
FILES = "files"
#: of one digest for one recipient; far above what any look-back holds
MOST_STORIES = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverSettings:
    """What the pipeline needs of the configuration."""

    #: where digests without a channel are written
    digests_folder: Path
    #: of the web archive; no slash at its end
    base_url: str = ""
    unsubscribe_key: bytes | None = None
    #: names that lift a story in every digest
    watched: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A digest with all that is to be written of it in one transaction."""

    digest: Digest
    drafts: tuple[DeliveryDraft, ...] = ()
    #: (channel, recipient) to (story id, highest development id)
    told: Mapping[tuple[str, str], Sequence[tuple[int, int]]]
    left_out: tuple[tuple[int, str], ...] = ()
    #: it tells on purpose what was told before
    again: bool = False


def message_id(key: str, channel: ChannelSpec, recipient: str, number: int) -> str:
    """The same for each attempt at the same part: `<hash@domain>`, of the sender's domain for mails."""
    identity = "\0".join((key, channel.name, recipient, str(number)))
    domain = "monitor.invalid"
    if channel.kind == "email":
        with contextlib.suppress(DeliveryError):
            domain = address_of(str(channel.options.get("sender", ""))).domain
    return f"<{hashlib.sha256(identity.encode()).hexdigest()[:32]}@{domain}>"


class Planner:
    """Reads what went out, decides, renders. Writes nothing."""

    def __init__(
        self,
        *,
        specs: Mapping[str, ChannelSpec],
        deliveries: DeliveryStore,
        settings: DeliverSettings,
        trouble: Callable[[], Sequence[FeedTrouble]],
        tellings: Tellings = lambda story_ids: {},
    ) -> None:
        """tellings: the entries of stories, by story id; what a story is told from in a reader's language."""
        self._specs = specs
        self._store = deliveries
        self._settings = settings
        self._trouble = trouble
        self._tellings = tellings

    def recipients(self, spec: DigestSpec) -> list[tuple[ChannelSpec, str]]:
        """Everyone who gets it, once; a digest without a channel is written to files. Raises UsageError."""
        names = dict.fromkeys(spec.channels or (FILES,))
        for name in names:
            if name not in self._specs:
                raise UsageError(f"channel {name} of {spec.name} is not configured")
        found = [(self._specs[name], recipient) for name in names for recipient in recipients_of(self._specs[name])]
        if not found:
            raise UsageError(f"{spec.name} has no recipient: name one under its channel")
        return list({(channel.name, recipient): (channel, recipient) for channel, recipient in found}.values())

    async def sent(self, name: str, channel: str, recipient: str, stories: Sequence[Story]) -> dict[int, int]:
        """Story id to the highest development id that went out to the recipient."""
        if not stories:
            return {}
        ids = [story.id for story in stories]
        return await asyncio.to_thread(self._store.already_sent, name, recipient, channel, ids)

    async def plan(
        self,
        spec: DigestSpec,
        due_at: datetime,
        since: datetime,
        stories: Sequence[Story],
        *,
        recipients: Sequence[tuple[ChannelSpec, str]] | None = None,
        again: bool = False,
    ) -> Plan:
        """The digest for each recipient. `again`: also what went out before. Raises ConfigError (a broken template)."""
        trouble = await asyncio.to_thread(self._trouble)
        draw = _Renderer(self.look(spec))
        stories = await self.in_languages(spec, stories)
        digests: list[Digest] = []
        drafts: list[DeliveryDraft] = []
        ledger: dict[tuple[str, str], Sequence[tuple[int, int]]] = {}
        left_out: dict[int, str] = {}
        for channel, recipient in self.recipients(spec) if recipients is None else recipients:
            sent = {} if again else await self.sent(spec.name, channel.name, recipient, stories)
            digest = self.build(spec, stories, due_at, since, sent, trouble)
            rendered = await asyncio.to_thread(draw, digest, channel)
            left_out |= dict(rendered.left_out)
            shown = without(digest, frozenset(story_id for story_id, _ in rendered.left_out))
            digests.append(shown)
            if shown.stories or spec.quiet == "note":
                drafts += await self.drafts(shown, channel, recipient, rendered.parts)
                ledger[channel.name, recipient] = told(shown)
        whole = max(digests, key=lambda digest: len(digest.stories))
        left = tuple(sorted(left_out.items()))
        return Plan(digest=whole, drafts=tuple(drafts), told=ledger, left_out=left, again=again)

    def build(
        self,
        spec: DigestSpec,
        stories: Sequence[Story],
        due_at: datetime,
        since: datetime,
        sent: Mapping[int, int],
        trouble: Sequence[FeedTrouble] = (),
    ) -> Digest:
        """The digest of these stories."""
        return build(
            spec, stories, due_at=due_at, since=since, sent=sent, watched=self._settings.watched, trouble=trouble
        )

    async def in_languages(self, spec: DigestSpec, stories: Sequence[Story]) -> list[Story]:
        """The stories as its readers read them: those that have a better telling for them are told from it."""
        from monitor.stories.retell import needs_retelling, retold

        languages = spec.reader_languages
        wanted = [story.id for story in stories if needs_retelling(story, languages)]
        if not wanted:
            return list(stories)
        told = await asyncio.to_thread(self._tellings, wanted)
        return [retold(story, told[story.id], languages) if story.id in told else story for story in stories]

    def look(self, spec: DigestSpec) -> Look:
        """How the digest's definition wants it to look."""
        return Look(
            subject=spec.subject,
            theme=spec.theme,
            template_folder=spec.template_folder,
            base_url=self._settings.base_url,
            unsubscribe=self._settings.unsubscribe_key is not None and bool(self._settings.base_url),
        )

    async def drafts(
        self, digest: Digest, channel: ChannelSpec, recipient: str, parts: Sequence[Part], *, before: int = 0
    ) -> list[DeliveryDraft]:
        """The parts as deliveries; their numbers go on after `before`."""
        follows = await self._follows(digest, channel, recipient)
        drafts = []
        for part in parts:
            number = part.number + before
            drafts.append(
                DeliveryDraft(
                    channel=channel.name,
                    recipient=recipient,
                    part=self._personal(replace(part, number=number, of=max(part.of, number)), recipient),
                    message_id=message_id(digest.key, channel, recipient, number),
                    in_reply_to=follows,
                )
            )
        return drafts

    def _personal(self, part: Part, recipient: str) -> Part:
        """The recipient's own link to unsubscribe in place of the mark."""
        key = self._settings.unsubscribe_key
        if key is None or not self._settings.base_url:
            return part
        if not any(UNSUBSCRIBE_MARK in text for text in (part.text, part.html, part.markdown)):
            return part
        own = link(self._settings.base_url, key, parseaddr(recipient)[1] or recipient)
        return replace(
            part,
            text=part.text.replace(UNSUBSCRIBE_MARK, own),
            html=part.html.replace(UNSUBSCRIBE_MARK, own),
            markdown=part.markdown.replace(UNSUBSCRIBE_MARK, own),
        )

    async def _follows(self, digest: Digest, channel: ChannelSpec, recipient: str) -> str | None:
        """What it answers to: the message that told the story of which it tells only developments."""
        if not digest.stories or not all(ranked.developments for ranked in digest.stories):
            return None
        story_id = digest.stories[0].story.id
        find = self._store.thread_of if channel.kind == "slack" else self._store.message_id_of
        return await asyncio.to_thread(find, story_id, digest.name, channel.name, recipient)

    async def plan_alert(
        self, alert: AlertSpec, now: datetime, since: datetime, stories: Sequence[Story]
    ) -> Plan | None:
        """What the alert says now, None for nothing. New stories in one message, each development in one of its own."""
        spec = as_digest(alert)
        drafts: list[DeliveryDraft] = []
        ledger: dict[tuple[str, str], Sequence[tuple[int, int]]] = {}
        left_out: dict[int, str] = {}
        digests: list[Digest] = []
        for channel, recipient in self.recipients(spec):
            sent = await self.sent(spec.name, channel.name, recipient, stories)
            last = await asyncio.to_thread(self._store.last_told, spec.name, recipient, channel.name, list(sent))
            speaking = await self.in_languages(spec, candidates(stories, alert, now, sent, last))
            fresh = [story for story in speaking if story.id not in sent]
            messages = [fresh, *([story] for story in speaking if story.id in sent)]
            mine: list[tuple[int, int]] = []
            number = 0
            for some in filter(None, messages):
                digest = self.build(spec, some, now, since, sent)
                rendered = await asyncio.to_thread(_Renderer(self.look(spec)), digest, channel)
                left_out |= dict(rendered.left_out)
                shown = without(digest, frozenset(story_id for story_id, _ in rendered.left_out))
                # what cannot be shown counts as told too: it is reported once, not at every tick
                mine += told(digest)
                if shown.stories:
                    made = await self.drafts(shown, channel, recipient, rendered.parts, before=number)
                    number += len(made)
                    drafts += made
            if mine:
                ledger[channel.name, recipient] = mine
            digests.append(self.build(spec, speaking, now, since, sent))
        whole = max(digests, key=lambda digest: len(digest.stories))
        if not ledger:
            return None
        return Plan(digest=whole, drafts=tuple(drafts), told=ledger, left_out=tuple(sorted(left_out.items())))

    def baseline(self, alert: AlertSpec, now: datetime, stories: Sequence[Story]) -> Plan:
        """An alert begins with what comes after it was set up: what is there already counts as told."""
        spec = as_digest(alert)
        digest = replace(self.build(spec, [], now, now, {}), key=digest_key(spec.name, now))
        ledger = [(story.id, highest_development(story)) for story in stories]
        return Plan(
            digest=digest,
            told={(channel.name, recipient): ledger for channel, recipient in self.recipients(spec)} if ledger else {},
        )


class _Renderer:
    """Renders each different digest once for each kind of channel, however many recipients it has."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._known: dict[object, Rendered] = {}

    def __call__(self, digest: Digest, channel: ChannelSpec) -> Rendered:
        content = tuple((r.story.id, tuple(d.id for d in r.developments)) for r in digest.stories)
        key = (channel.kind, digest.due_at, content)
        if key not in self._known:
            look = self._look if channel.kind == "email" else replace(self._look, unsubscribe=False)
            self._known[key] = render(digest, channel.kind, look)
        return self._known[key]

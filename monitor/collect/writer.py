"""Outcomes into the archive: decided and stored in a thread, as many feeds in one transaction as wait."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence

from monitor.collect.outcomes import Owners, outcome_of
from monitor.collect.records import Met, Round
from monitor.errors import ArchiveError, FeedError
from monitor.feeds.keys import Keys, twin_key
from monitor.feeds.settings import CollectSettings
from monitor.protocols import FeedStore, Log
from monitor.types import FeedSpec, Fetched, KnownEntry, ParsedEntry, PollOutcome

#: feeds of one transaction at most
_BATCH = 100
#: seconds that the first waits for others: a transaction costs as much as storing some feeds
_GATHER = 0.05

Surprise = Callable[[FeedSpec, Exception], FeedError]


class Writer:
    """The only one that talks to the archive during a round."""

    def __init__(
        self,
        store: FeedStore,
        settings: CollectSettings,
        log: Log,
        *,
        rng: random.Random,
        surprise: Surprise,
    ) -> None:
        self._store = store
        self._settings = settings
        self._log = log
        self._random = rng
        self._surprise = surprise
        self.owners = Owners(())

    async def write_all(self, current: Round) -> None:
        """Stores what comes until None comes. Raises ArchiveError."""
        last = False
        while not last:
            batch: list[Met] = []
            first = await current.queue.get()
            if first is not None and current.queue.qsize() < _BATCH - 1:
                await asyncio.sleep(_GATHER)
            for met in (first, *_drained(current.queue, _BATCH - 1)):
                if met is None:
                    last = True
                else:
                    batch.append(met)
            if batch:
                outcomes, ids = await asyncio.to_thread(self._write, batch)
                current.room.give(sum(met.size for met in batch))
                self._account(current, batch, outcomes, ids)

    def _write(self, batch: list[Met]) -> tuple[list[PollOutcome], list[int]]:
        """Decides and stores a batch. Runs in a thread."""
        known = self._known([met for met in batch if met.document is not None and _has_entries(met)])
        outcomes = [self._outcome(met, known.get(met.spec.id, ())) for met in batch]
        try:
            return outcomes, self._store.store(outcomes)
        except ArchiveError:
            raise
        except Exception as error:  # one outcome that cannot be stored must not take the others along
            if len(batch) > 1:
                parts = [self._write([met]) for met in batch]
                return [o for part, _ in parts for o in part], [i for _, ids in parts for i in ids]
            met = batch[0]
            if met.error is not None and met.error.kind == "bug":
                raise
            met.spoiled(self._surprise(met.spec, error))
            return self._write([met])

    def _known(self, documents: list[Met]) -> Mapping[str, Sequence[KnownEntry]]:
        """Stored entries that share a key with these documents'.

        Most are found by their guid with nothing changed; of these no further key is asked for.
        """
        if not documents:
            return {}
        first = self._ask([(met.spec.id, _first_key(keys)) for met in documents for _, keys in _entries(met)])
        open_keys = [
            (met.spec.id, _further_keys(entry, keys))
            for met in documents
            for settled in [_settled(first.get(met.spec.id, ()))]
            for entry, keys in _entries(met)
            if (keys.guid, keys.link, keys.content) not in settled
        ]
        if not open_keys:
            return first
        second = self._ask(open_keys)
        return {met.spec.id: _merged(first, second, met.spec.id) for met in documents}

    def _ask(self, rows: Sequence[tuple[str, Keys | None]]) -> dict[str, list[KnownEntry]]:
        keys = [k for _, k in rows if k is not None]
        return self._store.known(
            list(dict.fromkeys(feed_id for feed_id, _ in rows)),
            [k.guid for k in keys if k.guid],
            [k.link for k in keys if k.link],
            [k.content for k in keys if k.content],
        )

    def _outcome(self, met: Met, known: Sequence[KnownEntry]) -> PollOutcome:
        jitter = self._random.random()
        try:
            return outcome_of(met, known, self.owners, self._settings, jitter)
        except Exception as error:  # noqa: BLE001 - a bug over one document is that feed's outcome
            met.spoiled(self._surprise(met.spec, error))
            return outcome_of(met, (), self.owners, self._settings, jitter)

    def _account(self, current: Round, batch: list[Met], outcomes: list[PollOutcome], ids: list[int]) -> None:
        current.entry_ids.extend(ids)
        for met, outcome in zip(batch, outcomes, strict=True):
            answer = met.fetched or met.same
            current.wire_bytes += answer.wire_bytes if isinstance(answer, Fetched) else 0
            # of an outcome only numbers and words are kept: its drafts are in the archive now
            if met.paused_until is None:
                current.results[outcome.result] += 1
                if outcome.result in ("failed", "throttled"):
                    current.errors.append((outcome.feed_id, outcome.state.error or ""))
            current.events.extend((outcome.feed_id, words) for words in outcome.events)
            current.changed += len(outcome.changes)
            current.news += sum(draft.announce for draft in outcome.drafts)
            current.done += 1
            if current.progress is not None:
                current.progress(current.done, current.total, outcome.feed_id, outcome.result)
            self._say(met, outcome)

    def _say(self, met: Met, outcome: PollOutcome) -> None:
        for words in outcome.events:
            self._log.info("feed event", feed=outcome.feed_id, words=words)
        before, after = met.state.error_kind, outcome.state.error_kind
        if outcome.result in ("failed", "throttled") and met.paused_until is None and before != after:
            self._log.warning("feed fails", feed=outcome.feed_id, kind=after, error=outcome.state.error)
        elif before not in (None, "outage") and after is None:
            self._log.info("feed is well again", feed=outcome.feed_id, was=before)


def _has_entries(met: Met) -> bool:
    """Nothing is stored of a feed before its first good poll."""
    return met.state.baseline_at is not None or met.state.entries > 0


def _entries(met: Met) -> Sequence[tuple[ParsedEntry, Keys]]:
    assert met.document is not None
    return met.document.entries


def _first_key(keys: Keys) -> Keys | None:
    """What is asked first; without a guid all that there is, later."""
    return Keys(guid=keys.guid, link=None, content=b"") if keys.guid else None


def _further_keys(entry: ParsedEntry, keys: Keys) -> Keys:
    """What is asked where the guid did not say all: link, words, and the guid under which it stood among others."""
    alone = keys.guid is not None and keys.shared is None
    return Keys(guid=twin_key(keys.guid, entry) if alone and keys.guid else None, link=keys.link, content=keys.content)


def _settled(found: Sequence[KnownEntry]) -> set[tuple[bytes | None, bytes | None, bytes]]:
    """Keys under which exactly one entry stands, as they are."""
    holders: dict[bytes | None, set[int]] = {}
    for k in found:
        holders.setdefault(k.guid_hash, set()).add(k.entry_id)
    return {
        (k.guid_hash, k.link_hash, k.content_hash)
        for k in found
        if k.guid_hash is not None and len(holders[k.guid_hash]) == 1
    }


def _merged(
    first: Mapping[str, Sequence[KnownEntry]], second: Mapping[str, Sequence[KnownEntry]], feed_id: str
) -> list[KnownEntry]:
    """Each once, in the order in which they were found."""
    return list(dict.fromkeys((*first.get(feed_id, ()), *second.get(feed_id, ()))))


def _drained(queue: asyncio.Queue[Met | None], most: int) -> list[Met | None]:
    waiting: list[Met | None] = []
    while len(waiting) < most and not queue.empty():
        waiting.append(queue.get_nowait())
    return waiting


__all__ = ["Writer"]

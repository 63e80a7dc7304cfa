"""What became of deliveries, on its way into the archive. What cannot be written is kept, and written before more is
sent: a mail that went out while the archive was locked must not be taken for one that was never answered.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from monitor.channels.rules import Verdict
from monitor.errors import ArchiveError, NotFound
from monitor.protocols import DeliveryStore, Log
from monitor.types import Delivery, DeliveryState, Receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A delivery's next state, as DeliveryStore.record takes it."""

    delivery_id: int
    state: DeliveryState
    at: datetime
    code: int | None = None
    error: str | None = None
    receipt: str | None = None
    next_try_at: datetime | None = None
    silent: bool = False


def sent(delivery: Delivery, receipt: Receipt, now: datetime) -> Outcome:
    """The receiver accepted."""
    return Outcome(delivery_id=delivery.id, state=DeliveryState.SENT, at=now, code=receipt.code, receipt=receipt.words)


def judged(delivery: Delivery, verdict: Verdict, now: datetime) -> Outcome:
    """An attempt that did not end with a receipt."""
    return Outcome(
        delivery_id=delivery.id,
        state=verdict.state,
        at=now,
        code=verdict.code,
        error=verdict.error,
        next_try_at=verdict.next_try_at,
        silent=verdict.silent,
    )


def ready(delivery: Delivery, now: datetime, *, at: datetime | None = None, why: str | None = None) -> Outcome:
    """One that was claimed and not begun: its turn comes again `at`, or at once."""
    return Outcome(delivery_id=delivery.id, state=DeliveryState.READY, at=now, error=why, next_try_at=at or now)


class Outcomes:
    """Writes outcomes. All methods block; call them in threads."""

    def __init__(self, store: DeliveryStore, log: Log) -> None:
        self._store = store
        self._log = log
        #: what the archive did not take yet, by delivery
        self._unwritten: dict[int, Outcome] = {}

    def hand_over(self) -> tuple[Outcome, ...]:
        """What is still to be written, for another Outcomes to take over; here it is forgotten."""
        left = tuple(self._unwritten.values())
        self._unwritten.clear()
        return left

    def take_over(self, outcomes: Iterable[Outcome]) -> None:
        """What was left unwritten by the one before; it is written with the next `catch_up`."""
        self._unwritten |= {outcome.delivery_id: outcome for outcome in outcomes}

    def write(self, outcome: Outcome) -> None:
        """Into the archive, or kept until it can be written."""
        try:
            self._record(outcome)
        except ArchiveError as error:
            self._unwritten[outcome.delivery_id] = outcome
            self._log.warning("outcome waits for the archive", delivery=outcome.delivery_id, cause=str(error))

    def catch_up(self) -> None:
        """Writes all that was kept. Raises ArchiveError; what is left is kept on."""
        for outcome in list(self._unwritten.values()):
            self._record(outcome)
            del self._unwritten[outcome.delivery_id]

    def _record(self, outcome: Outcome) -> None:
        try:
            self._store.record(
                outcome.delivery_id,
                outcome.state,
                outcome.at,
                code=outcome.code,
                error=outcome.error,
                receipt=outcome.receipt,
                next_try_at=outcome.next_try_at,
                silent=outcome.silent,
            )
        except NotFound:
            # its digest was removed meanwhile: nobody asks for it any more
            self._log.info("delivery is gone", delivery=outcome.delivery_id)

"""What a delivery becomes after an error or a crash. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.errors import DeliveryError
from monitor.types import ChannelSpec, Delivery, DeliveryState

#: tried again for so long after the first attempt
GIVE_UP = timedelta(hours=48)
FIRST_WAIT = 30.0
LONGEST_WAIT = 7200.0
#: so often a receiver that never answers gets the same again
MOST_UNCERTAIN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The delivery's next state. next_try_at: for ready ones."""

    state: DeliveryState
    error: str
    next_try_at: datetime | None = None
    code: int | None = None
    #: the channel itself is to be left alone
    switch_off: bool = False
    #: nobody answered: it may have arrived
    silent: bool = False


def back_off(attempts: int, jitter: float) -> float:
    """Seconds until the next attempt: 30 s, doubled each time, two hours at most; 20 % either way by `jitter` (0-1)."""
    return float(min(FIRST_WAIT * 2 ** min(max(attempts - 1, 0), 12), LONGEST_WAIT) * (0.8 + 0.4 * jitter))


def after_error(error: DeliveryError, delivery: Delivery, spec: ChannelSpec, now: datetime, jitter: float) -> Verdict:
    """Retry, give up, hold, or switch the channel off."""
    words, code = str(error), error.code
    # An answer, if only 500, says that this was no acceptance; silence says nothing, so it is not tried for ever.
    silent = error.outcome == "uncertain" and code is None
    if error.outcome == "revoked":
        return Verdict(state=DeliveryState.FAILED, error=words, code=code, switch_off=True)
    if error.outcome == "failed":
        return Verdict(state=DeliveryState.FAILED, error=words, code=code)
    if error.outcome == "uncertain":
        words = f"uncertain: {words}"
        if holds(spec) or (silent and delivery.silences + 1 >= MOST_UNCERTAIN):
            return Verdict(state=DeliveryState.UNCERTAIN, error=words, code=code, silent=silent)
    wait = max(back_off(delivery.attempts, jitter), error.retry_after or 0.0)
    at = now + timedelta(seconds=wait)
    if at > (delivery.started_at or delivery.created_at) + GIVE_UP:
        return Verdict(state=DeliveryState.FAILED, error=f"gave up after 48 h: {words}", code=code, silent=silent)
    return Verdict(state=DeliveryState.READY, error=words, next_try_at=at, code=code, silent=silent)


def after_crash(delivery: Delivery, spec: ChannelSpec | None, now: datetime) -> Verdict:
    """A delivery that was being sent when the machine stopped: it may have arrived or not.

    Mails go again with the same Message-ID, for loss is worse than a repeat that mail programs fold; files are
    written again; for Slack and webhooks the channel's `on_uncertain` decides.
    """
    words = "uncertain: the monitor stopped while it was being sent"
    if delivery.error and delivery.error.startswith("uncertain:"):
        # left so by an earlier decision, which stands until a person makes another
        return Verdict(state=DeliveryState.UNCERTAIN, error=delivery.error, code=delivery.code)
    if spec is None or holds(spec):
        return Verdict(state=DeliveryState.UNCERTAIN, error=words)
    return Verdict(state=DeliveryState.READY, error=f"{words}; sent again", next_try_at=now)


def holds(spec: ChannelSpec) -> bool:
    """Whether what may have arrived waits for a person."""
    return spec.options.get("on_uncertain") == "hold"

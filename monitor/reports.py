"""What a round of the third loop made and sent."""

from __future__ import annotations

from dataclasses import dataclass, field

from monitor.channels.rules import Verdict
from monitor.types import Delivery, DeliveryState


@dataclass(slots=True)
class SendReport:
    """What became of the deliveries of one round."""

    sent: list[Delivery] = field(default_factory=list)
    retried: list[tuple[Delivery, Verdict]] = field(default_factory=list)
    failed: list[tuple[Delivery, Verdict]] = field(default_factory=list)
    uncertain: list[tuple[Delivery, Verdict]] = field(default_factory=list)
    suppressed: list[Delivery] = field(default_factory=list)
    #: channel to why it was switched off in this round
    switched_off: dict[str, str] = field(default_factory=dict)

    def add(self, delivery: Delivery, verdict: Verdict) -> None:
        """One that was not sent."""
        place = {
            DeliveryState.READY: self.retried,
            DeliveryState.FAILED: self.failed,
            DeliveryState.UNCERTAIN: self.uncertain,
        }
        place[verdict.state].append((delivery, verdict))


@dataclass(slots=True)
class DeliverReport:
    """What one round made and sent."""

    #: (digest key, stories, deliveries)
    made: list[tuple[str, int, int]] = field(default_factory=list)
    sends: SendReport = field(default_factory=SendReport)
    #: (digest key, story id, cause) of stories that could not be shown
    left_out: list[tuple[str, int, str]] = field(default_factory=list)
    #: (name, cause in a line) of digests and alerts that could not be made
    errors: list[tuple[str, str]] = field(default_factory=list)
    #: names of digests and alerts with which all is well: made, or not due
    well: set[str] = field(default_factory=set)

    @property
    def clean(self) -> bool:
        """Nothing failed, nothing waits for another attempt."""
        return not (self.errors or self.sends.failed or self.sends.retried or self.sends.uncertain)

    @property
    def error_lines(self) -> list[str]:
        """`daily: template_folder /x: no such folder`."""
        return [f"{name}: {words}" for name, words in self.errors]

"""The words with a fixed set of values."""

from __future__ import annotations

from enum import StrEnum


class Tag(StrEnum):
    """The five built-in tags."""

    MODEL_LAUNCH = "model-launch"
    PRODUCT_LAUNCH = "product-launch"
    FUNDING = "funding"
    ACQUISITION = "acquisition"
    PARTNERSHIP = "partnership"


class Status(StrEnum):
    """How sure an event is."""

    CONFIRMED = "confirmed"
    RUMOURED = "rumoured"


class Role(StrEnum):
    """What a fact says about an event."""

    DEVELOPER = "developer"
    MODEL = "model"
    PRODUCT = "product"
    RECIPIENT = "recipient"
    INVESTOR = "investor"
    AMOUNT = "amount"
    VALUATION = "valuation"
    ROUND = "round"
    ACQUIRER = "acquirer"
    TARGET = "target"
    PARTNER = "partner"


class DevelopmentKind(StrEnum):
    """The steps of a story, in the order in which they usually come."""

    RUMOUR = "rumour"
    IN_TALKS = "in-talks"
    ANNOUNCED = "announced"
    CLOSED = "closed"
    DENIED = "denied"
    AMOUNT_CHANGED = "amount-changed"


class DeliveryState(StrEnum):
    """States of a delivery in the outbox."""

    READY = "ready"
    SENDING = "sending"
    SENT = "sent"
    UNCERTAIN = "uncertain"
    FAILED = "failed"
    CANCELLED = "cancelled"

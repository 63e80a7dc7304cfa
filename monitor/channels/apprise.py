"""A hundred services by Apprise, from the `notify` extra. It dials by itself: our guard does not stand before it."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from monitor.errors import ConfigError, DeliveryError
from monitor.types import ChannelSpec, Delivery, Receipt


def load_apprise() -> Any:
    """The library. Raises ConfigError with the command that installs it."""
    try:
        return importlib.import_module("apprise")
    except ImportError:
        raise ConfigError(
            "channels of kind apprise need a library: python -m pip install 'ai-news-monitor[notify]'"
        ) from None


class AppriseChannel:
    """Each of the definition's URLs is a recipient of its own."""

    def __init__(self, spec: ChannelSpec, *, load: Callable[[], Any] = load_apprise) -> None:
        try:
            self._library = load()
        except ConfigError as error:
            raise ConfigError(f"channel {spec.name}: {error}") from None
        self._spec = spec
        for name in spec.secrets:
            self._target(name)

    @property
    def name(self) -> str:
        return self._spec.name

    def _target(self, recipient: str) -> Any:
        target = self._library.Apprise()
        if not target.add(self._spec.secrets[recipient].reveal()):
            raise ConfigError(f"channel {self.name}: Apprise does not know the kind of {recipient}")
        return target

    async def send(self, delivery: Delivery) -> Receipt:
        """Raises DeliveryError(retry): Apprise says only that it failed, so nothing is taken for permanent."""
        if delivery.recipient not in self._spec.secrets:
            raise DeliveryError(f"{self.name}: {delivery.recipient} is no longer configured", outcome="failed")
        target = self._target(delivery.recipient)
        part = delivery.part
        try:
            done = await target.async_notify(
                title=part.subject,
                body=part.markdown or part.text,
                body_format="markdown" if part.markdown else "text",
            )
        except Exception as error:  # noqa: BLE001 - its plugins raise what they like
            raise DeliveryError(f"{self.name}: {delivery.recipient}: {type(error).__name__}", outcome="retry") from None
        if not done:
            raise DeliveryError(f"{self.name}: {delivery.recipient}: Apprise could not deliver", outcome="retry")
        return Receipt(code=0, words="accepted by Apprise")

"""The way to a second opinion: guarded sessions of a loop of their own, from the thread that understands."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from monitor.classify.opinion import ask_endpoint
from monitor.errors import Unavailable

if TYPE_CHECKING:
    from monitor.config import Settings
    from monitor.config.settings import SecondOpinionSettings

#: questions under way at once
AT_ONCE = 4


class Endpoint:
    """Asks questions together and gives their answers in order. Called outside any loop."""

    def __init__(self, told: SecondOpinionSettings, settings: Settings) -> None:
        self._told = told
        self._settings = settings

    def __call__(self, questions: Sequence[Sequence[Mapping[str, str]]]) -> list[str | Unavailable]:
        """An answer's text for each, or why there is none."""
        return asyncio.run(self._all(questions))

    async def _all(self, questions: Sequence[Sequence[Mapping[str, str]]]) -> list[str | Unavailable]:
        gate = asyncio.Semaphore(AT_ONCE)
        async with self._client() as client:

            async def one(question: Sequence[Mapping[str, str]]) -> str | Unavailable:
                key = self._told.api_key.reveal() if self._told.api_key else None
                async with gate:
                    try:
                        return await ask_endpoint(client, self._told.url, self._told.model, key, question)
                    except Unavailable as error:
                        return error

            return list(await asyncio.gather(*(one(question) for question in questions)))

    def _client(self) -> Any:
        """Its own guard: a model in a private network may be reached by this, and not by any feed."""
        from monitor.guard import Guard, guarded_session

        parts = urlsplit(self._told.url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        fetch = self._settings.fetch
        return guarded_session(
            Guard(self._told.allowed_networks, (port,)),
            total=self._told.timeout.total_seconds(),
            connect=fetch.connect_timeout.total_seconds(),
            headers={"User-Agent": self._settings.user_agent},
            proxy=fetch.proxy.reveal() if fetch.proxy is not None else None,
        )

"""Who is not to be written to: asked before every send."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from monitor.archive.engine import Database
from monitor.archive.sql import chunks, upsert
from monitor.archive.tables import suppressions


class Suppressions:
    """The part of the DeliveryStore that says who has unsubscribed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def suppressed(self, recipients: Sequence[str]) -> set[str]:
        """Those of the recipients that are not to be written to; case does not matter."""
        asked = {r.strip().lower(): r for r in recipients}
        found: set[str] = set()
        with self._database.read() as connection:
            for part in chunks(sorted(asked), 5000):
                query = sa.select(suppressions.c.recipient).where(suppressions.c.recipient.in_(part))
                found.update(asked[name] for name in connection.scalars(query))
        return found

    def suppress(self, recipient: str, now: datetime, why: str) -> None:
        """Nothing goes to that recipient from now on."""
        row = {"recipient": recipient.strip().lower(), "at": now, "why": why}
        with self._database.write() as connection:
            connection.execute(upsert(self._database, suppressions, ["recipient"], ["at", "why"]), [row])

    def allow(self, recipient: str) -> bool:
        """Takes a suppression back; whether there was one."""
        with self._database.write() as connection:
            same = suppressions.c.recipient == recipient.strip().lower()
            return connection.execute(sa.delete(suppressions).where(same)).rowcount > 0

    def all_suppressed(self) -> builtins.list[dict[str, Any]]:
        """recipient, at, why; the newest first."""
        query = sa.select(suppressions).order_by(suppressions.c.at.desc(), suppressions.c.recipient)
        with self._database.read() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

"""The archive: feeds, entries, stories, ledger, outbox. The only package that speaks SQL.

Importing it costs what SQLAlchemy costs; Alembic and drivers are imported when they are needed.
"""

from __future__ import annotations

from monitor.archive.facade import Archive, open_archive, upgrade

__all__ = ["Archive", "open_archive", "upgrade"]

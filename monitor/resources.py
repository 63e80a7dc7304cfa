"""Where the files that ship with the monitor lie: in a wheel inside the package, in a checkout beside it.

The wheel's build copies ``alembic/`` to ``monitor/_alembic`` and ``feeds.yaml`` to ``monitor/_default``
(pyproject.toml, force-include); an editable install and a checkout find them at the repository's root.
"""

from __future__ import annotations

from pathlib import Path

from monitor.errors import NotFound

PACKAGE = Path(__file__).resolve().parent
CHECKOUT = PACKAGE.parent


def _find(in_wheel: Path, in_checkout: Path, what: str) -> Path:
    for path in (in_wheel, in_checkout):
        if path.exists():
            return path
    raise NotFound(f"{what} is missing from this installation ({in_wheel}): install the package again")


def default_feeds_yaml() -> Path:
    """The feeds.yaml that ships. Raises NotFound when the installation is broken."""
    return _find(PACKAGE / "_default" / "feeds.yaml", CHECKOUT / "feeds.yaml", "the default feeds.yaml")


def migrations_folder() -> Path:
    """The folder with Alembic's env.py and versions/. Raises NotFound when the installation is broken."""
    return _find(PACKAGE / "_alembic", CHECKOUT / "alembic", "the folder of migrations")

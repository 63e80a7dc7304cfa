"""feeds.yaml and the environment, made into one frozen Config.

Importing this package costs nothing: pydantic and ruamel.yaml are loaded when a file is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from monitor.config.settings import (
    ClassifySettings,
    Config,
    FetchSettings,
    HealthSettings,
    KeepSettings,
    LogSettings,
    ParseSettings,
    Settings,
    TickSettings,
    WebSettings,
)

__all__ = [
    "ClassifySettings",
    "Config",
    "FetchSettings",
    "HealthSettings",
    "KeepSettings",
    "LogSettings",
    "ParseSettings",
    "Settings",
    "TickSettings",
    "WebSettings",
    "load_config",
]


def load_config(
    path: Path | None,
    environ: Mapping[str, str],
    *,
    database: str | None = None,
    working_folder: Path | None = None,
) -> Config:
    """The configuration that a command runs with.

    path is --config's, database --database's; ./feeds.yaml is looked for in working_folder (default: the process's).
    Raises ConfigError with every mistake of the file and of the environment at once, one line each.
    """
    from monitor.config.load import load

    return load(path, environ, database=database, working_folder=working_folder)

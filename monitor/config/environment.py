"""Settings from the environment: MONITOR_ + section + key, over what the file says.

``MONITOR_TIME_ZONE`` is ``settings.time_zone``, ``MONITOR_FETCH_HOST_GAP`` is ``settings.fetch.host_gap``. Lists are
separated by commas. pydantic-settings could do this, at 0.15 s a start and with JSON in lists; it also reads the
process's environment by itself, where everything here is given its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, get_origin

from pydantic import BaseModel

from monitor.config.problems import Path, nearest
from monitor.config.schema import SettingsModel
from monitor.config.source import Document

PREFIX = "MONITOR_"
#: names that are no settings of the file
OTHERS = frozenset({"MONITOR_HOME", "MONITOR_CONFIG", "MONITOR_DATABASE_URL", "MONITOR_DATABASE_URL_FILE"})


def variables() -> dict[str, Path]:
    """Every variable and the path in `settings` that it sets."""
    found: dict[str, Path] = {}
    for name, info in SettingsModel.model_fields.items():
        if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
            for key in info.annotation.model_fields:
                found[f"{PREFIX}{name}_{key}".upper()] = (name, key)
        else:
            found[f"{PREFIX}{name}".upper()] = (name,)
    return found


def apply_environment(document: Document, environ: Mapping[str, str]) -> None:
    """Puts the variables' values over the document's settings and notes which they are."""
    settings = document.data.get("settings")
    for name, path in variables().items():
        if (text := environ.get(name)) is None:
            continue
        if settings is None:
            settings = document.data["settings"] = {}
        if not isinstance(settings, dict):
            return  # the mistake in the file is told first
        target: dict[str, Any] = settings
        for step in path[:-1]:
            inner = target.get(str(step))
            if not isinstance(inner, dict):
                inner = target[str(step)] = {}
            target = inner
        target[str(path[-1])] = _value(text, path)
        document.overrides[("settings", *path)] = name


def unknown_variables(environ: Mapping[str, str], secrets: Iterable[str]) -> list[str]:
    """A warning for each MONITOR_ variable that nothing reads."""
    known = {*variables(), *OTHERS}
    used = {*known, *secrets, *(f"{name}_FILE" for name in secrets)}
    found = []
    for name in sorted(environ):
        if name.startswith(PREFIX) and name not in used and not name.startswith("MONITOR_TEST_"):
            hint = nearest(name, known)
            found.append(f"environment: {name}: nothing reads it" + (f"; did you mean '{hint}'?" if hint else ""))
    return found


def _value(text: str, path: Path) -> Any:
    """A list where the setting is one; "none" is no value; else the text, which the model converts."""
    if text.strip().lower() == "none":
        return None
    if _is_list(path):
        return [part.strip() for part in text.split(",") if part.strip()]
    return text


def _is_list(path: Path) -> bool:
    model: Any = SettingsModel
    for step in path:
        model = model.model_fields[step].annotation
    return get_origin(model) is list

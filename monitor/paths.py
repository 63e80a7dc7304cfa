"""Where state lies and where feeds.yaml is looked for.

Standard library and platformdirs only: commands that read the archive start without YAML or pydantic.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from monitor.errors import CannotCreate, ConfigError

#: the folder's name below the platform's data and config folders
APPLICATION = "ai-news-monitor"

Origin = Literal["flag", "environment", "working folder", "service", "platform", "default"]


def state_folder(environ: Mapping[str, str]) -> Path:
    """Where the archive, backups, locks and file digests lie.

    $MONITOR_HOME, else $STATE_DIRECTORY (systemd; its first entry), else the platform's data folder.
    The folder may not exist yet.
    """
    if home := environ.get("MONITOR_HOME"):
        return Path(home).expanduser().absolute()
    if service := environ.get("STATE_DIRECTORY", "").split(":")[0]:
        return Path(service)
    import platformdirs

    return Path(platformdirs.user_data_dir(APPLICATION, appauthor=False))


def ensure_state_folder(folder: Path) -> Path:
    """Creates it, readable by its owner only. Raises CannotCreate."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise CannotCreate(
            f"state folder {folder}: {error.strerror or error}; set MONITOR_HOME to a folder that can be written"
        ) from error
    return folder


def database_url(flag: str | None, environ: Mapping[str, str]) -> str:
    """--database, $MONITOR_DATABASE_URL, $MONITOR_DATABASE_URL_FILE's text, else monitor.db in the state folder."""
    if flag:
        return flag
    if url := environ.get("MONITOR_DATABASE_URL"):
        return url
    if name := environ.get("MONITOR_DATABASE_URL_FILE"):
        try:
            return Path(name).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"MONITOR_DATABASE_URL_FILE={name}: cannot be read ({error})") from error
    credential = Path(environ.get("CREDENTIALS_DIRECTORY", "")) / "MONITOR_DATABASE_URL"
    if credential.is_absolute() and credential.is_file():
        return credential.read_text(encoding="utf-8").strip()
    return f"sqlite:///{state_folder(environ) / 'monitor.db'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedsFile:
    """The feeds.yaml that is used, and what named it."""

    path: Path
    origin: Origin

    @property
    def is_default(self) -> bool:
        """It is the one that ships: nobody's own, not to be edited."""
        return self.origin == "default"


def find_feeds_file(flag: str | Path | None, environ: Mapping[str, str], working_folder: Path) -> FeedsFile:
    """feeds.yaml by --config, $MONITOR_CONFIG, ./, $CONFIGURATION_DIRECTORY, the platform's folder, else the default.

    One that was named (flag, environment) is returned even where it does not exist: the reader of it then says so.
    """
    if flag:
        return FeedsFile(path=Path(flag), origin="flag")
    if named := environ.get("MONITOR_CONFIG"):
        return FeedsFile(path=Path(named).expanduser(), origin="environment")
    candidates: list[tuple[Path, Origin]] = [(working_folder / "feeds.yaml", "working folder")]
    if service := environ.get("CONFIGURATION_DIRECTORY", "").split(":")[0]:
        candidates.append((Path(service) / "feeds.yaml", "service"))
    candidates.append((_platform_feeds_file(), "platform"))
    for path, origin in candidates:
        if path.is_file():
            return FeedsFile(path=path, origin=origin)
    from monitor.resources import default_feeds_yaml

    return FeedsFile(path=default_feeds_yaml(), origin="default")


def own_feeds_file(environ: Mapping[str, str]) -> Path:
    """Where `monitor init` puts a person's feeds.yaml when no other place is named."""
    if service := environ.get("CONFIGURATION_DIRECTORY", "").split(":")[0]:
        return Path(service) / "feeds.yaml"
    return _platform_feeds_file()


def _platform_feeds_file() -> Path:
    import platformdirs

    return Path(platformdirs.user_config_dir(APPLICATION, appauthor=False)) / "feeds.yaml"

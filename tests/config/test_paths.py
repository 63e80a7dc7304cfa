"""Where state lies and where feeds.yaml is looked for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from monitor.errors import CannotCreate, ConfigError
from monitor.paths import database_url, ensure_state_folder, find_feeds_file, own_feeds_file, state_folder
from monitor.resources import default_feeds_yaml, migrations_folder


def test_state_folder_in_order(tmp_path: Path) -> None:
    both = {"MONITOR_HOME": "/a", "STATE_DIRECTORY": "/b:/c"}
    assert state_folder(both) == Path("/a")
    assert state_folder({"STATE_DIRECTORY": "/b:/c"}) == Path("/b")
    assert state_folder({}).name == "ai-news-monitor"


def test_database_url_in_order(tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text("postgresql://file/db\n")
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "MONITOR_DATABASE_URL").write_text("postgresql://credential/db\n")
    environ = {"MONITOR_HOME": "/a", "CREDENTIALS_DIRECTORY": str(credentials)}
    assert database_url(None, {"MONITOR_HOME": "/a"}) == "sqlite:////a/monitor.db"
    assert database_url(None, environ) == "postgresql://credential/db"
    environ["MONITOR_DATABASE_URL_FILE"] = str(file)
    assert database_url(None, environ) == "postgresql://file/db"
    environ["MONITOR_DATABASE_URL"] = "postgresql://environment/db"
    assert database_url(None, environ) == "postgresql://environment/db"
    assert database_url("sqlite:///flag.db", environ) == "sqlite:///flag.db"
    with pytest.raises(ConfigError, match="MONITOR_DATABASE_URL_FILE=/gone: cannot be read"):
        database_url(None, {"MONITOR_DATABASE_URL_FILE": "/gone"})


def test_feeds_yaml_in_the_order_of_the_documents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    service, work = tmp_path / "etc", tmp_path / "work"
    service.mkdir()
    work.mkdir()
    environ: dict[str, str] = {}

    def found(flag: str | None = None) -> tuple[Path, str]:
        it = find_feeds_file(flag, environ, work)
        return it.path, it.origin

    assert found() == (default_feeds_yaml(), "default")
    own = own_feeds_file({})
    assert own.is_relative_to(tmp_path / "xdg")
    own.parent.mkdir(parents=True)
    own.touch()
    assert found() == (own, "platform")
    environ["CONFIGURATION_DIRECTORY"] = f"{service}:/other"
    assert found() == (own, "platform")
    (service / "feeds.yaml").touch()
    assert found() == (service / "feeds.yaml", "service")
    (work / "feeds.yaml").touch()
    assert found() == (work / "feeds.yaml", "working folder")
    environ["MONITOR_CONFIG"] = str(tmp_path / "named.yaml")
    assert found() == (tmp_path / "named.yaml", "environment"), "a named one counts even where it is missing"
    assert found("flag.yaml") == (Path("flag.yaml"), "flag")


def test_the_state_folder_is_its_owner_s_only(tmp_path: Path) -> None:
    folder = ensure_state_folder(tmp_path / "a" / "b")
    assert folder.stat().st_mode & 0o777 == 0o700
    (tmp_path / "file").touch()
    with pytest.raises(CannotCreate, match="set MONITOR_HOME to a folder that can be written"):
        ensure_state_folder(tmp_path / "file" / "below")


def test_what_ships_is_found() -> None:
    assert default_feeds_yaml().is_file()
    assert (migrations_folder() / "env.py").is_file()


def test_read_commands_find_their_archive_without_yaml_and_pydantic() -> None:
    code = (
        "import sys, os; from monitor.paths import database_url; import monitor.config; database_url(None, os.environ);"
        "print(*sorted({'pydantic', 'ruamel', 'yaml', 'structlog'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""

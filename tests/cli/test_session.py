"""What a running daemon's session does when feeds.yaml is read again."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.cli.session import Session
from monitor.errors import ConfigError
from monitor.logs import get_logger

FEEDS = """\
settings:
  contact: me@example.com
  logs: {format: json, level: LEVEL}
feeds:
  - id: a
    url: https://a.example/feed
    name: A
    headers: {X-Key: "${KEY}"}
"""


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    monkeypatch.setenv("MONITOR_HOME", str(tmp_path))
    monkeypatch.setenv("KEY", "the-first-key")
    session = Session()
    session.told["config"] = tmp_path / "feeds.yaml"
    write(session)
    return session


def write(session: Session, level: str = "info", more: str = "") -> None:
    assert session.config_path is not None
    session.config_path.write_text(FEEDS.replace("LEVEL", level) + more)


def test_secrets_that_came_with_a_reload_are_masked_and_the_old_ones_still_are(
    session: Session, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    session.begin_logs(service=True)
    monkeypatch.setenv("KEY", "the-second-key")
    session.reload()
    get_logger("test").info("asked with the-first-key, then with the-second-key")
    words = capsys.readouterr().err
    assert "asked with ***, then with ***" in words


def test_the_level_follows_feeds_yaml(session: Session, capsys: pytest.CaptureFixture[str]) -> None:
    session.begin_logs(service=True)
    write(session, level="error")
    session.reload()
    get_logger("test").info("of no interest now")
    assert capsys.readouterr().err == ""


def test_a_wrong_feeds_yaml_changes_neither_feeds_nor_logs(
    session: Session, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    session.begin_logs(service=True)
    before = session.config
    monkeypatch.setenv("KEY", "the-second-key")
    write(session, level="error", more="  - {id: b}\n")
    with pytest.raises(ConfigError):
        session.reload()
    assert session.config is before
    get_logger("test").info("the-first-key")
    assert '"event": "***"' in capsys.readouterr().err

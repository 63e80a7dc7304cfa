"""Secrets come from outside of the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.config import Config, load_config
from monitor.errors import ConfigError
from monitor.types import Secret

FEED = "feeds:\n  - id: a\n    name: A\n    url: https://example.com/a.xml\n    username: me\n"


def load(folder: Path, line: str, **environ: str) -> Config:
    (folder / "feeds.yaml").write_text(FEED + line + "\n")
    return load_config(folder / "feeds.yaml", environ)


def password(config: Config) -> Secret | None:
    return config.feeds[0].password


def secret_file(folder: Path, name: str, text: str = "from-file\n") -> Path:
    file = folder / name
    file.write_text(text)
    file.chmod(0o600)
    return file


def test_by_reference(tmp_path: Path) -> None:
    assert password(load(tmp_path, "    password: ${FEED_PASSWORD}", FEED_PASSWORD="x1")) == Secret("x1")


def test_by_name(tmp_path: Path) -> None:
    assert password(load(tmp_path, "    password_env: FEED_PASSWORD", FEED_PASSWORD="x1")) == Secret("x1")


def test_by_a_file_that_the_environment_names(tmp_path: Path) -> None:
    file = secret_file(tmp_path, "pw")
    assert password(load(tmp_path, "    password: ${P}", P_FILE=str(file))) == Secret("from-file")


def test_by_a_file_beside_feeds_yaml(tmp_path: Path) -> None:
    secret_file(tmp_path, "pw")
    assert password(load(tmp_path, "    password_file: pw")) == Secret("from-file")


@pytest.mark.parametrize("name", ["FEED_PASSWORD", "feed_password"])
def test_by_a_systemd_credential(tmp_path: Path, name: str) -> None:
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    secret_file(credentials, name)
    config = load(tmp_path, "    password: ${FEED_PASSWORD}", CREDENTIALS_DIRECTORY=str(credentials))
    assert password(config) == Secret("from-file")


def test_inside_a_longer_text(tmp_path: Path) -> None:
    config = load(tmp_path, "    headers: {Authorization: 'Bearer ${T}', Accept: text/xml}", T="tok")
    assert config.feeds[0].headers == {"Authorization": Secret("Bearer tok"), "Accept": Secret("text/xml")}


def test_a_feed_that_is_off_needs_none(tmp_path: Path) -> None:
    assert password(load(tmp_path, "    enabled: false\n    password: ${NOT_SET}")) is None


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("password: hunter2", "stands in the file in clear; write ${MONITOR_PASSWORD} and set MONITOR_PASSWORD"),
        ("password: ${FEED_PASSWROD}", "FEED_PASSWROD is not set; set it, or FEED_PASSWROD_FILE"),
        ("password_env: not a name", "is no name of an environment variable"),
        ("password_file: gone", "gone: the secret cannot be read (No such file or directory)"),
        ("password_file: empty", "empty is empty"),
        ("password_file: huge", "is too large for a secret"),
        ("password_file: binary", "is not text"),
        ("password_file: .", "cannot be read"),
        ("password: ${A}\n    password_file: pw", "password and password_file say the same; keep one"),
        ("headers: {X-API-Key: abc}", "headers.X-API-Key: stands in the file in clear"),
        ("headers: {Cookie: abc}", "stands in the file in clear"),
    ],
)
def test_what_is_wrong(tmp_path: Path, line: str, says: str) -> None:
    secret_file(tmp_path, "empty", "\n")
    secret_file(tmp_path, "huge", "x" * 100_000)
    secret_file(tmp_path, "pw")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, f"    {line}", FEED_PASSWORD="x", A="x")
    assert says in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert "abc" not in str(caught.value)
    assert len(caught.value.problems) == 1


def test_a_slip_in_a_name_is_hinted_at(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"did you mean 'FEED_PASSWORD'\?"):
        load(tmp_path, "    password: ${FEED_PASSWROD}", FEED_PASSWORD="x")


def test_a_secret_that_everybody_can_read_is_a_warning(tmp_path: Path) -> None:
    secret_file(tmp_path, "pw").chmod(0o644)
    config = load(tmp_path, "    password_file: pw")
    assert password(config) == Secret("from-file")
    [warning] = config.warnings
    assert "chmod 600" in warning
    assert "from-file" not in warning


def test_a_secret_shows_itself_nowhere() -> None:
    secret = Secret("hunter2")
    assert "hunter2" not in f"{secret!r} {secret} {[secret]}"

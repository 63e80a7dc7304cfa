"""What gets into the log, and what never does."""

from __future__ import annotations

import io
import json
import logging
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.config import load_config
from monitor.config.settings import LogSettings
from monitor.logs import Redactor, configure, get_logger, secrets_of
from monitor.types import Secret

SECRET = "s3cret-of-the-test"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def logged(form: str = "json", stream: io.StringIO | None = None, **given: Any) -> io.StringIO:
    out = stream or io.StringIO()
    configure(LogSettings(format=form, level="debug"), stream=out, secrets={SECRET}, **given)  # type: ignore[arg-type]
    return out


def fail_with_secret() -> None:
    raise ValueError(f"cannot log in with {SECRET}")


@pytest.mark.parametrize("form", ["json", "console"])
def test_no_secret_gets_in_by_any_way(form: str) -> None:
    out = logged(form)
    log = get_logger("test")
    log.info(
        f"event with {SECRET}", text=SECRET, nested={"a": [SECRET, {"b": (SECRET,)}]}, secret_object=Secret(SECRET)
    )
    log.warning("by key", password="short", webhook_url="https://hooks.example.com/T0/B0", bot_token="xyz")
    log.info("by address", url=f"https://user:hunter22@example.com/feed?token={SECRET}&key=k9k9k9&x=1")
    log.error("by error", error=ValueError(SECRET))
    try:
        fail_with_secret()
    except ValueError:
        log.exception("by traceback")
    logging.getLogger("library").error("by a library: %s", SECRET)
    try:
        fail_with_secret()
    except ValueError:
        logging.getLogger("library").exception("by a library's traceback")
    words = out.getvalue()
    for secret in (SECRET, "hunter22", "short", "hooks.example.com", "xyz", "k9k9k9"):
        assert secret not in words, f"{secret} is in {words}"
    assert "***" in words
    assert "example.com/feed" in words
    assert words.count("ValueError") >= 2


def test_json_is_one_object_a_line_whatever_the_text() -> None:
    out = logged()
    hostile = 'title\r\n{"event": "forged"}\x1b[31m\u202eevil\u2028\x00\ud800'
    get_logger("test").info(hostile, title=hostile, amount=Decimal("1.5"))
    [line] = out.getvalue().splitlines()
    event = json.loads(line)
    assert "\\x1b[31m" in event["title"]
    assert list(event)[:3] == ["time", "level", "event"]
    assert event["amount"] == "1.5"
    line.encode("utf-8")


def test_a_terminal_gets_no_codes_of_a_feed_s() -> None:
    out = logged("auto", Terminal())
    get_logger("test").info("read", title="a\x1b]0;owned\x07b\r\nc")
    assert "\x1b]0;" not in out.getvalue()
    assert "\x07" not in out.getvalue()
    assert len(out.getvalue().splitlines()) == 1


def test_auto_is_json_where_nobody_watches() -> None:
    out = logged("auto")
    get_logger("test").info("hello")
    assert json.loads(out.getvalue())["event"] == "hello"


def test_the_journal_gets_priorities() -> None:
    out = logged(environ={"JOURNAL_STREAM": "8:1"})
    get_logger("test").error("bad")
    get_logger("test").info("good")
    assert [line[:3] for line in out.getvalue().splitlines()] == ["<3>", "<6>"]


def test_levels() -> None:
    out = io.StringIO()
    configure(LogSettings(format="json", level="warning"), stream=out)
    get_logger("test").info("not this")
    get_logger("test").warning("this")
    logging.getLogger("library").info("nor this")
    assert [json.loads(line)["event"] for line in out.getvalue().splitlines()] == ["this"]


def test_configured_twice_logs_once() -> None:
    logged()
    out = logged()
    get_logger("test").info("once")
    assert len(out.getvalue().splitlines()) == 1


@given(st.text(min_size=4, max_size=30), st.text(max_size=20), st.text(max_size=20))
def test_a_known_secret_is_always_cut_out(secret: str, before: str, after: str) -> None:
    cleaned = Redactor({secret}).text(before + secret + after)
    assert cleaned.replace("***", "") == "" or secret not in cleaned.replace("***", "\0")


def test_a_secret_that_begins_like_another() -> None:
    assert Redactor({"abcd", "abcdefgh"}).text("x abcdefgh abcd") == "x *** ***"


def test_all_secrets_of_a_configuration_are_known(tmp_path: Path) -> None:
    names = ["HEADER", "COOKIE", "FEED_PASSWORD", "SMTP", "SLACK", "HOOK", "HOOK_KEY", "HOOK_HEADER", "BEAT", "PROXY"]
    environ = {name: f"https://{name.lower()}.example.com/x" for name in names}
    environ["MONITOR_DATABASE_URL"] = "postgresql+psycopg://monitor:dbpass99@db/monitor"
    file = tmp_path / "feeds.yaml"
    file.write_text(
        """
settings:
  fetch: {proxy: "${PROXY}"}
  health: {heartbeat_url: "${BEAT}"}
channels:
  - {name: mail, kind: email, to: a@example.com, from: b@example.com, host: h, username: u, password: "${SMTP}"}
  - {name: slack, kind: slack, webhook_url: "${SLACK}"}
  - {name: hook, kind: webhook, url: "${HOOK}", signing_key: "${HOOK_KEY}", headers: {X-Any: "${HOOK_HEADER}"}}
feeds:
  - id: a
    name: A
    url: https://example.com/feed
    username: u
    password: ${FEED_PASSWORD}
    headers: {Authorization: "Bearer ${HEADER}"}
    cookies: {session: "${COOKIE}"}
"""
    )
    known = secrets_of(load_config(file, environ))
    assert {environ[name] for name in names if name != "HEADER"} <= known
    assert f"Bearer {environ['HEADER']}" in known
    assert "dbpass99" in known

"""Structured logs: for people on a terminal, one JSON object a line elsewhere.

Secrets and control characters never get in, whichever library logs.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterable, Mapping
from typing import Any, Literal, TextIO

import structlog
from structlog.stdlib import BoundLogger
from structlog.typing import EventDict, Processor, WrappedLogger

from monitor.config.settings import Config, LogSettings
from monitor.types import Secret

#: shorter ones would black out ordinary words
SHORTEST_SECRET = 4
_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50}
#: syslog's numbers, which journald reads from "<n>" at a line's begin
_PRIORITIES = {"debug": 7, "info": 6, "warning": 4, "error": 3, "critical": 2}
_SECRET_KEYS = re.compile(r"password|passwd|secret|token|authorization|cookie|api_?key|webhook_url", re.I)
_USERINFO = re.compile(r"(?<=://)[^/\s@]+(?=@)")
_QUERY_SECRET = re.compile(r"(?i)([?&](?:token|key|api_?key|access_token|auth|password|secret|sig(?:nature)?)=)[^&\s]+")
#: control characters and those that turn the direction of text
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class Redactor:
    """Takes known secrets, passwords in URLs and values under telling keys out of everything that is logged."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        # longest first: one secret may be the begin of another
        known = sorted({text for text in secrets if len(text) >= SHORTEST_SECRET}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def __call__(self, logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        return {key: "***" if _SECRET_KEYS.search(key) and value else self.clean(value) for key, value in event.items()}

    def clean(self, value: Any) -> Any:
        """A value that may be logged: texts masked, containers walked, exceptions and the rest as masked text."""
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, Mapping):
            return {
                str(key): "***" if _SECRET_KEYS.search(str(key)) and each else self.clean(each)
                for key, each in value.items()
            }
        if isinstance(value, list | tuple | set | frozenset):
            return [self.clean(each) for each in value]
        return self.text(str(value))

    def text(self, text: str) -> str:
        """One text without what is secret."""
        if self._known is not None:
            text = self._known.sub("***", text)
        return _QUERY_SECRET.sub(r"\1***", _USERINFO.sub("***", text))


def secrets_of(config: Config) -> frozenset[str]:
    """Every secret text of a configuration, and the database's password."""
    found: set[Secret] = set()
    for feed in config.feeds:
        found.update(feed.headers.values(), feed.cookies.values())
        found.update([feed.password] if feed.password else [])
    for channel in config.channels:
        found.update(channel.secrets.values())
        for option in channel.options.values():
            if isinstance(option, Mapping):
                found.update(value for value in option.values() if isinstance(value, Secret))
    found.update(each for each in (config.settings.fetch.proxy, config.settings.health.heartbeat_url) if each)
    opinion = config.classifier.second_opinion
    found.update([opinion.api_key] if opinion and opinion.api_key else [])
    user = config.settings.database_url.partition("://")[2].rpartition("@")[0]
    password = {user.partition(":")[2]} - {""}
    return frozenset({secret.reveal() for secret in found} | password)


def configure(
    settings: LogSettings,
    *,
    secrets: Iterable[str] = (),
    stream: TextIO | None = None,
    environ: Mapping[str, str] | None = None,
) -> None:
    """Sends our own events and those of libraries to one stream (default: stderr) in one form."""
    out = stream or sys.stderr
    on_terminal = out.isatty()
    form: Literal["console", "json"]
    form = ("console" if on_terminal else "json") if settings.format == "auto" else settings.format
    journal = form == "json" and "JOURNAL_STREAM" in (environ or {})
    redact = Redactor(secrets)
    before: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        structlog.processors.format_exc_info,
    ]
    last: list[Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        redact,
        _escape,
        _Json(journal=journal)
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=on_terminal, timestamp_key="time"),
    ]
    handler = logging.StreamHandler(out)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processors=last, foreign_pre_chain=before))
    root = logging.getLogger()
    for old in list(root.handlers):
        if getattr(old, "of_monitor", False):
            root.removeHandler(old)
    handler.of_monitor = True  # type: ignore[attr-defined]
    root.addHandler(handler)
    level = _LEVELS[settings.level]
    root.setLevel(max(level, logging.WARNING))  # of libraries only what somebody should read
    logging.getLogger("monitor").setLevel(level)
    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # ticks.py tells of skipped ticks in its own words
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *before,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def get_logger(room: str) -> BoundLogger:
    """The logger of a room ("daemon", "collect"); its events are words, what varies stands in keywords."""
    logger: BoundLogger = structlog.stdlib.get_logger(f"monitor.{room}")
    return logger


def _escape(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """No line break or terminal code of a feed's text reaches a log: they are written out."""
    return {
        key: _escaped(value, key == "exception") if isinstance(value, str) else value for key, value in event.items()
    }


def _escaped(text: str, lines: bool) -> str:
    """lines: a traceback, which keeps its line breaks."""
    return _UNSAFE.sub(lambda match: "\n" if lines and match[0] == "\n" else repr(match[0])[1:-1], text)


class _Json:
    """One object a line; with the journal's priority before it where the journal reads."""

    def __init__(self, *, journal: bool) -> None:
        self._journal = journal

    def __call__(self, logger: WrappedLogger, method: str, event: EventDict) -> str:
        ordered = {key: event.pop(key) for key in ("time", "level", "event") if key in event} | dict(event)
        line = json.dumps(ordered, ensure_ascii=False, default=str)
        return f"<{_PRIORITIES.get(str(ordered.get('level')), 6)}>{line}" if self._journal else line

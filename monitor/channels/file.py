"""Digests as files: whole or not at all, and the newest as index.html."""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
from pathlib import Path

from monitor.errors import ConfigError, DeliveryError
from monitor.types import ChannelSpec, Delivery, Part, Receipt

SUFFIXES = {"html": ".html", "markdown": ".md", "text": ".txt"}


class FileChannel:
    """Writes each part as HTML, Markdown or text, as configured, into a folder."""

    def __init__(self, spec: ChannelSpec) -> None:
        if not spec.options.get("folder"):
            raise ConfigError(f"channel {spec.name}: needs folder")
        self._name = spec.name
        self._folder = Path(str(spec.options["folder"]))
        self._formats = tuple(spec.options.get("formats") or ("html", "text"))

    @property
    def name(self) -> str:
        return self._name

    async def send(self, delivery: Delivery) -> Receipt:
        """The receipt is the first file's path. Raises DeliveryError(retry) when the folder cannot be written."""
        return await asyncio.to_thread(self._write, delivery)

    def _write(self, delivery: Delivery) -> Receipt:
        written: list[Path] = []
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            for kind in self._formats:
                text = content(delivery.part, kind)
                if text:
                    written.append(write_whole(self._folder / (file_name(delivery) + SUFFIXES[kind]), text))
            if delivery.part.html and "html" in self._formats and delivery.part.number == 1:
                write_whole(self._folder / "index.html", delivery.part.html)
        except OSError as error:
            raise DeliveryError(f"{self._name}: {self._folder}: {error.strerror or error}", outcome="retry") from error
        return Receipt(code=0, words=str(written[0]) if written else "")


def content(part: Part, kind: str) -> str:
    """The part in that format; empty where it has none (a notice is text only)."""
    return {"html": part.html, "markdown": part.markdown, "text": part.text}[kind]


def file_name(delivery: Delivery) -> str:
    """`daily-2024-02-27T0700Z`, `daily-2024-02-27T0700Z-2`."""
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", delivery.digest_key.replace(":", "")).strip("-.")[:120] or "digest"
    return stem if delivery.part.of == 1 else f"{stem}-{delivery.part.number}"


def write_whole(path: Path, text: str) -> Path:
    """Replaces the file in one step: a reader sees the old one or the new one. Raises OSError."""
    handle, name = tempfile.mkstemp(prefix=".writing-", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o644)  # noqa: PTH101 - a web server may show the folder
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return path

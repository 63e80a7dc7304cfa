"""Secrets come from outside the file: the environment, a file of their own, or systemd's credentials.

``${NAME}`` is looked up as $NAME, then in the file that $NAME_FILE names, then as the file NAME in
$CREDENTIALS_DIRECTORY. ``password_env: NAME`` and ``password_file: PATH`` say the same in other words.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any

from monitor.config.problems import Path, nearest
from monitor.config.source import Document
from monitor.types import Secret

REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
#: headers that say who asks; they never stand in the file in clear
SECRET_HEADERS = re.compile(r"authorization|cookie|token|secret|password|api-?key|credential", re.I)
MAX_SECRET_BYTES = 64_000


class Vault:
    """Resolves references; remembers which names were asked for, notes what is wrong in the document's problems."""

    def __init__(self, document: Document, environ: Mapping[str, str], folder: FilePath) -> None:
        self._document = document
        self._environ = environ
        self._folder = folder
        self.names: set[str] = set()
        self.warnings: list[str] = []

    def secret(self, model: Any, key: str, path: Path) -> Secret | None:
        """The secret that `key`, `key_env` or `key_file` of a model names; None where none of them is written."""
        written = [each for each in (key, f"{key}_env", f"{key}_file") if getattr(model, each, None) is not None]
        if len(written) > 1:
            self._note(f"{' and '.join(written)} say the same; keep one", *path, written[1])
        if not written:
            return None
        text = str(getattr(model, written[0]))
        if written[0] == f"{key}_env":
            return self._named(text, (*path, written[0]))
        if written[0] == f"{key}_file":
            return self._from_file(self._folder / FilePath(text).expanduser(), (*path, written[0]))
        return self.reference(text, (*path, key))

    def reference(self, text: str, path: Path) -> Secret | None:
        """The secret behind a text that must be, or hold, a ``${NAME}``."""
        if not REFERENCE.search(text):
            name = _suggested_name(path)
            self._note(f"stands in the file in clear; write ${{{name}}} and set {name} in the environment", *path)
            return None
        return self._filled(text, path)

    def headers(self, values: Mapping[str, str], path: Path, *, all_secret: bool = False) -> dict[str, Secret]:
        """Header or cookie values. One that names a secret must be a reference; `Accept` and the like may be plain."""
        found: dict[str, Secret] = {}
        for name, text in values.items():
            where = (*path, name)
            if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name):
                self._note("is no name for a header or cookie", *where)
            elif any(letter in text for letter in "\r\n\0"):
                self._note("holds a line break", *where)
            elif REFERENCE.search(text):
                if (secret := self._filled(text, where)) is not None:
                    found[name] = secret
            elif all_secret or SECRET_HEADERS.search(name):
                self.reference(text, where)
            else:
                found[name] = Secret(text)
        return found

    def plain(self, text: str | None, path: Path) -> str | None:
        """A text that is no secret and may hold references all the same (a user's name)."""
        if text is None or not REFERENCE.search(text):
            return text
        secret = self._filled(text, path)
        return secret.reveal() if secret else None

    def _filled(self, text: str, path: Path) -> Secret | None:
        complete = True
        parts: dict[str, str] = {}
        for name in REFERENCE.findall(text):
            secret = self._named(name, path)
            complete = complete and secret is not None
            parts[name] = secret.reveal() if secret else ""
        filled = REFERENCE.sub(lambda match: parts[match.group(1)], text)
        return Secret(filled) if complete else None

    def _named(self, name: str, path: Path) -> Secret | None:
        self.names.add(name)
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            self._note(f"'{name[:40]}' is no name of an environment variable", *path)
            return None
        if value := self._environ.get(name):
            return Secret(value)
        if file := self._environ.get(f"{name}_FILE"):
            return self._from_file(FilePath(file).expanduser(), path)
        if credentials := self._environ.get("CREDENTIALS_DIRECTORY"):
            for candidate in (name, name.lower()):
                if (FilePath(credentials) / candidate).is_file():
                    return self._from_file(FilePath(credentials) / candidate, path)
        self._note(
            f"{name} is not set; set it, or {name}_FILE, in the environment, or give a systemd credential of that name",
            *path,
            hint=nearest(name, [each for each in self._environ if each.startswith(name.split("_")[0])]),
        )
        return None

    def _from_file(self, file: FilePath, path: Path) -> Secret | None:
        try:
            if file.stat().st_size > MAX_SECRET_BYTES:
                self._note(f"{file} is too large for a secret", *path)
                return None
            text = file.read_text(encoding="utf-8").rstrip("\r\n")
            if file.stat().st_mode & stat.S_IROTH and not str(file).startswith("/run/"):
                self.warnings.append(f"{file}: everybody on this machine can read this secret; chmod 600 it")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else "is not text"
            self._note(f"{file}: the secret cannot be read ({reason})", *path)
            return None
        if not text:
            self._note(f"{file} is empty", *path)
            return None
        return Secret(text)

    def _note(self, words: str, *path: str | int, hint: str | None = None) -> None:
        self._document.problems.append(self._document.problem(words, *path, hint=hint))


def _suggested_name(path: Path) -> str:
    """A name for the environment: MONITOR_ and the value's own key."""
    last = next((step for step in reversed(path) if isinstance(step, str)), "secret")
    return "MONITOR_" + re.sub(r"[^A-Z0-9]+", "_", str(last).upper()).strip("_")

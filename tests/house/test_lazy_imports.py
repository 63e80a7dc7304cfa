"""What commands load: people wait for it at each start."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

#: neither reading commands nor --help may load any of these
HEAVY = (
    *(
        "transformers",
        "torch",
        "onnxruntime",
        "tokenizers",
        "numpy",
        "aiohttp",
        "ruamel",
        "feedparser",
    ),
    *(
        "lxml",
        "apscheduler",
        "structlog",
        "prometheus_client",
        "jinja2",
        "slack_sdk",
        "css_inline",
        "huggingface_hub",
        "alembic",
    ),
)
CODE = """
import json, sys
sys.argv = ["monitor", *sys.argv[1:]]
from monitor.cli import main
try:
    main()
except SystemExit as ended:
    code = ended.code
else:
    code = 0
print(json.dumps([code or 0, sorted(name for name in sys.modules if "." not in name)]), file=sys.stderr)
"""


def loaded(*words: str, home: Path, code: str = CODE) -> tuple[int, set[str]]:
    """The exit code and the top-level modules that one command has loaded at its end."""
    import json

    environ = {**os.environ, "MONITOR_HOME": str(home)}
    done = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, env=environ, cwd=home, check=True
    )
    ended, names = json.loads(done.stderr.splitlines()[-1])
    return ended, set(names)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder with an empty archive."""
    folder = tmp_path_factory.mktemp("home")
    ended, _ = loaded("db", "upgrade", home=folder)
    assert ended == 0
    return folder


@pytest.mark.parametrize(
    "words",
    [
        ("--help",),
        ("--version",),
        ("search", "--help"),
        ("search", "mistral"),
        ("search", "mistral", "--json"),
        ("deals",),
        ("deals", "--sum", "--by", "year", "--json"),
        ("launches", "--developer", "Mistral AI"),
        ("companies", "list"),
        ("outbox", "list"),
        ("db", "stats"),
    ],
    ids=" ".join,
)
def test_reading_commands_load_nothing_heavy(home: Path, words: tuple[str, ...]) -> None:
    ended, names = loaded(*words, home=home)
    assert ended in (0, 1), "1: nothing matched"
    assert sorted(names & set(HEAVY)) == []


def test_the_check_sees_what_is_loaded(home: Path) -> None:
    _, names = loaded("search", "mistral", home=home)
    assert "sqlalchemy" in names
    _, names = loaded("check-config", home=home)
    assert {"ruamel", "pydantic"} <= names


@pytest.mark.parametrize(
    ("module", "light"),
    [
        ("monitor.config", ("pydantic", "ruamel")),
        ("monitor.paths", ("pydantic", "ruamel", "platformdirs")),
        ("monitor.archive", ("alembic", "psycopg")),
        ("monitor.classify", ("torch", "transformers", "onnxruntime")),
        ("monitor.daemon", ("aiohttp", "sqlalchemy", "onnxruntime", "ruamel", "pydantic")),
    ],
)
def test_a_room_s_door_is_light(tmp_path: Path, module: str, light: tuple[str, ...]) -> None:
    listed = "sorted(name for name in sys.modules if '.' not in name)"
    code = f"import {module}, json, sys; print(json.dumps([0, {listed}]), file=sys.stderr)"
    _, names = loaded(home=tmp_path, code=code)
    assert sorted(names & set(light)) == []

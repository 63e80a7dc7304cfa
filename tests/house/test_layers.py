"""Who may import whom, and which room may touch which library. docs/decisions.md and the README's map say why.

    types, errors | pure helpers | protocols | stages | pipelines | app | daemon, cli
A stage never imports a stage: they meet in the pipelines. Only the archive speaks SQL, only guarded places the network.
"""

from __future__ import annotations

import pytest

from tests.house.code import PACKAGE, ROOT, Import, inner, outer

#: facts and pure helpers, importable from everywhere; each imports only those before it, so that there is no circle
ORDER = [
    "__init__",
    "types",
    "errors",
    "tellings",
    "resources",
    "paths",
    "clock",
    "memory",
    "money",
    "text",
    "language",
    "urls",
    "guard",
    "query",
    "standing",
    "protocols",
]
HELPERS = set(ORDER)
STAGES = {"feeds", "classify", "stories", "ledger", "digest", "channels", "archive", "web"}
PIPELINES = {"collect", "understand", "deliver"}
RUNNING = {"config", "logs", "metrics", "health", "locks", "systemd", "ticks", "daemon"}

#: what a room may import besides the helpers (and itself)
ALLOWED: dict[str, set[str]] = {
    **{room: set() for room in STAGES},
    "classify": {"resources"},
    "web": {"digest"},
    # the pipelines, and the parts that two of them are split into
    "collect": {"feeds"},
    "understand": {"classify", "stories", "ledger"},
    # a person's topics, and the archive read again: parts of the same pipeline
    "interests": {"classify", "stories", "archive"},
    "reclassify": {"understand"},
    "opinions": {"classify", "config"},
    "classifiers": {"classify", "opinions", "config", "archive", "logs"},
    "deliver": {"digest", "desk", "notices", "outcomes", "planner", "reports"},
    "desk": {"digest", "channels", "making", "notices", "planner", "outbox", "reports"},
    "making": {"digest", "planner", "reports"},
    "notices": {"channels", "planner", "outbox", "reports"},
    # stories: which telling of a story a reader gets
    "planner": {"digest", "channels", "stories"},
    "outbox": {"channels", "outcomes", "reports"},
    "outcomes": {"channels"},
    "reports": {"channels"},
    # how it runs
    "config": set(),
    "logs": {"config"},
    "metrics": set(),
    "health": set(),
    "locks": set(),
    "systemd": set(),
    "ticks": {"config", "health", "logs", "metrics"},
    "daemon": {"config", "health", "locks", "logs", "metrics", "systemd", "ticks"},
    "testing": set(),
    "demo": {"testing"},
    "bookkeeper": {"ledger"},
    # those that see everything below them
    "rooms": STAGES
    | PIPELINES
    | RUNNING
    | {"bookkeeper", "planner", "outbox", "interests", "reclassify", "classifiers"} - {"daemon"},
    "app": {"rooms", "collect", "understand", "deliver", "outcomes", "config", "locks", "logs", "metrics"},
    "cli": STAGES
    | PIPELINES
    | RUNNING
    | {"app", "rooms", "demo", "planner", "outbox", "interests", "reclassify", "classifiers"},
    "__main__": {"cli"},
}
#: the only rooms (or modules of one) that may import a library
LIBRARIES: dict[str, set[str]] = {
    "aiohttp": {"guard", "feeds", "channels", "deliver", "app", "rooms", "demo"},
    "yarl": {"guard", "feeds", "channels"},
    "feedparser": {"feeds"},
    "lxml": {"feeds"},
    "apscheduler": {"ticks"},
    "sqlalchemy": {"archive"},
    "alembic": {"archive"},
    "psycopg": {"archive"},
    "numpy": {"classify", "stories", "understand"},
    "onnxruntime": {"classify"},
    "tokenizers": {"classify"},
    "safetensors": {"classify"},
    "onnx": {"classify"},
    "torch": {"classify"},
    "transformers": {"classify"},
    "sklearn": {"classify"},
    "pydantic": {"config"},
    "pydantic_core": {"config"},
    "ruamel": {"config"},
    "platformdirs": {"paths"},
    "typer": {"cli"},
    "rich": {"cli"},
    "publicsuffixlist": {"urls"},
    "selectolax": {"text", "feeds"},
    "jinja2": {"digest", "web"},
    "markupsafe": {"digest", "web"},
    "css_inline": {"digest"},
    "slack_sdk": {"channels"},
    "apprise": {"channels"},
    "prometheus_client": {"metrics"},
    "structlog": {"logs"},
}
#: libraries that cost time or memory: imported where they are used, not where a command begins
LAZY = {"torch", "transformers", "onnx", "onnxruntime", "sklearn", "apprise"}


def rooms() -> set[str]:
    return {path.stem if path.is_file() else path.name for path in PACKAGE.iterdir() if _is_room(path)}


def _is_room(path: object) -> bool:
    from pathlib import Path

    assert isinstance(path, Path)
    return path.suffix == ".py" or (path.is_dir() and any(path.rglob("*.py")) and not path.name.startswith("_"))


def test_every_room_has_a_rule() -> None:
    assert rooms() - HELPERS - set(ALLOWED) == set(), "say in ALLOWED what the new room may import"


@pytest.mark.parametrize("room", sorted({*ALLOWED, *HELPERS}))
def test_a_room_imports_only_what_it_may(room: str) -> None:
    may = set(ORDER[: ORDER.index(room)]) if room in HELPERS else HELPERS | ALLOWED[room]
    wrong = [str(each) for each in inner() if each.room == room and _target(each) not in may]
    assert wrong == []


def _target(each: Import) -> str:
    from tests.house.code import room_of

    return room_of(each.target)


def test_no_stage_imports_a_stage() -> None:
    """Said once more, so that no entry of ALLOWED can undo it: only the web page shows digests."""
    wrong = [each for each in inner() if each.room in STAGES and _target(each) in STAGES]
    assert [str(each) for each in wrong if (each.room, _target(each)) != ("web", "digest")] == []


def test_every_library_is_touched_only_where_it_may() -> None:
    wrong = [str(each) for each in outer() if each.room not in LIBRARIES.get(each.top, set())]
    assert wrong == [], "say in LIBRARIES which room the library belongs to"


def test_heavy_libraries_are_imported_where_they_are_used() -> None:
    heavy = [each for each in outer() if each.top in LAZY and not each.inside_function and not each.only_typing]
    # programs that train are started for that alone
    assert [str(each) for each in heavy if not each.module.startswith(("classify.train", "classify.network"))] == []


def test_the_checks_see_what_they_are_for() -> None:
    """A reader of imports that sees nothing would pass every test above."""
    seen = {(each.room, each.top) for each in outer()}
    assert {("archive", "sqlalchemy"), ("config", "pydantic"), ("cli", "typer"), ("feeds", "feedparser")} <= seen
    assert {("collect", "feeds"), ("cli", "errors")} <= {(each.room, _target(each)) for each in inner()}
    assert len(outer()) > 50


def test_alembic_s_folder_is_no_package() -> None:
    assert not (ROOT / "alembic" / "__init__.py").exists(), "it would hide the library of that name"


def test_there_is_no_room_for_everything() -> None:
    assert {"utils", "helpers", "common", "misc", "models"} & {path.stem for path in PACKAGE.rglob("*")} == set()

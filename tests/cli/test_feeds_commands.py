"""`feeds`: feeds.yaml is edited with its comments kept, pages are searched for feeds, nothing is stored by a test."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from monitor.cli import main
from monitor.cli.feededit import free_id, slug
from tests.cli.conftest import MINE

FEED = b"""<?xml version="1.0"?><rss version="2.0"><channel><title>Lumen Lab</title><link>https://lumen.example/</link>
<language>de</language><item><title>Lumen opens its first model</title><link>https://lumen.example/1</link>
<guid>1</guid><description>A small one.</description></item></channel></rss>"""
PAGE = b"""<html><head><title>Lumen</title><link rel="alternate" type="application/rss+xml" href="/lumen-news"></head>
<body><p>Hello.</p></body></html>"""
PAGES = {
    "/": (PAGE, "text/html"),
    "/lumen-news": (FEED, "application/rss+xml"),
    "/none": (b"<html></html>", "text/html"),
}


@pytest.fixture
def site() -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Nothing."""

        def do_GET(self) -> None:
            body, kind = PAGES.get(self.path, (b"", ""))
            self.send_response(200 if kind else 404)
            self.send_header("Content-Type", kind or "text/plain")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A feeds.yaml that may poll loopback."""
    path = tmp_path / "feeds.yaml"
    fetch = "settings:\n  fetch:\n    allowed_networks: [127.0.0.0/8]\n    host_gap: 0s\n"
    path.write_text(MINE.replace("settings:\n", fetch))
    return path


def call(own: Path, *words: str) -> int:
    return main(["--config", str(own), "feeds", *words])


def test_add_finds_the_feed_behind_a_page_and_keeps_the_comments(
    site: str, own: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert call(own, "add", f"{site}/", "--id", "lumen", "--category", "lab") == 0
    text = own.read_text()
    assert "# the lab's own" in text
    capfd.readouterr()
    assert call(own, "list", "--json") == 0
    added = json.loads(capfd.readouterr().out)[-1]
    assert added["id"] == "lumen"
    assert added["url"] == f"{site}/lumen-news"
    assert (added["name"], added["language"], added["category"]) == ("Lumen Lab", "de", "lab")
    assert call(own, "add", f"{site}/lumen-news") == 2, "its address is there already"
    assert own.read_text() == text


def test_add_of_what_has_no_feed_changes_nothing(site: str, own: Path, capfd: pytest.CaptureFixture[str]) -> None:
    before = own.read_text()
    assert call(own, "add", f"{site}/none") == 69
    assert "no feed was found there" in capfd.readouterr().err.splitlines()[-1]
    assert call(own, "add", f"{site}/missing") == 69
    assert own.read_text() == before


def test_a_private_address_is_refused(site: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    own = tmp_path / "feeds.yaml"
    own.write_text(MINE)
    assert call(own, "add", site) == 69
    assert "not public" in capfd.readouterr().err


def test_remove_takes_a_feed_out(own: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert call(own, "remove", "wire") == 0
    assert "wire.example" not in own.read_text()
    assert call(own, "remove", "wire") == 66


def test_an_exported_list_is_imported_again(own: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    opml = tmp_path / "list.opml"
    assert call(own, "export", str(opml)) == 0
    assert call(own, "export", str(opml)) == 2
    before = own.read_text()
    assert call(own, "import", str(opml)) == 0
    assert own.read_text() == before, "all of them are there already"
    other = tmp_path / "other.yaml"
    other.write_text("feeds:\n  - id: mine\n    url: https://mine.example/feed\n    name: Mine\n")
    assert call(other, "import", str(opml)) == 0
    assert "https://wire.example/feed" in other.read_text()
    assert call(other, "import", str(tmp_path / "none.opml")) == 66
    (tmp_path / "bad.opml").write_text("no list")
    assert call(other, "import", str(tmp_path / "bad.opml")) == 65


def test_the_default_that_ships_is_not_edited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    assert main(["feeds", "remove", "openai"]) == 2


def test_test_shows_every_stage_and_stores_nothing(
    site: str, own: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    saved = tmp_path / "saved.xml"
    saved.write_bytes(FEED)
    assert main(["db", "upgrade"]) == 0
    for document in (f"{site}/lumen-news", str(saved)):
        capfd.readouterr()
        assert call(own, "test", document, "--json") == 0
        told = json.loads(capfd.readouterr().out)
        assert told["parsed"]["title"] == "Lumen Lab"
        assert told["fetched"]["bytes"] == len(FEED)
        assert [e["title"] for e in told["entries"]] == ["Lumen opens its first model"]
        assert told["entries"][0]["publisher"] == "lumen.example"
        assert told["schedule"]["why"]
    assert call(own, "test", f"{site}/lumen-news") == 0
    assert "parsed    Lumen Lab" in capfd.readouterr().out
    assert call(own, "test", f"{site}/none") == 69
    assert call(own, "test", str(tmp_path / "missing.xml")) == 66
    home = tmp_path / "home" / "monitor.db"
    with closing(sqlite3.connect(home)) as archive:
        assert archive.execute("SELECT count(*) FROM entries").fetchone() == (0,)
        assert archive.execute("SELECT count(*) FROM feeds").fetchone() == (0,)


def test_poll_stores_and_health_tells(site: str, own: Path, capfd: pytest.CaptureFixture[str]) -> None:
    own.write_text(own.read_text().replace("https://lab.example/feed", f"{site}/lumen-news"))
    assert main(["--config", str(own), "poll", "--json"]) == 0
    report = json.loads(capfd.readouterr().out)
    assert (report["polled"], report["new"], report["news"]) == (1, 1, 0)
    assert main(["--config", str(own), "poll"]) == 0
    assert "no feed is due" in capfd.readouterr().out
    assert main(["--config", str(own), "poll", "--feed", "lab", "--force"]) == 0
    assert main(["--config", str(own), "poll", "--feed", "nobody"]) == 66
    capfd.readouterr()
    assert call(own, "health", "--json") == 0
    rows = {row["id"]: row for row in json.loads(capfd.readouterr().out)}
    assert (rows["lab"]["state"], rows["lab"]["entries"], rows["lab"]["polls"]) == ("well", 1, 2)
    assert rows["wire"]["state"] == "off"
    own.write_text(own.read_text().replace("/lumen-news", "/missing"))
    assert main(["--config", str(own), "poll", "--force"]) == 69
    assert "404" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("text", "expected"), [("Le Quotidien numérique", "le-quotidien-numerique"), ("  AI & ML! ", "ai-ml"), ("新闻", "")]
)
def test_slugs(text: str, expected: str) -> None:
    assert slug(text) == expected


def test_free_ids() -> None:
    assert free_id("lab", {"wire"}) == "lab"
    assert free_id("lab", {"lab", "lab-2"}) == "lab-3"

"""Whole rounds by command, on the sample feeds, with the shipped model: poll, classify, match, ledger, digest."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.archive import open_archive
from monitor.classify import check_weights
from monitor.cli import main
from monitor.cli.demo import EVENING, FEEDS_YAML, MORNING, _feed
from monitor.demo.outlets import read_outlets
from monitor.demo.server import DemoServer
from monitor.errors import ModelError
from monitor.locks import InstanceLock
from tests.archive.samples import draft, stored, told, understood


@pytest.fixture(scope="module", autouse=True)
def _weights() -> None:
    """These measure the real thing."""
    try:
        check_weights()
    except ModelError as error:
        pytest.skip(f"no weights to run with: {error}")


class Site:
    """The sample outlets at a time that is told, and commands on them."""

    def __init__(self, folder: Path) -> None:
        self.now = MORNING
        self.config = folder / "feeds.yaml"

    def write(self, urls: dict[str, str], *, model: str = "") -> None:
        feeds = "".join(_feed(outlet, urls[outlet.id]) for outlet in read_outlets())
        text = FEEDS_YAML.format(feeds=feeds)
        if model:
            text = text.replace("settings:\n", f"settings:\n  classify:\n    model: {model}\n")
        self.config.write_text(text)

    def call(self, *words: str) -> int:
        return main(["--config", str(self.config), "--now", self.now.isoformat(), *words])


@pytest.fixture
def server() -> Iterator[tuple[DemoServer, list[datetime]]]:
    clock = [MORNING]
    with DemoServer(read_outlets(), lambda: clock[0]) as running:
        yield running, clock


@pytest.fixture
def site(server: tuple[DemoServer, list[datetime]], tmp_path: Path) -> Site:
    made = Site(tmp_path)
    made.write(server[0].urls)
    return made


def read(capfd: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capfd.readouterr().out)


def test_a_day_in_two_rounds(
    site: Site, server: tuple[DemoServer, list[datetime]], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert site.call("run", "--once") == 0
    morning = capfd.readouterr()
    assert "9 feeds polled" in morning.out
    assert "0 of them news" in morning.out
    assert str(tmp_path / "home" / "digests") in morning.err, "it says where digests go"
    site.now = server[1][0] = EVENING
    assert site.call("run", "--once") == 0
    evening = capfd.readouterr().out
    day = sum(t.at > MORNING and t.at <= EVENING for outlet in read_outlets() for t in outlet.tellings)
    assert f"{day} of them news" in evening
    assert "evening@2024-02-26T20:00Z" in evening
    written = sorted(path.suffix for path in (tmp_path / "home" / "digests").glob("evening-*"))
    assert written == [".html", ".txt"]
    text = next((tmp_path / "home" / "digests").glob("evening-*.txt")).read_text()
    assert "Halden" in text
    assert "Freight rates" not in text, "what stood there in the morning is no news"
    assert "chisel" not in text

    # a second start stores nothing, sends nothing
    assert site.call("poll", "--force", "--json") == 0
    report = read(capfd)
    assert (report["new"], report["changed"], report["not_modified"]) == (0, 0, 9)
    assert site.call("run", "--once") == 0
    assert "no digest is due" in capfd.readouterr().out
    assert site.call("digest", "list", "--json") == 0
    made = {d["key"]: d["story_count"] for d in read(capfd)}
    assert made.pop("evening@2024-02-25T20:00Z") == 0, "what was due before the first start is empty"
    assert list(made) == ["evening@2024-02-26T20:00Z"]
    assert site.call("outbox", "list", "--json") == 0
    assert [d["state"] for d in read(capfd)] == ["sent"]
    assert site.call("digest", "resend", "evening@2024-02-26T20:00Z") == 0
    capfd.readouterr()

    assert site.call("search", "mistral", "--json") == 0
    number = str(read(capfd)[0]["story_id"])
    assert site.call("explain", number, "--json") == 0
    told = read(capfd)
    assert told["thresholds"]["funding"]["tag"] > told["thresholds"]["funding"]["possible"]
    assert {e["model_id"] for e in told["entries"]} == {told["entries"][0]["model_id"]}
    assert site.call("digest", "backtest", "evening", "--since", "2d", "--json") == 0
    assert len(read(capfd)["digests"]) == 2
    assert site.call("stories", "rebuild", "--dry-run", "--json") == 0
    assert read(capfd)["applied"] is False


def test_a_preview_shows_what_first_polls_brought_and_sends_nothing(
    site: Site, server: tuple[DemoServer, list[datetime]], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    site.now = server[1][0] = EVENING
    assert site.call("poll") == 0
    assert site.call("classify", "--pending") == 0
    assert "into stories" in capfd.readouterr().out
    site.now = EVENING + timedelta(minutes=5)
    assert site.call("digest", "preview") == 1, "a first poll is no news"
    assert "--since 2d" in capfd.readouterr().err
    page = tmp_path / "page.html"
    assert site.call("digest", "preview", "--since", "2d", "--html", str(page)) == 0
    assert "Halden" in page.read_text()
    capfd.readouterr()
    assert site.call("digest", "preview", "evening", "--since", "2d", "--json") == 0
    assert "Halden" in json.dumps(read(capfd))
    assert site.call("digest", "preview", "--since", "2d", "--markdown") == 0
    assert "](https://" in capfd.readouterr().out
    assert site.call("digest", "preview", "--since", "2d", "--explain") == 0
    assert "  event: " in capfd.readouterr().out
    assert site.call("digest", "preview", "--since", "2d", "--explain", "--json") == 0
    for story in read(capfd):
        assert story["score"] == pytest.approx(sum(part["points"] for part in story["points"]), abs=0.05)
    assert site.call("digest", "list", "--json") == 0
    assert read(capfd) == []


def test_without_a_model_entries_wait_and_are_read_when_it_is_back(
    site: Site, server: tuple[DemoServer, list[datetime]], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    site.write(server[0].urls, model=str(tmp_path / "no-model"))
    assert site.call("run", "--once") == 69
    done = capfd.readouterr()
    assert "9 feeds polled" in done.out
    assert "manifest.json is missing" in done.err
    assert "the entries wait" in done.err
    assert site.call("db", "stats", "--json") == 0
    waiting = read(capfd)
    assert waiting["pending"] == waiting["entries"] > 0
    site.write(server[0].urls)
    assert site.call("classify", "--pending") == 0
    assert site.call("classify", "--pending") == 0
    assert "no entry waits" in capfd.readouterr().out
    assert site.call("db", "stats", "--json") == 0
    assert read(capfd)["pending"] == 0


def test_a_round_tells_all_its_troubles(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Nobody answers for the only feed, there is no model, and digests cannot be written: three lines, and one code."""
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    config = tmp_path / "feeds.yaml"
    config.write_text(
        f"settings:\n  fetch: {{allowed_networks: [127.0.0.0/8], allowed_ports: [{port}]}}\n"
        f"  classify: {{model: {tmp_path / 'no-model'}}}\n"
        "digests:\n  - {name: evening, title: AI news, schedule: daily at 20:00}\n"
        f"feeds:\n  - {{id: gone, url: 'http://127.0.0.1:{port}/feed', name: Gone}}\n"
    )
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    (home / "digests").write_text("a file where the folder should be")
    words = ["--config", str(config), "--now"]
    assert main([*words, MORNING.isoformat(), "run", "--once"]) == 69
    noon = MORNING + timedelta(hours=5)
    with open_archive(f"sqlite:///{home / 'monitor.db'}") as archive:
        [number, _] = stored(archive, *(draft(n, first_seen_at=noon, published_at=noon) for n in ("told", "waiting")))
        understood(archive, [number], told(news_at=noon, published_at=noon, first_seen_at=noon, last_seen_at=noon))
    capfd.readouterr()
    assert main([*words, EVENING.isoformat(), "run", "--once"]) == 69
    ending = [line for line in capfd.readouterr().err.splitlines() if line.startswith("monitor: ")]
    troubles = ("no feed could be", "manifest.json is missing", "not everything went out")
    assert len(ending) == len(troubles)
    for line, words_of_it in zip(ending, troubles, strict=True):
        assert words_of_it in line


def test_two_monitors_of_one_folder_are_one_too_many(
    site: Site, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    lock = InstanceLock(home)
    lock.acquire(datetime.now(UTC))
    try:
        assert site.call("run", "--once") == 75
        assert "already running" in capfd.readouterr().err
    finally:
        lock.release()


def test_classify_answers_for_people_and_programs(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    text = "Halden Robotics raises $120 million in Series B led by Northgate Ventures to train robots with AI"
    assert main(["classify", text]) == 0
    assert text in capfd.readouterr().out
    lines = tmp_path / "texts.jsonl"
    lines.write_text(json.dumps({"title": text, "summary": "A round."}) + "\nHow to sharpen a chisel\n")
    assert main(["classify", "--file", str(lines), "--json"]) == 0
    rows = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [row["title"] for row in rows] == [text, "How to sharpen a chisel"]
    assert rows[1]["tags"] == []
    assert set(rows[0]) == {
        "title", "summary", "tags", "possible", "scores", "status", "rumoured", "facts", "model_id",
    }  # fmt: skip
    assert main(["classify", "How", "to", "sharpen", "a", "chisel", "--json"]) == 0
    assert [json.loads(line)["title"] for line in capfd.readouterr().out.splitlines()] == ["How to sharpen a chisel"]
    lines.write_text("{broken\n")
    assert main(["classify", "--file", str(lines)]) == 65


def test_evaluate_reads_labelled_lines(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "labelled.jsonl"
    rows = [
        {
            "id": str(n),
            "title": title,
            "summary": "",
            "published": "2024-02-26T10:00:00",
            "tags": tags,
            "status": "confirmed" if tags else None,
            "facts": {},
            "story": f"s{n}",
        }
        for n, (title, tags) in enumerate([("How to sharpen a chisel", []), ("Halden raises $5 million", ["funding"])])
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert main(["evaluate", "tags", str(path), "--json"]) == 0
    report = read(capfd)
    assert report["n"] == 2
    assert report["per"]["funding"]["support"] == 1
    assert main(["evaluate", "facts", str(path), "--json"]) == 0
    assert set(read(capfd)["micro"]) == {"precision", "recall", "f1"}
    assert main(["evaluate", "stories", str(path), "--json"]) == 0
    assert read(capfd)["stories"] >= 1
    for kind in ("tags", "facts", "stories"):
        assert main(["evaluate", kind, str(path)]) == 0


def test_the_daemon_starts_says_how_it_is_and_ends_with_0(site: Site, tmp_path: Path) -> None:
    site.config.write_text(site.config.read_text().replace("settings:\n", "settings:\n  health:\n    port: 0\n"))
    command = [sys.executable, "-m", "monitor", "--config", str(site.config), "--now", MORNING.isoformat(), "run"]
    log: list[str] = []
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as daemon:
        assert daemon.stderr is not None
        try:
            for line in daemon.stderr:
                log.append(line)
                if "classified" in line:
                    break
            started = next(json.loads(line) for line in log if '"started"' in line)
            with urllib.request.urlopen(f"http://{started['health']}/readyz") as answer:
                assert answer.status == 200
            with urllib.request.urlopen(f"http://{started['health']}/metrics") as answer:
                assert b"monitor_entries_stored_total 10.0" in answer.read()
        finally:
            daemon.send_signal(signal.SIGTERM)
            rest = daemon.stderr.read()
    assert daemon.returncode == 0, "".join(log) + rest
    assert '"stopped"' in rest
    assert log[0].startswith("feeds.yaml: ")
    assert any(str(tmp_path / "home" / "digests") in line for line in log[:3]), "it says where digests go"

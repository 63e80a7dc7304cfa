"""The demo, whole, with the shipped model: what told nine times is one story with its four tags and its facts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from monitor.classify import check_weights
from monitor.cli import main
from monitor.errors import ModelError


@pytest.fixture(scope="module")
def tour(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that one run of the demo leaves."""
    try:
        check_weights()
    except ModelError as error:
        pytest.skip(f"no weights to run with: {error}")
    folder = tmp_path_factory.mktemp("demo") / "tour"
    assert main(["demo", "--folder", str(folder)]) == 0
    return folder


@pytest.fixture
def ask(tour: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Any:
    monkeypatch.setenv("MONITOR_HOME", str(tour))

    def ask(*words: str) -> Any:
        capfd.readouterr()
        assert main(["--config", str(tour / "feeds.yaml"), *words, "--json"]) == 0
        return json.loads(capfd.readouterr().out)

    return ask


def test_mistral_is_one_story_with_its_four_tags_and_its_facts(ask: Any) -> None:
    (hit,) = ask("search", "mistral")
    assert set(hit["tags"]) == {"model-launch", "product-launch", "funding", "partnership"}
    assert hit["independent"] >= 7
    story = ask("show", str(hit["story_id"]))
    assert {e["language"] for e in story["entries"]} == {"en", "fr", "de"}
    facts = {(r["kind"], f["field"], f["value"]) for r in story["records"] for f in r["facts"]}
    assert {
        ("funding", "recipient", "Mistral AI"),
        ("funding", "investor", "Microsoft"),
        ("partnership", "partner", "Microsoft"),
        ("partnership", "partner", "Mistral AI"),
        ("model-launch", "model", "Mistral Large"),
        ("product-launch", "product", "Le Chat"),
    } <= facts
    amounts = [f["amount"] for r in story["records"] for f in r["facts"] if f["field"] == "amount"]
    assert {(a["value"], a["currency"]) for a in amounts} == {(15_000_000, "EUR")}
    assert all(f["evidence"] for r in story["records"] for f in r["facts"]), "no fact without a quote"


def test_the_digest_tells_of_it_once_and_not_of_noise(tour: Path) -> None:
    text = " ".join(next((tour / "digests").glob("evening-*.txt")).read_text().split())
    html = next((tour / "digests").glob("evening-*.html")).read_text()
    assert text.count("Le Chat assistant, signs Microsoft partnership") == 1
    assert "€15 million" in text
    assert "Investors: Northgate Ventures, Fjordkapital; Valuation: $900 million" in text
    for page in (text, html):
        assert "Halden" in page
        for noise in ("chisel", "tomatoes", "Funeral", "puppy", "shoe shops", "Solara", "TGV", "Balkonkraftwerk"):
            assert noise not in page, noise


def test_rumours_and_purchases_are_in_the_ledger(ask: Any) -> None:
    deals = ask("deals")
    rumoured = [d for d in deals if d["status"] == "rumoured"]
    assert [d["recipients"] for d in rumoured] == [["Quanta Foundry"]]
    (purchase,) = ask("deals", "--type", "acquisition")
    assert (purchase["acquirers"], purchase["targets"], purchase["usd"]) == (
        ["Corvid Systems"],
        ["Tessera"],
        340_000_000,
    )
    assert "Aurelia 2 70B" in {name for launch in ask("launches") for name in launch["names"]}


def test_it_asks_for_an_empty_folder(tour: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--folder", str(tour)]) == 73
    assert "holds an archive already" in capfd.readouterr().err

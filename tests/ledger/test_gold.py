"""Measured on labelled entries beside the checkout, where there are any: amounts and parties of real headlines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from monitor.ledger.amounts import amount_at, read_amounts
from monitor.ledger.facts import read_records
from tests.ledger.make import COMPANIES, RATES, member

pytestmark = pytest.mark.shared


def _rows(shared: Path, name: str) -> list[dict[str, Any]]:
    path = shared / "data" / name
    if not path.exists():
        pytest.skip(f"no {name}")
    rows = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    return [row for row in rows if row["tags"]]


@pytest.mark.parametrize("name", ["dev.jsonl", "dev-natural.jsonl", "dev-languages.jsonl", "train.jsonl"])
def test_amounts_of_labelled_entries_reach_the_ledger(shared: Path, name: str) -> None:
    """The labels' amounts equal the ledger's in value, currency and field for at least 97 in a hundred."""
    read = right = 0
    for row in _rows(shared, name):
        facts = row["facts"]
        told = member(
            1,
            row["title"],
            row["summary"] or "",
            tags=" ".join(row["tags"]),
            status=row["status"],
            language=row["lang"],
            **facts,
        )
        records = read_records([told], COMPANIES, RATES)
        ledger = {
            (fact.field, fact.amount.value, fact.amount.currency)
            for record in records
            for fact in record.facts
            if fact.amount is not None
        }
        for role in ("amount", "valuation"):
            for words in facts.get(role, []):
                text = row["title"] if words in row["title"] else row["summary"]
                start = text.index(words)
                gold = amount_at(read_amounts(text), text, start, start + len(words), row["lang"])
                if gold is not None:
                    read += 1
                    right += (role, gold.amount.value, gold.amount.currency) in ledger
    assert read > 0
    assert right / read >= 0.97


def test_amounts_of_labels_can_be_read(shared: Path) -> None:
    seen = parsed = 0
    for row in _rows(shared, "train.jsonl"):
        for role in ("amount", "valuation"):
            for words in row["facts"].get(role, []):
                text = row["title"] if words in row["title"] else row["summary"]
                start = text.index(words)
                seen += 1
                parsed += amount_at(read_amounts(text), text, start, start + len(words), row["lang"]) is not None
    assert parsed / seen >= 0.99

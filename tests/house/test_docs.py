"""The promises of documents rot: every setting, key, metric and exit code is described, and every example loads."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from monitor import errors
from monitor.config import load_config, schema
from monitor.config.environment import variables
from monitor.metrics import Metrics
from tests.house.code import ROOT

CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text()
OPERATING = (ROOT / "docs" / "operating.md").read_text()
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


def section(title: str) -> str:
    """The text below a heading, up to the next of its height."""
    match = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", CONFIGURATION, re.M | re.S)
    assert match is not None, f"no section {title}"
    return match.group(1)


def test_every_setting_is_described_with_its_default() -> None:
    text = section("settings")
    for path in variables().values():
        assert f"| `{'.'.join(map(str, path))}` |" in text


def test_no_setting_is_described_that_is_not_there() -> None:
    described = set(re.findall(r"^\| `([a-z_.]+)` \|", section("settings"), re.M))
    assert described == {".".join(map(str, path)) for path in variables().values()}


@pytest.mark.parametrize(
    ("title", "model"),
    [
        ("feeds", schema.FeedModel),
        ("digests", schema.DigestModel),
        ("digests", schema.SelectionModel),
        ("digests", schema.SectionModel),
        ("alerts", schema.AlertModel),
        ("topics", schema.TopicModel),
        ("classifier", schema.ClassifierModel),
        ("classifier", schema.SecondOpinionModel),
        ("channels", schema.EmailModel),
        ("channels", schema.SlackModel),
        ("channels", schema.WebhookModel),
        ("channels", schema.FileModel),
        ("channels", schema.AppriseModel),
    ],
)
def test_every_key_is_described(title: str, model: type[BaseModel]) -> None:
    text = section(title)
    for name, info in model.model_fields.items():
        key = info.alias or name
        if not key.endswith(("_env", "_file")) or key == "ca_file":
            assert f"`{key}`" in text, f"{model.__name__}: {key}"


def test_every_metric_is_described() -> None:
    for family in Metrics().registry.collect():
        if family.name.startswith("monitor_"):
            ending = {"counter": "_total", "info": "_info"}.get(family.type, "")
            assert f"`{family.name}{ending}`" in OPERATING


def test_every_exit_code_is_described() -> None:
    codes = {
        each.exit_code
        for _, each in inspect.getmembers(errors, inspect.isclass)
        if issubclass(each, errors.MonitorError)
    }
    paragraph = OPERATING.split("## Exit codes")[1]
    for code in codes:
        assert re.search(rf"\b{code}\b", paragraph), code


def test_yaml_examples_load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = 0
    for document in DOCUMENTS:
        for number, block in enumerate(re.findall(r"^```yaml\n(.*?)^```", document.read_text(), re.M | re.S)):
            found += 1
            file = tmp_path / f"{document.stem}-{number}.yaml"
            feeds = "" if re.search(r"^feeds:", block, re.M) else "feeds: [{id: a, name: A, url: https://a.example/}]\n"
            file.write_text(block + feeds)
            environ = dict.fromkeys(re.findall(r"\$\{(\w+)\}", block), "https://hooks.example.com/x")
            load_config(file, environ)
    assert found >= 3


def test_the_default_s_commented_examples_load(tmp_path: Path) -> None:
    """Whoever takes a comment's marks away gets what works."""
    head, feeds = (ROOT / "feeds.yaml").read_text().split("\nfeeds:\n")
    lines = [re.sub(r"^  # (?=[ a-z_-]+:( |$))", "  ", line) for line in head.splitlines()]
    file = tmp_path / "feeds.yaml"
    file.write_text("\n".join(lines) + "\nfeeds:\n" + feeds)
    text = file.read_text()
    environ = dict.fromkeys(re.findall(r"\$\{(\w+)\}", text), "https://hooks.example.com/x")
    config = load_config(file, environ)
    assert [channel.name for channel in config.channels] == ["mail", "slack"]
    assert [digest.name for digest in config.digests] == ["daily", "big-deals"]
    assert (len(config.alerts), len(config.topics)) == (1, 1)


def test_links_between_documents_lead_somewhere() -> None:
    for document in DOCUMENTS:
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name}: {target}"

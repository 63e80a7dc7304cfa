"""The files for service managers and containers, as far as they can be checked without one."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[2]
UNIT = ROOT / "deploy" / "ai-news-monitor.service"
COMPOSE: dict[str, Any] = YAML(typ="safe", pure=True).load((ROOT / "deploy" / "compose.yaml").read_text())
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text()


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit, with a program that is there."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze on this machine")
    file = tmp_path / UNIT.name
    file.write_text(re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", UNIT.read_text(), flags=re.M))
    return file


def test_systemd_finds_nothing_wrong_with_the_unit(unit: Path) -> None:
    done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)
    ours = [line for line in done.stderr.splitlines() if unit.name in line and "man page" not in line]
    assert (ours, done.returncode) == ([], 0)


def test_systemd_thinks_the_unit_safe(unit: Path) -> None:
    command = ["systemd-analyze", "security", "--offline=true", "--threshold=20", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout.splitlines()[-1:]


def test_the_unit_does_not_restart_what_a_restart_does_not_mend() -> None:
    assert "RestartPreventExitStatus=2 77 78" in UNIT.read_text()


def test_the_image_runs_as_nobody_in_particular_and_names_no_registry() -> None:
    assert re.search(r"^USER 10001:10001$", DOCKERFILE, re.M)
    images = re.findall(r"^FROM (\S+)", DOCKERFILE, re.M) + [each["image"] for each in COMPOSE["services"].values()]
    assert all("/" not in image for image in images)
    for source in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.M):
        for name in source.split():
            assert (ROOT / name).exists(), name


def test_the_compose_file_upgrades_before_it_runs_and_gives_the_monitor_little() -> None:
    services = COMPOSE["services"]
    assert services["upgrade"]["command"] == ["db", "upgrade"]
    assert services["monitor"]["depends_on"] == {"upgrade": {"condition": "service_completed_successfully"}}
    for name in ("upgrade", "monitor"):
        assert services[name]["read_only"] is True
        assert services[name]["cap_drop"] == ["ALL"]
        assert set(services[name]["secrets"]) <= set(COMPOSE["secrets"])


def test_the_model_runs_where_no_memory_may_be_written_and_executed() -> None:
    """What the unit's MemoryDenyWriteExecute asks for, by the kernel's own switch."""
    code = (
        "import ctypes, sys\n"
        "if ctypes.CDLL(None).prctl(65, 1, 0, 0, 0): sys.exit(42)\n"
        "import monitor.cli; sys.argv = ['monitor', 'classify', 'Norvane raises $40 million', '--json']\n"
        "sys.exit(monitor.cli.main())"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode == 42:
        pytest.skip("this kernel has no PR_SET_MDWE")
    assert done.returncode == 0, done.stderr
    assert '"funding"' in done.stdout

"""Draws docs/pictures: the invented stories as a mail, in headless Chromium. Look at them after a change of templates.

python -m tests.digest.pictures [FOLDER]
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

from monitor.digest.build import build
from monitor.digest.render import Look, render
from tests.digest.fixtures import MONDAY, SPEC, STORIES, TROUBLE

PICTURES = Path(__file__).resolve().parents[2] / "docs" / "pictures"
WIDTHS = (360, 600, 1200)
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
#: Chromium's own number for each colour scheme
SCHEMES = {"dark": 0, "light": 1}


def draw(html: str, path: Path, width: int, scheme: str, *, height: int | None = None) -> None:
    """A picture of the whole page as a window of that width shows it. Raises OSError, CalledProcessError."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        raise FileNotFoundError("chromium is not installed")
    with tempfile.TemporaryDirectory() as folder:
        # an inner frame has the width that is asked for, however wide the smallest window is
        page, frame = Path(folder, "page.html"), Path(folder, "frame.html")
        page.write_text(html, encoding="utf-8")
        command = [chromium, *FLAGS, f"--user-data-dir={folder}/profile", "--allow-file-access-from-files",
                   f"--blink-settings=preferredColorScheme={SCHEMES[scheme]}"]  # fmt: skip
        if height is None:
            frame.write_text(_FRAME.format(width=width, height=400, measure=_MEASURE))
            found = subprocess.run([*command, "--virtual-time-budget=2000", "--dump-dom", frame.as_uri()], check=True,
                                   capture_output=True, text=True, timeout=120)  # fmt: skip
            height = int(re.findall(r'data-height="(\d+)"', found.stdout)[0])
        frame.write_text(_FRAME.format(width=width, height=height, measure=""))
        subprocess.run([*command, f"--window-size={width},{height}", f"--screenshot={path}", frame.as_uri()],
                       check=True, capture_output=True, timeout=120)  # fmt: skip


_FRAME = """<!DOCTYPE html><body style="margin:0"><iframe src="page.html" width="{width}" height="{height}"
style="border:0;display:block"></iframe>{measure}</body>"""
_MEASURE = """<script>onload = () => {
const page = document.querySelector("iframe").contentDocument.documentElement;
document.body.dataset.height = page.scrollHeight }</script>"""


def main(folder: Path) -> None:
    digest = build(
        SPEC, STORIES, due_at=MONDAY, since=MONDAY - timedelta(days=2), sent={4: 40}, trouble=TROUBLE
    )  # fmt: skip
    html = render(digest, "email", Look()).parts[0].html
    for width in WIDTHS:
        for scheme in SCHEMES:
            draw(html, folder / f"digest-{scheme}-{width}.png", width, scheme)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURES)

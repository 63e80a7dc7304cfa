"""What a command that only reads pays for."""

from __future__ import annotations

import subprocess
import sys


def test_the_archive_imports_sqlalchemy_and_little_else(tmp_path: object) -> None:
    program = (
        "import sys; from monitor.archive import open_archive\n"
        f"archive = open_archive({str(tmp_path)!r} + '/none.db', read_only=True)\n"
        "heavy = {'alembic', 'psycopg', 'aiohttp', 'numpy', 'lxml', 'feedparser', 'ruamel', 'pydantic'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

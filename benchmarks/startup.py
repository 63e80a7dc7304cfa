"""How long commands take to start, beside what their libraries take to import, in the same run.

    python benchmarks/startup.py [--runs 15] [--json]

Prints the median of each and its ratio to `python -c "import sqlalchemy, typer, rich"`. Ends with 1 when
`monitor search` takes more than 1.6 times that. Runs are interleaved, so that a busy machine slows all alike.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LIMIT = 1.6
BASE = "import sqlalchemy, typer, rich"
MONITOR = [sys.executable, "-m", "monitor"]
CASES = {
    BASE: [sys.executable, "-c", BASE],
    "monitor --help": [*MONITOR, "--help"],
    "monitor search": [*MONITOR, "search", "mistral"],
    "monitor deals --json": [*MONITOR, "deals", "--json"],
    "monitor feeds list": [*MONITOR, "feeds", "list"],
}


def seconds(command: list[str], environ: dict[str, str]) -> float:
    """Wall time of one run; 0 (found) and 1 (nothing matched) are both answers."""
    began = time.perf_counter()
    done = subprocess.run(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    taken = time.perf_counter() - began
    if done.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}: {done.stderr.decode()}")
    return taken


def measure(runs: int) -> dict[str, list[float]]:
    """Seconds of each case, interleaved, after one warm round that fills the caches."""
    with tempfile.TemporaryDirectory() as folder:
        environ = {**os.environ, "MONITOR_HOME": str(Path(folder) / "home")}
        subprocess.run([*MONITOR, "db", "upgrade"], env=environ, check=True, stdout=subprocess.DEVNULL)
        times: dict[str, list[float]] = {name: [] for name in CASES}
        for number in range(runs + 1):
            for name, command in CASES.items():
                taken = seconds(command, environ)
                if number:
                    times[name].append(taken)
    return times


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    times = measure(options.runs)
    medians = {name: statistics.median(values) for name, values in times.items()}
    ratios = {name: median / medians[BASE] for name, median in medians.items()}
    if options.json:
        print(json.dumps({"runs": options.runs, "median_seconds": medians, "ratios": ratios, "limit": LIMIT}, indent=2))
    else:
        for name, median in medians.items():
            print(f"{median * 1000:7.0f} ms  {ratios[name]:5.2f} x  {name}")
    return int(ratios["monitor search"] > LIMIT)


if __name__ == "__main__":
    sys.exit(main())

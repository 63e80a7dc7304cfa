"""A daemon around a fake app, as a program: python -m tests.daemon.program STATE_FOLDER [slow]."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from monitor.config.settings import LogSettings
from monitor.daemon import App, run_daemon
from monitor.errors import ConfigError, MonitorError
from monitor.logs import configure
from tests.daemon.fake import FakeApp, settings_in


def main() -> int:
    folder = Path(sys.argv[1])
    configure(LogSettings(format="json"), environ=os.environ)
    app = FakeApp(settings_in(folder))
    if "slow" in sys.argv:

        async def slow() -> str:
            (folder / "round-began").touch()
            while not (folder / "finish").exists():
                await asyncio.sleep(0.01)
            (folder / "round-ended").touch()
            return "a slow round"

        app.behave["collect"] = slow

    def reload() -> App | None:
        if (folder / "wrong").exists():
            raise ConfigError("feeds.yaml:1:1: this is wrong", "feeds.yaml:2:1: and this")
        return FakeApp(settings_in(folder), name="second")

    try:
        return asyncio.run(run_daemon(app, reload=reload))
    except MonitorError as error:
        print(error, file=sys.stderr)
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())

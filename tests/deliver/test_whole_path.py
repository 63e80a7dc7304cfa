"""From stories to what arrived, over real SMTP, a fake Slack and files."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from monitor.types import ChannelSpec, DeliveryState, Secret
from tests.channels.servers import smtp_server, web_server
from tests.deliver.rig import Rig, mail_channel
from tests.digest.fixtures import SPEC, STORIES, TROUBLE


def test_one_digest_reaches_mail_slack_and_files(tmp_path: Path) -> None:
    async def run() -> None:
        async with smtp_server() as box, web_server() as slack:
            specs = (
                mail_channel(box.port, "ada@reader.test", "Grace <grace@reader.test>"),
                ChannelSpec(
                    name="slack",
                    kind="slack",
                    recipients=("webhook",),
                    secrets={"webhook_url": Secret(slack.url + "/services/T/B/x")},
                ),
                ChannelSpec(
                    name="folder",
                    kind="file",
                    recipients=("file",),
                    options={"folder": str(tmp_path / "out"), "formats": ("html", "markdown", "text")},
                ),
            )
            spec = replace(SPEC, channels=("mail", "slack", "folder"))
            rig = Rig(tmp_path, digests=[spec], channel_specs=specs, stories=STORIES, trouble=lambda: TROUBLE)
            report = await rig.deliverer.run_due()
            assert report.clean, (report, rig.log.lines)
            assert [(key, stories) for key, stories, _ in report.made] == [("daily@2024-02-27T07:00Z", len(STORIES))]
            assert sorted(to for to, _ in box.accepted) == ["ada@reader.test", "grace@reader.test"]
            mail = box.accepted[0][1]
            assert "Mistral Large" in mail["Subject"]
            assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
            plain = mail.get_body(("plain",))
            assert plain is not None
            assert "Bay Ledger: answers 403" in plain.get_content()
            assert len(slack.requests) == 1
            assert slack.requests[0]["unfurl_links"] is False
            names = sorted(path.name for path in (tmp_path / "out").iterdir())
            assert names == [
                "daily-2024-02-27T0700Z.html",
                "daily-2024-02-27T0700Z.md",
                "daily-2024-02-27T0700Z.txt",
                "index.html",
            ]
            assert {row.state for row in rig.deliveries.rows.values()} == {DeliveryState.SENT}
            # the same due time makes no second digest, in this process or the next
            assert (await rig.deliverer.run_due()).made == []
            assert (await rig.start().run_due()).made == []
            assert len(box.accepted) == 2

    asyncio.run(run())


def test_with_no_channel_the_digest_is_written_into_the_state_folder(tmp_path: Path) -> None:
    rig = Rig(tmp_path, digests=[replace(SPEC, channels=())], stories=STORIES)
    report = asyncio.run(rig.deliverer.run_due())
    assert report.clean
    assert "Mistral Large" in (tmp_path / "digests" / "index.html").read_text()
    assert (tmp_path / "digests" / "daily-2024-02-27T0700Z.txt").read_text().startswith("AI DEALS AND LAUNCHES\n")

"""What receivers have, parsed: the headlines of a mail, of a Slack message."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

import html5lib  # type: ignore[import-untyped]

#: sections of a Slack message that are no stories
_OTHER = re.compile(r"\*(?:\d+ more|Feeds that need a look)\*\n|• ")


@dataclass(frozen=True)
class Arrival:
    """One message as its receiver has it."""

    headlines: tuple[str, ...]
    message_id: str = ""
    payload: str = ""


def mail_arrival(mail: EmailMessage) -> Arrival:
    """The headlines that stand in the HTML part; each must be in the text part as well."""
    html, plain = mail.get_body(("html",)), mail.get_body(("plain",))
    assert html is not None
    assert plain is not None
    tree = html5lib.parse(html.get_content(), namespaceHTMLElements=False)
    shown = ["".join(e.itertext()) for e in tree.iter("h3")]
    # a list of several sections has a line for each
    briefs = [e for e in tree.iter("td") if e.get("class") == "brief" and e.find("strong") is None]
    listed = ["".join((e.find("a") if e.find("a") is not None else e).itertext()) for e in briefs]
    text = squeezed(plain.get_content())
    missing = [title for title in (*shown, *listed) if squeezed(title) not in text]
    assert not missing, f"in the HTML part only: {missing}"
    return Arrival(headlines=(*shown, *listed), message_id=str(mail["Message-ID"]))


def slack_arrival(payload: Mapping[str, Any]) -> Arrival:
    """The linked headlines of the stories."""
    texts = [b["text"]["text"] for b in payload["blocks"] if b["type"] == "section"]
    shown = [text.split("\n")[0].strip("*") for text in texts if "\n" in text and not _OTHER.match(text)]
    listed = [line for text in texts for line in text.split("\n") if line.startswith("• ")]
    return Arrival(headlines=(*shown, *listed), payload=canonical(payload["blocks"]))


def canonical(blocks: Any) -> str:
    return json.dumps(blocks, sort_keys=True, ensure_ascii=False)


def squeezed(text: str) -> str:
    """Without blanks: the text part breaks lines, also within long words."""
    return re.sub(r"\s+", "", text)

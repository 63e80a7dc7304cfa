"""Every command with its one-line help: what `--help` shows without importing a single command."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A command: its name, its function or where that stands ("module:function" below monitor.cli), its help line."""

    name: str
    target: str | Callable[..., Any]
    help: str
    panel: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """A command that only holds others."""

    name: str
    help: str
    leaves: tuple[Leaf, ...]
    panel: str = ""


Tree = tuple[Leaf | Branch, ...]

EVERYDAY = "Every day"
ARCHIVE = "The archive"
SETTING_UP = "Setting up and looking after"
CLASSIFIER = "The classifier"


def _leaves(module: str, **helps: str) -> tuple[Leaf, ...]:
    """Leaves whose functions have the command's name (a trailing underscore avoids Python's words)."""
    return tuple(
        Leaf(name=function.rstrip("_").replace("_", "-"), target=f"{module}:{function}", help=text)
        for function, text in helps.items()
    )


FEEDS = Branch(
    name="feeds",
    help="List, add, test and check feeds.",
    panel=EVERYDAY,
    leaves=_leaves(
        "feeds",
        list_="List the feeds of feeds.yaml.",
        add="Find the feed behind a page and add it to feeds.yaml.",
        remove="Remove a feed from feeds.yaml; its entries stay in the archive.",
        import_="Add the feeds of an OPML file to feeds.yaml.",
        export="Write the feeds as OPML.",
        health="Show how each feed is doing, and why the next poll is when it is.",
        test="Show every stage for one document and store nothing.",
    ),
)

COMPANIES = Branch(
    name="companies",
    help="The companies, labs and investors of the ledger.",
    panel=ARCHIVE,
    leaves=_leaves(
        "companies",
        list_="List the entities that the archive's deals and launches name.",
        show="One company's page: deals, launches and partners in time.",
        merge="Make two entities one.",
        alias="Give an entity another name.",
    ),
)

STORIES = Branch(
    name="stories",
    help="Decide by hand what belongs together; hand decisions stand.",
    panel=ARCHIVE,
    leaves=_leaves(
        "stories",
        merge="Join stories into one.",
        split="Move entries out of a story into one of their own.",
        pin="Put a story first in every digest that takes it.",
        mute="Keep a story out of every digest.",
        rebuild="Match the archive's entries again and say what changed.",
    ),
)

DIGEST = Branch(
    name="digest",
    help="Preview, send and list digests.",
    panel=EVERYDAY,
    leaves=_leaves(
        "digests",
        preview="Show what a digest would hold now; sends and stores nothing.",
        send="Send a digest now.",
        list_="List the digests that were made.",
        resend="Send a digest's deliveries again.",
        backtest="What a digest would have sent in a past time.",
    ),
)

OUTBOX = Branch(
    name="outbox",
    help="Deliveries on their way, sent and failed.",
    panel=EVERYDAY,
    leaves=_leaves(
        "outbox",
        list_="List deliveries.",
        retry="Try a failed or uncertain delivery again.",
        cancel="Give up a delivery that has not been sent.",
    ),
)

CHANNELS = Branch(
    name="channels",
    help="The ways out: e-mail, Slack, webhooks, files.",
    panel=EVERYDAY,
    leaves=_leaves(
        "outbox",
        test="Send a sample over a channel.",
        unsubscribed="List who gets nothing any more.",
        unsubscribe="Send nothing to a recipient any more.",
        allow="Send to a recipient again who had unsubscribed.",
    ),
)

EVALUATE = Branch(
    name="evaluate",
    help="Measure the classifier or the matcher on labelled data.",
    panel=CLASSIFIER,
    leaves=_leaves(
        "evaluate",
        tags="Precision, recall and F1 of the tags on a labelled file.",
        facts="Precision, recall and F1 of the facts on a labelled file.",
        stories="Pairwise and B-cubed scores of the matching on a labelled file.",
        drift="Tag rates and confidence by week or feed, from the archive.",
    ),
)

TOPICS = Branch(
    name="topics",
    help="Topics of your own, beside the built-in tags.",
    panel=CLASSIFIER,
    leaves=_leaves(
        "topics",
        list_="List the topics of feeds.yaml, and how many entries of the last 30 days have each.",
        add="Add a topic to feeds.yaml.",
        remove="Remove a topic from feeds.yaml; entries keep it until they are read again.",
        test="Show what a topic would have matched last month; stores nothing.",
    ),
)

DATABASE = Branch(
    name="db",
    help="Look after the database.",
    panel=SETTING_UP,
    leaves=_leaves(
        "db",
        upgrade="Bring the schema up to date; SQLite is backed up first.",
        check="Check the database and its schema.",
        backup="Write a copy of the database, also while the daemon runs.",
        restore="Put a backup in the place of the database.",
        prune="Delete old entries that belong to no story.",
        stats="Count what is in the archive.",
        vacuum="Give free space back to the disk.",
    ),
)

COMMANDS: Tree = (
    Leaf(name="run", target="run:run", help="Poll, classify and send, as a daemon or once.", panel=EVERYDAY),
    Leaf(name="poll", target="run:poll", help="Poll feeds once, now.", panel=EVERYDAY),
    FEEDS,
    DIGEST,
    OUTBOX,
    CHANNELS,
    Leaf(name="search", target="search:search", help="Search the archive's stories.", panel=ARCHIVE),
    Leaf(name="deals", target="ledger:deals", help="Fundings, acquisitions and partnerships.", panel=ARCHIVE),
    Leaf(name="launches", target="ledger:launches", help="Model and product launches.", panel=ARCHIVE),
    Leaf(name="show", target="show:show", help="One story with its entries, facts and evidence.", panel=ARCHIVE),
    Leaf(name="explain", target="explain:explain", help="Why a story or link was treated as it was.", panel=ARCHIVE),
    COMPANIES,
    STORIES,
    Leaf(name="classify", target="classify:classify", help="Tags and facts of a text.", panel=CLASSIFIER),
    TOPICS,
    Leaf(name="label", target="label:label", help="Say what entries are about, for training.", panel=CLASSIFIER),
    Leaf(name="train", target="teach:train", help="Train the tags on your own labels.", panel=CLASSIFIER),
    Leaf(
        name="reclassify",
        target="teach:reclassify",
        help="Read the archive again with the present model and say what changed.",
        panel=CLASSIFIER,
    ),
    EVALUATE,
    Leaf(name="demo", target="demo:demo", help="A tour on sample feeds; needs no network.", panel=SETTING_UP),
    Leaf(name="init", target="setup:init", help="Write a feeds.yaml of your own.", panel=SETTING_UP),
    Leaf(name="check-config", target="setup:check_config", help="Check feeds.yaml.", panel=SETTING_UP),
    Leaf(name="doctor", target="doctor:doctor", help="Check everything the monitor needs.", panel=SETTING_UP),
    DATABASE,
)

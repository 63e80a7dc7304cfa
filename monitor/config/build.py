"""Checked models to the records that the stages know, and what must agree between places of the file."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any
from urllib.parse import urlsplit

from monitor.config import schema
from monitor.config.check import check
from monitor.config.problems import Path, nearest
from monitor.config.secrets import Vault
from monitor.config.settings import ClassifierSettings, SecondOpinionSettings
from monitor.config.source import Document
from monitor.types import AlertSpec, DigestSpec, FeedSpec, SectionSpec, Selection, Tag, TopicSpec

#: categories of the default file; a person may write others
CATEGORIES = ("lab", "press", "startup-vc", "newsletter", "aggregator", "wire", "releases")
#: how near to the event a feed of a category stands, unless it says so itself
AUTHORITY = {"lab": 3, "releases": 3, "wire": 2, "press": 2, "startup-vc": 2, "newsletter": 1, "aggregator": 0}


class Names:
    """What the rest of the file may refer to, taken from what is written, so that one mistake gives one message."""

    def __init__(self, document: Document) -> None:
        self.feeds = _written(document, "feeds", "id")
        self.categories = {*_written(document, "feeds", "category"), *CATEGORIES}
        self.topics = _written(document, "topics", "name")
        self.channels = _written(document, "channels", "name")
        self.tags = {tag.value for tag in Tag}


def _written(document: Document, section: str, key: str) -> set[str]:
    items = document.data.get(section)
    found = [item.get(key) for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    return {name for name in found if isinstance(name, str)}


def duplicates(document: Document) -> None:
    """Notes ids, names and addresses that stand twice."""
    for section, key in (
        ("feeds", "id"),
        ("topics", "name"),
        ("channels", "name"),
        ("digests", "name"),
        ("alerts", "name"),
    ):
        _duplicates_of(document, section, key, lambda text: text)
    _duplicates_of(document, "feeds", "url", same_address)


def _duplicates_of(document: Document, section: str, key: str, canonical: Any) -> None:
    items = document.data.get(section)
    seen: dict[str, int] = {}
    for number, item in enumerate(items if isinstance(items, list) else []):
        text = item.get(key) if isinstance(item, dict) else None
        if not isinstance(text, str):
            continue
        first = seen.setdefault(canonical(text), number)
        if first != number:
            line, _ = document.place((section, first, key))
            what = "address" if key == "url" else key
            document.problems.append(
                document.problem(f"the {what} '{text}' stands in line {line} already", section, number, key)
            )


def same_address(url: str) -> str:
    """What makes two spellings of one feed's address equal: scheme, `www.` and a last slash do not count."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return url
    host = parts.netloc.lower().removeprefix("www.").removesuffix(":443").removesuffix(":80")
    return f"{host}{parts.path.rstrip('/')}?{parts.query}"


def feed_spec(model: schema.FeedModel, vault: Vault, path: Path) -> FeedSpec:
    """A feed's record; a feed that is off needs no secrets."""
    secret = model.enabled
    return FeedSpec(
        id=model.id,
        url=model.url,
        name=model.name,
        category=model.category,
        language=model.language,
        enabled=model.enabled,
        interval=model.interval,
        headers=vault.headers(model.headers, (*path, "headers")) if secret else {},
        cookies=vault.headers(model.cookies, (*path, "cookies"), all_secret=True) if secret else {},
        username=vault.plain(model.username, (*path, "username")) if secret else None,
        password=vault.secret(model, "password", path) if secret else None,
        authority=AUTHORITY.get(model.category, 1) if model.authority is None else model.authority,
        aggregator=model.category == "aggregator" if model.aggregator is None else model.aggregator,
    )


def topic_spec(document: Document, model: schema.TopicModel, path: Path) -> TopicSpec:
    """A topic's record. One without description, keywords and examples can match nothing."""
    if not (model.description or model.keywords or model.examples):
        document.problems.append(document.problem("needs a description, keywords or examples", *path))
    if model.name in {tag.value for tag in Tag}:
        document.problems.append(document.problem("is the name of a built-in tag", *path, "name"))
    return TopicSpec(
        name=model.name,
        description=model.description,
        keywords=tuple(model.keywords),
        examples=tuple(model.examples),
        threshold=model.threshold,
    )


def classifier_settings(document: Document, vault: Vault, folder: FilePath) -> ClassifierSettings:
    """The section `classifier`. A folder is taken from where the file lies; a model of the hub needs its commit."""
    written = document.data.get("classifier")
    model = check(document, {} if written is None else written, schema.ClassifierModel, ("classifier",))
    if model is None:
        return ClassifierSettings()
    name = model.model
    near = folder / FilePath(name).expanduser()
    if name != "built-in" and near.is_dir():
        name = str(near)
    elif name != "built-in" and name.startswith((".", "/", "~")):
        document.problems.append(document.problem(f"{near}: no such folder", "classifier", "model"))
    elif name != "built-in" and not re.fullmatch(r"[0-9a-f]{40}", model.revision):
        words = "a model of Hugging Face is pinned: give the commit (40 letters and digits) as revision"
        document.problems.append(document.problem(words, "classifier"))
    asked = model.second_opinion
    if asked is None:
        return ClassifierSettings(model=name, revision=model.revision)
    path: Path = ("classifier", "second_opinion")
    values = asked.model_dump(include={"url", "model", "daily_budget", "timeout"})
    opinion = SecondOpinionSettings(
        **values, api_key=vault.secret(asked, "api_key", path), allowed_networks=tuple(asked.allowed_networks)
    )
    return ClassifierSettings(model=name, revision=model.revision, second_opinion=opinion)


@dataclass(frozen=True, slots=True, kw_only=True)
class Usual:
    """What digests and alerts have that do not say otherwise."""

    time_zone: str
    reader_languages: tuple[str, ...]


def _readers(model: schema.DigestModel | schema.AlertModel, usual: Usual) -> tuple[str, ...]:
    """An empty list is a choice: stories as they were told first."""
    return usual.reader_languages if model.reader_languages is None else tuple(model.reader_languages)


def digest_spec(
    document: Document, names: Names, model: schema.DigestModel, path: Path, usual: Usual, folder: FilePath
) -> DigestSpec:
    """A digest's record; a template folder is taken from where the file lies."""
    _known(document, model.channels, names.channels, "channel", (*path, "channels"))
    for number, section in enumerate(model.sections):
        _known(document, section.tags, names.tags, "tag", (*path, "sections", number, "tags"), names.topics)
        _known(document, section.topics, names.topics, "topic", (*path, "sections", number, "topics"))
        if not section.tags and not section.topics:
            words = "a section needs tags or topics"
            document.problems.append(document.problem(words, *path, "sections", number))
    _subject(document, model.subject, (*path, "subject"))
    templates = folder / FilePath(model.template_folder).expanduser() if model.template_folder else None
    if templates is not None and not templates.is_dir():
        document.problems.append(document.problem(f"{templates}: no such folder", *path, "template_folder"))
    return DigestSpec(
        name=model.name,
        title=model.title or model.name,
        cron=model.schedule,
        time_zone=model.time_zone or usual.time_zone,
        reader_languages=_readers(model, usual),
        selection=selection(document, names, model.select, (*path, "select")),
        sections=tuple(
            SectionSpec(title=each.title, tags=tuple(each.tags), topics=tuple(each.topics), cap=each.cap)
            for each in model.sections
        ),
        channels=tuple(model.channels),
        look_back=model.look_back,
        cap=model.cap,
        quiet=model.quiet,
        subject=model.subject,
        theme=model.theme,
        template_folder=str(templates) if templates else None,
    )


def alert_spec(document: Document, names: Names, model: schema.AlertModel, path: Path, usual: Usual) -> AlertSpec:
    """An alert's record."""
    _known(document, model.channels, names.channels, "channel", (*path, "channels"))
    return AlertSpec(
        name=model.name,
        selection=selection(document, names, model.select, (*path, "select")),
        channels=tuple(model.channels),
        time_zone=model.time_zone or usual.time_zone,
        reader_languages=_readers(model, usual),
        settle=model.settle,
        quiet_hours=(model.quiet_hours.begin, model.quiet_hours.end) if model.quiet_hours else None,
        cooldown=model.cooldown,
    )


def selection(document: Document, names: Names, model: schema.SelectionModel, path: Path) -> Selection:
    """A selection's record; names that stand nowhere are mistakes."""
    _known(document, model.tags, names.tags, "tag", (*path, "tags"), names.topics)
    _known(document, model.topics, names.topics, "topic", (*path, "topics"))
    _known(document, model.feeds, names.feeds, "feed", (*path, "feeds"))
    _known(document, model.categories, names.categories, "category", (*path, "categories"))
    return Selection(
        tags=tuple(model.tags),
        topics=tuple(model.topics),
        companies=tuple(model.companies),
        languages=tuple(model.languages),
        feeds=tuple(model.feeds),
        categories=tuple(model.categories),
        min_score=model.min_score,
        min_amount=model.min_amount,
        min_publishers=model.min_publishers,
        query=model.query,
    )


def _known(
    document: Document, words: Iterable[str], known: set[str], what: str, path: Path, elsewhere: Iterable[str] = ()
) -> None:
    for number, word in enumerate(words):
        if word in known:
            continue
        where: Path = (*path, number) if (*path, number) in document.places else path
        if word in set(elsewhere):
            said = f"'{word}' is a topic of this file, not a tag; write it under topics:"
            document.problems.append(document.problem(said, *where))
            continue
        listed = (
            f" (there {'is' if len(known) == 1 else 'are'}: {', '.join(sorted(known))})" if 0 < len(known) < 8 else ""
        )
        hint = nearest(word, known)
        document.problems.append(
            document.problem(f"no {what} is called '{word}'" + ("" if hint else listed), *where, hint=hint)
        )


def _subject(document: Document, text: str, path: Path) -> None:
    """The fields of a subject's template must be among those that are filled in."""
    import string

    known = {"title", "top", "more", "count", "date"}
    try:
        fields = [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]
    except ValueError as error:
        document.problems.append(document.problem(f"is no template ({error})", *path))
        return
    for name in fields:
        if name not in known:
            listed = ", ".join(f"{{{each}}}" for each in sorted(known))
            document.problems.append(
                document.problem(f"{{{name}}} is not filled in (known: {listed})", *path, hint=nearest(name, known))
            )

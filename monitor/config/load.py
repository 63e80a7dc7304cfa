"""feeds.yaml and the environment to one Config, or to all their mistakes at once.

read bytes | compose YAML | put the environment over it | check each item | resolve secrets | cross-check | freeze
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path as FilePath
from typing import Any, TypeVar

from monitor.config import build, schema
from monitor.config.channels import channel_spec
from monitor.config.check import check
from monitor.config.environment import apply_environment, unknown_variables
from monitor.config.problems import Path, nearest
from monitor.config.secrets import Vault
from monitor.config.settings import (
    ClassifySettings,
    Config,
    FetchSettings,
    HealthSettings,
    KeepSettings,
    LogSettings,
    ParseSettings,
    Settings,
    TickSettings,
    WebSettings,
)
from monitor.config.source import Document, read_document
from monitor.errors import ConfigError
from monitor.paths import FeedsFile, database_url, find_feeds_file, state_folder

Spec = TypeVar("Spec")
SECTIONS = ("settings", "classifier", "channels", "digests", "alerts", "topics", "feeds")


def load(
    path: FilePath | None, environ: Mapping[str, str], *, database: str | None, working_folder: FilePath | None
) -> Config:
    """See `monitor.config.load_config`."""
    source = find_feeds_file(path, environ, working_folder or FilePath.cwd())
    document = read_document(source.path)
    apply_environment(document, environ)
    config = _Loader(document, environ, source, database).config()
    if document.problems:
        ordered = sorted(document.problems, key=lambda problem: (problem.line, problem.column))
        raise ConfigError(*dict.fromkeys(problem.text(str(source.path)) for problem in ordered))
    return config


class _Loader:
    def __init__(self, document: Document, environ: Mapping[str, str], source: FeedsFile, database: str | None) -> None:
        self._document = document
        self._environ = environ
        self._source = source
        self._database = database
        self._folder = source.path.absolute().parent
        self._vault = Vault(document, environ, self._folder)
        self._names = build.Names(document)

    def config(self) -> Config:
        """The whole; what could not be understood is left out and stands in the document's problems."""
        self._unknown_sections()
        build.duplicates(self._document)
        settings = self._settings()
        document, names = self._document, self._names
        usual = build.Usual(time_zone=settings.time_zone, reader_languages=settings.reader_languages)
        folders = (self._folder, settings.digests_folder)
        config = Config(
            source=self._source,
            settings=settings,
            classifier=build.classifier_settings(document, self._vault, self._folder),
            channels=self._items(
                "channels", schema.Channel, lambda m, p: channel_spec(document, m, self._vault, p, folders)
            ),
            topics=self._items("topics", schema.TopicModel, lambda m, p: build.topic_spec(document, m, p)),
            digests=self._items(
                "digests",
                schema.DigestModel,
                lambda m, p: build.digest_spec(document, names, m, p, usual, self._folder),
            ),
            alerts=self._items(
                "alerts", schema.AlertModel, lambda m, p: build.alert_spec(document, names, m, p, usual)
            ),
            feeds=self._items("feeds", schema.FeedModel, lambda m, p: build.feed_spec(m, self._vault, p)),
        )
        return self._with_warnings(config)

    def _unknown_sections(self) -> None:
        for key in self._document.data:
            if key not in SECTIONS:
                words = f"unknown section (known: {', '.join(SECTIONS)})"
                self._document.problems.append(self._document.problem(words, key, hint=nearest(key, SECTIONS)))
        if not self._document.data.get("feeds"):
            self._document.problems.append(
                self._document.problem("feeds: is missing or empty; `monitor feeds add URL` adds one")
            )

    def _items(self, section: str, model: Any, make: Callable[[Any, Path], Spec]) -> tuple[Spec, ...]:
        items = self._document.data.get(section)
        if items is None:
            return ()
        if not isinstance(items, list):
            self._document.problems.append(self._document.problem("must be a list: begin each item with '- '", section))
            return ()
        specs = []
        for number, item in enumerate(items):
            checked = check(self._document, item, model, (section, number))
            if checked is not None:
                specs.append(make(checked, (section, number)))
        return tuple(specs)

    def _settings(self) -> Settings:
        document = self._document
        written = document.data.get("settings")
        model = check(document, {} if written is None else written, schema.SettingsModel, ("settings",))
        folder = state_folder(self._environ)
        if model is None:
            return Settings(state_folder=folder, database_url="")
        return self._build_settings(model, folder)

    def _build_settings(self, model: schema.SettingsModel, folder: FilePath) -> Settings:
        fetch = model.fetch
        if not fetch.min_interval <= fetch.default_interval <= fetch.max_interval:
            words = "min_interval, default_interval and max_interval must be in this order"
            self._document.problems.append(self._document.problem(words, "settings", "fetch"))
        fetch_values = fetch.model_dump(exclude={"proxy", "allowed_ports", "allowed_networks"})
        return Settings(
            state_folder=folder,
            database_url=database_url(self._database, self._environ),
            time_zone=model.time_zone,
            reader_languages=tuple(model.reader_languages),
            contact=self._contact(model.contact),
            base_url=(model.base_url or "").rstrip("/"),
            fetch=FetchSettings(
                **fetch_values,
                allowed_ports=tuple(fetch.allowed_ports),
                allowed_networks=tuple(fetch.allowed_networks),
                proxy=self._plain_or_secret(fetch.proxy, ("settings", "fetch", "proxy")),
            ),
            parse=ParseSettings(**model.parse.model_dump()),
            classify=ClassifySettings(**self._classify(model.classify)),
            ticks=TickSettings(**model.ticks.model_dump()),
            keep=KeepSettings(**model.keep.model_dump()),
            web=WebSettings(**model.web.model_dump()),
            health=HealthSettings(
                **model.health.model_dump(exclude={"heartbeat_url"}),
                heartbeat_url=self._plain_or_secret(
                    model.health.heartbeat_url, ("settings", "health", "heartbeat_url")
                ),
            ),
            logs=LogSettings(**model.logs.model_dump()),
        )

    def _classify(self, model: schema.ClassifyModel) -> dict[str, Any]:
        values: dict[str, Any] = model.model_dump()
        if model.model != "shipped":
            values["model"] = str(self._folder / FilePath(model.model).expanduser())
        return values

    def _contact(self, text: str) -> str:
        if any(ord(letter) < 32 or letter in "()" for letter in text) or len(text) > 200:
            words = "must be an e-mail address or a URL, with no line breaks and brackets"
            self._document.problems.append(self._document.problem(words, "settings", "contact"))
        return text.strip()

    def _plain_or_secret(self, text: str | None, path: Path) -> Any:
        """URLs that may hold a key: kept out of logs, but not forbidden in the file."""
        from monitor.types import Secret

        if text is None:
            return None
        plain = self._vault.plain(text, path)
        if plain is not None and not plain.startswith(("http://", "https://")):
            self._document.problems.append(self._document.problem("must begin with https:// or http://", *path))
        return Secret(plain) if plain else None

    def _with_warnings(self, config: Config) -> Config:
        from dataclasses import replace

        warnings = [*self._vault.warnings, *unknown_variables(self._environ, self._vault.names)]
        for number, feed in enumerate(config.feeds):
            if feed.category in build.CATEGORIES:
                continue
            meant = nearest(feed.category, build.CATEGORIES)
            if meant:
                problem = self._document.problem(
                    f"'{feed.category}' is a category of your own", "feeds", number, "category", hint=meant
                )
                warnings.append(problem.text(str(self._source.path)))
        if config.feeds and not config.enabled_feeds:
            warnings.append(f"{self._source.path}: every feed is switched off")
        return replace(config, warnings=tuple(warnings))

"""feeds.yaml and the environment to a Config, or to all their mistakes."""

from __future__ import annotations

import dataclasses
import textwrap
from datetime import timedelta
from decimal import Decimal
from ipaddress import ip_network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.config import Config, load_config
from monitor.config.source import compose
from monitor.errors import ConfigError
from monitor.resources import default_feeds_yaml
from monitor.types import Secret, SectionSpec, Selection

FEED = """
feeds:
  - id: a
    name: A
    url: https://example.com/a.xml
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def load(folder: Path, text: str | bytes, **environ: str) -> Config:
    file = folder / "feeds.yaml"
    file.write_bytes(text if isinstance(text, bytes) else textwrap.dedent(text).encode())
    return load_config(file, environ)


def problems(folder: Path, text: str | bytes, **environ: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(folder, text, **environ)
    assert caught.value.exit_code == 78
    assert all("\n" not in line for line in caught.value.problems)
    return [line.removeprefix(f"{folder / 'feeds.yaml'}:") for line in caught.value.problems]


# ---------------------------------------------------------------- what is right


def test_the_least_that_works(folder: Path) -> None:
    config = load(folder, FEED)
    [feed] = config.feeds
    assert (feed.id, feed.category, feed.language, feed.enabled, feed.authority) == ("a", "press", "en", True, 2)
    assert config.settings.fetch.host_gap == timedelta(seconds=2)
    assert config.warnings == ()


def test_everything(folder: Path) -> None:
    config = load(
        folder,
        """
        settings:
          time_zone: Europe/Berlin
          contact: me@example.com
          base_url: https://news.example.com/
          fetch: {host_gap: 3s, allowed_networks: [10.0.0.0/8, "fd00::1"], min_interval: 10m, allowed_ports: [443]}
          classify: {model: my-model, threads: 2, unload_after: null}
          keep: {entries: 52 weeks}
        channels:
          - {name: mail, kind: email, to: [A B <a@example.com>], from: m@example.com, host: smtp.example.com}
          - {name: bot, kind: slack, bot_token: "${TOKEN}", to: [C01]}
          - {name: disk, kind: file, folder: out, formats: markdown}
          - {name: all, kind: apprise, urls: ["discord://${TOKEN}"]}
        topics:
          - {name: chips, description: Chips for AI., keywords: HBM}
        digests:
          - name: weekly
            schedule: weekly on friday at 17:00
            time_zone: America/New_York
            select: {tags: funding, min_amount: 50M, feeds: [a], categories: [press, mine], topics: [chips]}
            sections: [{title: Money, tags: [funding], topics: [chips], cap: 3}]
            channels: [mail, disk]
            quiet: note
          - {name: daily, schedule: daily}
        alerts:
          - {name: now, channels: bot, select: {companies: Mistral AI}, quiet_hours: {from: "22:00", to: "7:00"}}
        feeds:
          - {id: a, name: A, url: https://example.com/a.xml, category: mine, interval: 6h, language: fr}
          - {id: b, name: B, url: https://example.com/b.xml, category: aggregator, enabled: no}
        """,
        TOKEN="t0ken",
    )
    settings = config.settings
    assert settings.fetch.allowed_networks == (ip_network("10.0.0.0/8"), ip_network("fd00::1/128"))
    assert settings.base_url == "https://news.example.com"
    assert settings.user_agent.endswith("(+me@example.com)")
    assert settings.classify.model == str(folder / "my-model")
    assert settings.classify.unload_after is None
    weekly, daily = config.digests
    assert (weekly.cron, weekly.time_zone, weekly.title, weekly.quiet) == (
        "0 17 * * fri",
        "America/New_York",
        "weekly",
        "note",
    )
    assert weekly.sections == (SectionSpec(title="Money", tags=("funding",), topics=("chips",), cap=3),)
    assert weekly.selection == Selection(
        tags=("funding",), min_amount=Decimal(50_000_000), feeds=("a",), categories=("press", "mine"), topics=("chips",)
    )
    assert daily.time_zone == "Europe/Berlin"
    mail, bot, disk, every = config.channels
    assert (mail.kind, mail.recipients, mail.options["port"]) == ("email", ("A B <a@example.com>",), 587)
    assert (bot.options["mode"], bot.recipients, bot.secrets) == ("bot", ("C01",), {"bot_token": Secret("t0ken")})
    assert disk.options == {"folder": str(folder / "out"), "formats": ("markdown",)}
    assert every.secrets == {"url_1": Secret("discord://t0ken")}
    assert config.alerts[0].quiet_hours == ("22:00", "07:00")
    assert config.alerts[0].selection.companies == ("Mistral AI",)
    a, b = config.feeds
    assert (a.interval, a.authority, a.language) == (timedelta(hours=6), 1, "fr")
    assert (b.enabled, b.authority, b.aggregator) == (False, 0, True)
    assert [feed.id for feed in config.enabled_feeds] == ["a"]


@pytest.mark.parametrize(
    "encode", [lambda t: b"\xef\xbb\xbf" + t, lambda t: t.replace(b"\n", b"\r\n"), lambda t: t.rstrip()]
)
def test_bom_crlf_and_no_last_newline_are_read(folder: Path, encode) -> None:  # type: ignore[no-untyped-def]
    assert load(folder, encode(FEED.encode())).feeds == load(folder, FEED).feeds


def test_sections_that_hold_only_comments_are_empty(folder: Path) -> None:
    config = load(folder, FEED + "channels:\n  # - name: mail\ntopics:\nalerts:\ndigests:\nsettings:\n")
    assert (config.channels, config.topics, config.alerts, config.digests) == ((), (), (), ())


def test_a_file_read_after_itself_is_equal(folder: Path) -> None:
    text = default_feeds_yaml().read_bytes()
    assert load(folder, text) == load(folder, text)


def test_config_is_frozen_and_shows_no_secret(folder: Path) -> None:
    config = load(folder, FEED + "    password: ${P}\n    username: u\n", P="hunter2")
    assert "hunter2" not in repr(config)
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.feeds = ()  # type: ignore[misc]


# ---------------------------------------------------------------- what is wrong with the file


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "is empty; `monitor init --force`"),
        (b"\n# only a comment\n", "is empty"),
        (b"\xff\xfef\x00e\x00", "is UTF-16; save it as UTF-8"),
        (b"feeds:\n  - id: caf\xe9\n", "byte 0xe9 is not UTF-8"),
        (b"feeds:\0\n", "is a binary file"),
        (b"\x7fELF\x01\x01\x01\x00\x00\xff", "not UTF-8"),
        (b"just words", "must begin with a section"),
        (b"- a\n- b\n", "must begin with a section"),
        (b"feeds:\n\t- id: a\n", "a tab in the indentation; use spaces"),
        (b"feeds: [\n", "not YAML"),
        (b"feeds: &a [*a]\n", "an alias that contains itself"),
        (b"a: 1\n---\nb: 2\n", "YAML"),
        (b"feeds: *nobody\n", "not YAML"),
        (b"x: " + b"a" * 5_000_001, "larger than 5 MB"),
        (b"feeds: " + b"[" * 5000, "YAML"),
    ],
)
def test_no_feeds_yaml(folder: Path, raw: bytes, says: str) -> None:
    [line] = problems(folder, raw)
    assert says in line


def test_a_bomb_of_aliases_is_refused_soon(folder: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    [line] = problems(folder, "\n".join(lines))
    assert "unfolds into more than" in line


def test_no_file_a_folder_and_no_permission(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match=r"gone.yaml: no such file; `monitor init` writes one$"):
        load_config(folder / "gone.yaml", {})
    with pytest.raises(ConfigError, match=r"is a folder; name the file in it"):
        load_config(folder, {})
    file = folder / "feeds.yaml"
    file.write_text(FEED)

    def refuse(self: Path, *args: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)  # root reads everything, so a mode would not do
    with pytest.raises(ConfigError, match=r"feeds.yaml: cannot be read \(Permission denied\)"):
        load_config(file, {})


# ---------------------------------------------------------------- what is wrong in it


def test_every_mistake_at_once_with_its_place(folder: Path) -> None:
    found = problems(
        folder,
        """\
        setings: {}
        settings:
          time_zone: Europe/Pariss
          fetch:
            host_gapp: 3s
            min_interval: 5
        channels:
          - name: mail
            kind: email
            to: me@example.com
            from: me
            host: smtp.example.com
            password: hunter2
          - name: chat
            kind: slck
        digests:
          - name: daily
            schedule: dayly at 08:00
            channels: [male]
            sections:
              - title: Deals
                tags: [fundin]
        feeds:
          - id: a
            url: example.com/feed
            name: A
            nmae: B
          - id: a
            id: b
            url: https://example.com/b
            headers: {Authorization: Bearer x, Accept: text/xml}
            name: 12
        """,
    )
    assert [line.split(" ")[0] + line.split(" ")[1] for line in found] == [
        "1:1:setings:",
        "3:3:settings.time_zone:",
        "5:5:settings.fetch.host_gapp:",
        "6:5:settings.fetch.min_interval:",
        "11:5:channels[0].from:",
        "13:5:channels[0].password:",
        "15:5:channels[1].kind:",
        "18:5:digests[0].schedule:",
        "19:16:digests[0].channels[0]:",
        "22:16:digests[0].sections[0].tags[0]:",
        "25:5:feeds[0].url:",
        "27:5:feeds[0].nmae:",
        "28:5:feeds[1].id:",
        "29:5:feeds[1].id:",
        "31:15:feeds[1].headers.Authorization:",
        "32:5:feeds[1].name:",
    ]
    assert "did you mean 'settings'?" in found[0]
    assert "did you mean 'host_gap'?" in found[2]
    assert "did you mean 'slack'?" in found[6]
    assert "did you mean 'mail'?" in found[8]
    assert "did you mean 'funding'?" in found[9]
    assert not any("hunter2" in line or "Bearer x" in line for line in found)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("settings: {}\n", "feeds: is missing or empty"),
        ("feeds: []\n", "feeds: is missing or empty"),
        ("feeds: {a: b}\n", "1:1: feeds: must be a list"),
        ("feeds: [a]\n", "feeds[0]: must be a group of settings"),
        (FEED + "    enabled: perhaps\n", "6:5: feeds[0].enabled: must be true or false"),
        (FEED + "    authority: 4\n", "feeds[0].authority: must be less than or equal to 3"),
        (FEED + "    authority: high\n", "feeds[0].authority: must be a whole number"),
        (FEED + "    language: English\n", "is no language code"),
        (FEED + "    interval: 5\n", "write a unit"),
        (
            FEED + "  - {id: b, name: B, url: https://www.example.com/a.xml/}\n",
            "the address 'https://www.example.com/a.xml/' stands in line 5 already",
        ),
        (FEED + "  - {name: B, url: https://example.com/b}\n", "feeds[1].id: is missing"),
        (FEED + "topics: [{name: t}]\n", "needs a description, keywords or examples"),
        (FEED + "topics: [{name: funding, description: x}]\n", "is the name of a built-in tag"),
        (
            FEED + "topics: [{name: t, description: x}, {name: t, description: y}]\n",
            "the name 't' stands in line 6 already",
        ),
        (FEED + "digests: [{name: d}]\n", "digests[0].schedule: is missing"),
        (FEED + "digests: [{name: d, schedule: daily, time_zone: Mars/Base}]\n", "is no time zone"),
        (FEED + "digests: [{name: d, schedule: daily, theme: drak}]\n", "did you mean 'dark'"),
        (
            FEED + "digests: [{name: d, schedule: daily, cap: 0}]\n",
            "digests[0].cap: must be greater than or equal to 1",
        ),
        (FEED + "digests: [{name: d, schedule: daily, sections: [{title: x}]}]\n", "a section needs tags or topics"),
        (FEED + "digests: [{name: d, schedule: daily, select: {feeds: b}}]\n", "no feed is called 'b' (there is: a)"),
        (FEED + "digests: [{name: d, schedule: daily, select: {categories: presss}}]\n", "did you mean 'press'"),
        (FEED + "digests: [{name: d, schedule: daily, select: {min_score: 2}}]\n", "must be less than or equal to 1"),
        (FEED + "digests: [{name: d, schedule: daily, select: {min_amount: lots}}]\n", "is no amount"),
        (FEED + "digests: [{name: d, schedule: daily, subject: '{titel}'}]\n", "{titel} is not filled in"),
        (FEED + "digests: [{name: d, schedule: daily, subject: '{'}]\n", "is no template"),
        (FEED + "digests: [{name: d, schedule: daily, template_folder: gone}]\n", "no such folder"),
        (
            FEED
            + "digests: [{name: d, schedule: daily, select: {tags: chips}}]\ntopics: [{name: chips, keywords: x}]\n",
            "is a topic of this file, not a tag",
        ),
        (FEED + "alerts: [{name: a}]\n", "alerts[0].channels: is missing"),
        (FEED + "alerts: [{name: a, channels: []}]\n", "alerts[0].channels: must not be empty"),
        (
            FEED + "alerts: [{name: a, channels: c, quiet_hours: 22}]\nchannels: [{name: c, kind: file}]\n",
            "quiet_hours: must be a group",
        ),
        (FEED + "channels: [{name: c}]\n", "'kind' is missing"),
        (FEED + "channels: [{name: c, kind: email, to: a@b, from: a@b}]\n", "channels[0].host: is missing"),
        (FEED + "channels: [{name: c, kind: slack}]\n", "needs webhook_url: ${NAME} or bot_token"),
        (FEED + "channels: [{name: c, kind: slack, bot_token_env: T}]\n", "T is not set"),
        (
            FEED + "channels: [{name: c, kind: slack, webhook_url: https://hooks.example.com/x}]\n",
            "stands in the file in clear",
        ),
        (FEED + "channels: [{name: c, kind: webhook}]\n", "needs url: ${NAME}"),
        (FEED + "channels: [{name: c, kind: apprise, urls: tgram://x/y}]\n", "stands in the file in clear"),
        (
            FEED + "channels: [{name: c, kind: email, to: a b, from: a@example.com, host: h}]\n",
            "'a b' is no e-mail address",
        ),
        (
            FEED + "channels: [{name: c, kind: email, to: a@b, from: a@example.com, host: h, ca_file: gone}]\n",
            "no such file",
        ),
        (FEED + "settings: {database_url: x}\n", "is not set in this file; use --database"),
        (FEED + "settings: {fetch: {allowed_networks: [10.0.0.1/8]}}\n", "did you mean '10.0.0.0/8'"),
        (FEED + "settings: {fetch: {min_interval: 3h}}\n", "must be in this order"),
        (FEED + 'settings: {contact: "a\\nb"}\n', "must be an e-mail address or a URL"),
        (FEED + "settings: 5\n", "settings: must be a group of settings"),
        (FEED + "settings: {web: {port: 99999}}\n", "less than or equal to 65535"),
        (FEED + "settings: {health: {heartbeat_url: ping}}\n", "must begin with https://"),
        (FEED + '    headers: {"a b": c}\n', "is no name for a header"),
        (FEED + '    headers: {A: "b\\r\\nc"}\n', "holds a line break"),
        (FEED + "    cookies: {session: abc}\n", "feeds[0].cookies.session: stands in the file in clear"),
        (FEED + "    ? [a]\n    : b\n", "a key must be a plain word"),
    ],
)
def test_a_mistake(folder: Path, text: str, says: str) -> None:
    found = problems(folder, text)
    assert len(found) == 1, found
    assert says in found[0]


def test_a_mistake_hides_no_other_of_the_same_feed(folder: Path) -> None:
    found = problems(folder, "feeds:\n  - {id: A, url: x, cookies: {s: t}, nam: b}\n")
    assert len(found) == 5, found


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["id", "url", "name", "feeds", "settings", "kind", "to", "select", "tags", "channels", "digests"]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_any_data_is_a_config_or_a_config_error(value: object) -> None:
    import json
    import tempfile

    with tempfile.NamedTemporaryFile(suffix=".yaml") as file:
        file.write(json.dumps({"feeds": value, "digests": value, "channels": value, "settings": value}).encode())
        file.flush()
        with pytest.raises(ConfigError):
            load_config(Path(file.name), {})


@given(st.text(max_size=200))
def test_any_text_is_a_document_or_a_config_error(text: str) -> None:
    try:
        compose(text, "x")
    except ConfigError as error:
        assert len(error.problems) == 1
        assert "\n" not in error.problems[0]


def test_what_readers_read_is_kept_apart_from_what_is_selected(folder: Path) -> None:
    usual = load(folder, FEED + "digests: [{name: d, schedule: daily}]\n")
    assert usual.settings.reader_languages == ("en",)
    assert usual.digests[0].reader_languages == ("en",)
    config = load(
        folder,
        FEED
        + """settings: {reader_languages: [fr, en]}
digests:
  - {name: a, schedule: daily}
  - {name: b, schedule: daily, reader_languages: de}
  - {name: c, schedule: daily, reader_languages: [], select: {languages: [zh]}}
channels: [{name: out, kind: file}]
alerts:
  - {name: now, channels: out, reader_languages: [zh-TW, en]}
  - {name: then, channels: out}
""",
    )
    assert [each.reader_languages for each in config.digests] == [("fr", "en"), ("de",), ()]
    assert config.digests[2].selection.languages == ("zh",)
    assert config.digests[0].selection.languages == ()
    assert [each.reader_languages for each in config.alerts] == [("zh-TW", "en"), ("fr", "en")]
    over = load(folder, FEED + "digests: [{name: d, schedule: daily}]\n", MONITOR_READER_LANGUAGES="es, en")
    assert over.digests[0].reader_languages == ("es", "en")
    [line] = problems(folder, FEED + "settings: {reader_languages: [english]}\n")
    assert "is no language code" in line


# ---------------------------------------------------------------- the environment


def test_the_environment_is_over_the_file(folder: Path) -> None:
    text = FEED + "settings: {time_zone: Europe/Berlin, fetch: {host_gap: 3s}}\n"
    config = load(
        folder,
        text,
        MONITOR_TIME_ZONE="Asia/Tokyo",
        MONITOR_FETCH_CONCURRENCY="5",
        MONITOR_FETCH_ALLOWED_NETWORKS="127.0.0.0/8, ::1",
        MONITOR_HEALTH_ENABLED="no",
        MONITOR_CLASSIFY_UNLOAD_AFTER="none",
        MONITOR_LOGS_FORMAT="json",
    )
    settings = config.settings
    assert (settings.time_zone, settings.fetch.concurrency, settings.fetch.host_gap) == (
        "Asia/Tokyo",
        5,
        timedelta(seconds=3),
    )
    assert settings.fetch.allowed_networks == (ip_network("127.0.0.0/8"), ip_network("::1/128"))
    assert (settings.health.enabled, settings.classify.unload_after, settings.logs.format) == (False, None, "json")


def test_a_mistake_of_the_environment_names_the_variable(folder: Path) -> None:
    [line] = problems(folder, FEED, MONITOR_FETCH_HOST_GAP="soon")
    assert line == "environment: MONITOR_FETCH_HOST_GAP: 'soon' is no duration; write it as 30s, 5m, 2h or 1d"


def test_a_variable_that_nothing_reads_is_a_warning(folder: Path) -> None:
    config = load(
        folder, FEED + "    username: ${MONITOR_USER}\n", MONITOR_TIMEZONE="x", MONITOR_USER="u", MONITOR_HOME="/x"
    )
    assert config.warnings == ("environment: MONITOR_TIMEZONE: nothing reads it; did you mean 'MONITOR_TIME_ZONE'?",)


def test_a_category_that_looks_like_a_slip_is_a_warning(folder: Path) -> None:
    [warning] = load(folder, FEED + "    category: presss\n").warnings
    assert "did you mean 'press'?" in warning


def test_all_feeds_off_is_a_warning(folder: Path) -> None:
    [warning] = load(folder, FEED + "    enabled: false\n").warnings
    assert "every feed is switched off" in warning

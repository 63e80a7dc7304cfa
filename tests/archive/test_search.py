from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.archive import Archive, open_archive
from monitor.archive.matching import Matches, span_of
from monitor.query import parse_query
from tests.archive.samples import DAY, HOUR, NOW, draft, labelled, stored, told, understood, update


def _found(archive: Archive, query: str, **values: object) -> list[str]:
    """The found entries' own titles."""
    return [hit.entry_title for hit in archive.search.search(query, now=NOW, **values)]  # type: ignore[arg-type]


@pytest.fixture
def shelf(archive: Archive) -> Archive:
    """Texts in several scripts."""
    told_of = [
        ("1", 40, "Mistral opens Large 3", "The lab shares weights of GPT-5 class models."),
        ("2", 30, "Société Générale hires agents", "A bank and its AI agents."),
        ("3", 20, "人工智能公司发布新模型", "北京智谱今天宣布。"),
        ("4", 10, "Agentic coding is here", "mistral said nothing; state-of-the-art."),
        ("5", 2, "OpenAI and Anthropic agree", "A partnership on safety."),
    ]
    drafts = [
        draft(
            name, title=title, summary=summary, published_at=NOW - days * DAY, language="zh-CN" if days == 20 else "en"
        )
        for name, days, title, summary in told_of
    ]
    stored(archive, *drafts)
    return archive


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("mistral", "41"),
        ("MISTRAL", "41"),
        ("mistral weights", "1"),
        ("mistral -weights", "4"),
        ("-mistral", "532"),
        ("weights OR partnership", "51"),
        ("(weights OR coding) mistral", "41"),
        ('"large 3"', "1"),
        ('"3 large"', ""),
        ('"opens large 3 the lab"', ""),
        ("gpt-5", "1"),
        ("gpt 5", "1"),
        ("societe generale", "2"),
        ("société", "2"),
        ("agent*", "42"),
        ("agent", ""),
        ("state of the art", "4"),
        ("state-of-the-art", "4"),
        ("智能", "3"),
        ("人工智能", "3"),
        ("智公", ""),
        ("新", "3"),
        ("q*", ""),
        ("lang:zh", "3"),
        ("lang:en openai", "5"),
        ("since:2026-02-21", "5"),
        ("until:2026-02-01", "21"),
        ("since:21d until:2026-02-28", "543"),
        ("since:2026-02", "543"),
        ("publisher:lab.example agree", "5"),
        ("-publisher:lab.example", ""),
        ("feed:lab openai", "5"),
        ("feed:other", ""),
        ("", "54321"),
        ("zzzz", ""),
        ("openai -tag:funding", "5"),
    ],
)
def test_queries(shelf: Archive, query: str, found: str) -> None:
    first = {"1": "Mistral", "2": "Société", "3": "人工智能", "4": "Agentic", "5": "OpenAI"}
    titles = _found(shelf, query)
    assert "".join(number for title in titles for number, start in first.items() if title.startswith(start)) == found


def test_one_line_per_story_with_what_it_adds(archive: Archive) -> None:
    [one, two, three] = stored(
        archive, draft("a", title="Acme raise"), draft("b", title="Acme raise again"), draft("c")
    )
    archive.entities.ensure_entity("Acme", "company")
    story = told(
        tags=("funding",), companies=("Acme",), usd=Decimal(150_000_000), entry_count=2, independent=2, topics=("ads",)
    )
    story_id = understood(archive, [one, two], story)
    archive.stories.apply({three: labelled(tags=(), scores={})}, {}, [], NOW)
    [hit] = archive.search.search("acme")
    assert (hit.entry_id, hit.story_id, hit.tags, hit.entry_count) == (two, story_id, ("funding",), 2)
    assert (hit.companies, hit.usd, hit.independent) == (("Acme",), Decimal(150_000_000), 2)
    assert len(archive.search.search("acme", by_story=False)) == 2
    for query in (
        "tag:funding",
        "tag:ads",
        "topic:ads",
        "company:acme",
        "amount>=150M",
        "amount>100M acme",
        "publishers>=2",
    ):
        assert [h.story_id for h in archive.search.search(query)] == [story_id], query
    for query in (
        "tag:acquisition",
        "company:other",
        "amount>=151M",
        "amount<100M",
        "publishers>=3",
        "acme -tag:funding",
    ):
        assert [h.story_id for h in archive.search.search(query) if h.story_id] == [], query
    assert [h.entry_id for h in archive.search.search("-tag:funding")] == [three]


def test_a_story_stands_under_its_own_title_as_in_digests(archive: Archive) -> None:
    """The newest entry was found; the story is headed by its best one, with that one's link and publisher."""
    best = draft("a", "lab", title="Acme opens its weights", url="https://lab.example/a", publisher="lab.example")
    late = draft(
        "b", "wire", title="What Acme's weights mean", url="https://wire.example/b", publisher="wire.example",
        publisher_name="The Wire",
    )  # fmt: skip
    [one, two] = stored(archive, best, late)
    story = understood(archive, [one, two], told("Acme opens its weights", url="https://lab.example/a", entry_count=2))
    for sort in ("newest", "best", "amount"):
        [hit] = archive.search.search("acme mean", sort=sort)  # type: ignore[arg-type]
        assert (hit.story_id, hit.entry_id) == (story, two)
        assert (hit.title, hit.url, hit.publisher) == ("Acme opens its weights", "https://lab.example/a", "lab.example")
        assert (hit.entry_title, hit.entry_url) == ("What Acme's weights mean", "https://wire.example/b")
        told_so = archive.stories.get(story)
        assert told_so is not None
        assert hit.title == told_so.title
    each = {hit.entry_id: hit for hit in archive.search.search("acme", by_story=False)}
    assert {n: hit.title for n, hit in each.items()} == {one: best.title, two: late.title}
    assert each[two].publisher_name == "The Wire"


def test_a_story_whose_best_entry_is_gone_keeps_its_title(archive: Archive) -> None:
    [one] = stored(archive, draft("b", "wire", title="What Acme means", publisher="wire.example"))
    understood(archive, [one], told("Acme opens its weights", url=None))
    [hit] = archive.search.search("acme")
    assert (hit.title, hit.url, hit.publisher) == ("Acme opens its weights", None, "wire.example")


def test_marks_follow_the_story(archive: Archive) -> None:
    [one] = stored(archive, draft("a", title="Acme deal"))
    story_id = understood(archive, [one], told(tags=("funding",)))
    understood(archive, [one], told(tags=("acquisition",)), story_id=story_id)
    assert _found(archive, "tag:funding") == []
    assert _found(archive, "tag:acquisition acme") == ["Acme deal"]
    assert archive.keep.check() == []


def test_pages_of_the_newest(archive: Archive) -> None:
    ids = stored(archive, *(draft(f"n{i}", title=f"Word {i}", published_at=NOW - (50 - i) * HOUR) for i in range(50)))
    first = archive.search.search("word", limit=20)
    second = archive.search.search("word", limit=20, before_id=first[-1].entry_id)
    third = archive.search.search("word", limit=20, before_id=second[-1].entry_id)
    assert [h.entry_id for h in (*first, *second, *third)] == sorted(ids, reverse=True)


def test_pages_are_filled_past_entries_of_one_story(archive: Archive) -> None:
    ids = stored(archive, *(draft(f"n{i}", title=f"Word {i}", published_at=NOW - (90 - i) * HOUR) for i in range(90)))
    understood(archive, ids[5:], told(entry_count=85))
    assert [h.entry_id for h in archive.search.search("word", limit=5)] == [ids[-1], *reversed(ids[1:5])]


def test_the_best_comes_first(archive: Archive) -> None:
    stored(
        archive,
        draft("title", title="Quokka model"),
        draft("summary", title="Other words", summary="One quokka among many words of a long summary"),
        draft("common", title="Model of another", summary="nothing"),
        draft("both", title="Quokka model quokka", summary="A quokka model."),
    )
    assert _found(archive, "quokka OR model", sort="best", limit=2) == ["Quokka model quokka", "Quokka model"]
    assert _found(archive, "quokka", sort="best")[-1] == "Other words"


def test_sorted_by_amount(archive: Archive) -> None:
    for name, usd in (("small", 5), ("none", None), ("large", 900)):
        [entry_id] = stored(archive, draft(name, title=f"Deal {name}"))
        understood(archive, [entry_id], told(usd=None if usd is None else Decimal(usd)))
    assert _found(archive, "deal", sort="amount") == ["Deal large", "Deal small", "Deal none"]


def test_a_snippet_shows_the_word(archive: Archive) -> None:
    summary = "Plain words come first. " * 15 + "Then the numbat appears in the text."
    stored(archive, draft("s", summary=summary))
    [hit] = archive.search.search("numbat")
    assert "numbat" in hit.snippet
    assert len(hit.snippet) < 260


def test_any_text_is_a_valid_query(url: str) -> None:
    with open_archive(url) as archive:
        [one] = stored(archive, draft("one", title="Alpha beta", summary="(gamma) 'delta' \"epsilon\" AND OR NOT NEAR"))
        understood(archive, [one])

        words = ["AND", "OR", "NOT", "NEAR(", "title:", "alpha", "beta*", "entries_fts", "智", "é", "\x00", "\ud800"]
        fields = ["tag:", "since:", "amount>", "company:", "category:", "publisher:", "lang:", "feed:", "-tag:"]
        fragments = st.sampled_from([*words, *fields, *"\"'()*-^:\\&|!{}+;%_", "<->", "--", ' "'])
        anything = st.one_of(
            st.text(max_size=60), st.lists(fragments, max_size=14).map(" ".join), st.lists(fragments).map("".join)
        )

        @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
        @given(text=anything, sort=st.sampled_from(["newest", "best"]))
        def ask(text: str, sort: str) -> None:
            archive.search.search(text, now=NOW, sort=sort)  # type: ignore[arg-type]

        ask()


def test_both_databases_find_the_same(tmp_path_factory: pytest.TempPathFactory, url: str) -> None:
    """Against a plain reading of the query in Python."""
    from monitor.archive.marks import words
    from monitor.query import And, Node, Not, Or, Term

    texts = ["alpha beta", "beta gamma", "alpha gamma delta", "Ålpha-beta", "delta", "beta alpha", "betamax"]

    def holds(node: Node | None, text: str) -> bool:
        if node is None:
            return True
        if isinstance(node, Term):
            want, have = words(node.text), words(text)
            places = range(len(have) - len(want) + 1)
            same = lambda a, b, last: a == b or (last and node.prefix and b.startswith(a))  # noqa: E731
            return any(all(same(w, have[p + i], i == len(want) - 1) for i, w in enumerate(want)) for p in places)
        if isinstance(node, Not):
            return not holds(node.node, text)
        if isinstance(node, And):
            return all(holds(n, text) for n in node.nodes)
        assert isinstance(node, Or)
        return any(holds(n, text) for n in node.nodes)

    word = st.sampled_from(
        ["alpha", "beta", "gamma", "delta", "bet*", "-beta", "-gamma", '"alpha beta"', "OR", "(", ")", "-("]
    )
    with open_archive(url) as archive:
        stored(archive, *(draft(str(i), title=t, summary="") for i, t in enumerate(texts)))

        @settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
        @given(parts=st.lists(word, min_size=1, max_size=7))
        def compare(parts: list[str]) -> None:
            query = " ".join(parts)
            node = parse_query(query).words
            assert sorted(_found(archive, query, limit=50)) == sorted(t for t in texts if holds(node, t)), query

        compare()


def test_a_rare_word_and_a_common_one_take_different_plans_and_agree(archive: Archive) -> None:
    stored(
        archive, *(draft(f"n{i}", title="common" + (" rare" if i % 97 == 0 else ""), summary="") for i in range(600))
    )
    with archive._database.read() as connection:
        for query, count in (("common", 600), ("rare", 7), ("common rare", 7), ("common -rare", 593)):
            matches = Matches(archive._database, connection, parse_query(query), span_of(connection))
            found = matches.newest(1000)
            assert len(found) == count
            assert found == sorted(found, reverse=True)
            assert matches.newest(3) == found[:3]
            assert matches.newest(3, before_id=found[2]) == found[3:6]


def test_updates_of_a_pending_entry_are_found(archive: Archive) -> None:
    [one] = stored(archive, draft("one"))
    archive.stories.apply({one: labelled()}, {}, [update([one], told(companies=("Nordlicht",)))], NOW)
    assert _found(archive, "company:nordlicht") == ["Title of one"]

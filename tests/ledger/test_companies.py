"""Who is meant: names, aliases, weak aliases, products; and the file that they come from."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import DataError
from monitor.ledger.companies import CompanyIndex
from monitor.ledger.entities import KINDS, key_of, parse_entities, shipped_entities

INDEX = CompanyIndex.load()


def _names() -> list[tuple[str, str, str, str]]:
    rows = []
    for line in (Path(__file__).parent / "names.tsv").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            cells = (line.split("\t") + ["", ""])[:4]
            rows.append((cells[0], cells[1], cells[2], cells[3]))
    return rows


NAMES = _names()


def test_the_list_has_at_least_two_hundred_names() -> None:
    assert len(NAMES) >= 200


@pytest.mark.parametrize(("name", "entity", "context", "tidy"), NAMES)
def test_names_mean_their_entities(name: str, entity: str, context: str, tidy: str) -> None:
    found = INDEX.resolve(name, context=context)
    if entity == "-":
        assert found.entity is None
        assert found.name == tidy
        assert not found.certain
    else:
        assert found.name == entity
        assert found.entity is not None


def test_a_weak_alias_needs_a_second_signal() -> None:
    assert INDEX.resolve("Figure", context="Figure shows a humanoid robot").certain
    assert not INDEX.resolve("Figure").certain
    assert INDEX.resolve("Figure", context="Figure lends to home owners").entity is None
    assert INDEX.resolve("Apple", context="Apple and its AI").certain


def test_a_product_stands_for_its_maker_only_where_that_is_meant() -> None:
    assert INDEX.resolve("Kimi").name == "Moonshot AI"
    assert INDEX.resolve("Chrome", products=False).name == "Chrome"


@pytest.mark.parametrize(
    ("product", "owner"),
    [
        ("Copilot", "Microsoft"),
        ("GitHub Copilot", "GitHub"),
        ("Le Chat", "Mistral AI"),
        ("Claude", "Anthropic"),
        ("Claude Opus 4.8", "Anthropic"),
        ("Qwen", "Alibaba"),
        ("Qwen3.5-Omni", "Alibaba"),
        ("Gemini", "Google"),
        ("Gemini 3.1 Pro", "Google"),
        ("GPT-5.4 mini", "OpenAI"),
        ("o3-pro", "OpenAI"),
        ("Llama 3.1 405B", "Meta"),
        ("Kimi K2.6", "Moonshot AI"),
        ("GLM-5", "Zhipu AI"),
        ("DeepSeek V4", "DeepSeek"),
        ("Mistral Large", "Mistral AI"),
        ("Grok 4", "xAI"),
        ("Stable Diffusion 3", "Stability AI"),
        ("Hunyuan", "Tencent"),
        ("豆包", "ByteDance"),
        ("Nemotron 3 Super", "NVIDIA"),
        ("NVIDIA Ising", "NVIDIA"),
        ("Amazon Quick Suite", "Amazon Web Services"),
        ("Phi-4", "Microsoft"),
        ("Gemma 3n", "Google DeepMind"),
        ("Veo 3.1 Lite", "Google DeepMind"),
        ("Zorblax 9", None),
    ],
)
def test_products_have_owners(product: str, owner: str | None) -> None:
    assert INDEX.owner_of(product) == owner


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Mistral AI raises; OpenAI and Microsoft look on", ["Mistral AI", "OpenAI", "Microsoft"]),
        ("Google DeepMind's new model", ["Google DeepMind"]),
        ("英伟达和OpenAI合作", ["NVIDIA", "OpenAI"]),
        ("アップルとソフトバンクの提携", ["Apple", "SoftBank"]),
        ("アップルパイを焼くAI", []),
        ("the mistral wind blows over the AI lab", []),
        ("an apple a day, a target for investors", []),
        ("A meta-analysis of AI; Meta-analysis of models", []),
        ("Snap-on tools use AI models", []),
        ("nvidia and openai in small letters", ["NVIDIA", "OpenAI"]),
        ("stripe patterns, discord among figures", []),
        ("Apple pie recipes", []),
        ("Apple releases an AI model", ["Apple"]),
        ("Figure 2 shows the model's loss", []),
        ("Figure raises for its humanoid robots", ["Figure AI"]),
        ("Reuters reports on AI chips in India", []),
        ("OpenAIs", []),
    ],
)
def test_names_in_texts(text: str, names: list[str]) -> None:
    assert [name for _, _, name in INDEX.find(text)] == names


def test_the_longest_name_is_found_where_it_stands() -> None:
    text = "Deal: Amazon Web Services, Google Cloud and Alibaba Cloud"
    assert [(text[a:b], n) for a, b, n in INDEX.find(text)] == [
        ("Amazon Web Services", "Amazon Web Services"),
        ("Google Cloud", "Google Cloud"),
        ("Alibaba Cloud", "Alibaba Cloud"),
    ]


def test_the_file_is_sound() -> None:
    entities = shipped_entities()
    assert len(entities) >= 400
    names = {entity.name for entity in entities}
    assert len({entity.key for entity in entities}) == len(entities)
    seen: dict[str, str] = {}
    products: dict[str, str] = {}
    for entity in entities:
        assert entity.kind in KINDS
        assert entity.domain, entity.name
        assert entity.parent is None or entity.parent in names, entity.parent
        assert entity.parent != entity.name
        for alias in {a.casefold() for a in (entity.name, *entity.aliases, *entity.weak)}:
            assert seen.setdefault(alias, entity.name) == entity.name, alias
        for product in {p.casefold() for p in entity.products}:
            assert products.setdefault(product, entity.name) == entity.name, product


def test_every_entity_is_found_under_its_names() -> None:
    for entity in shipped_entities():
        for name in (entity.name, *entity.aliases, *entity.weak):
            assert INDEX.resolve(name).name == entity.name
        for product in entity.products:
            assert INDEX.owner_of(product) == entity.name


def test_the_archive_adds_and_overrules() -> None:
    index = CompanyIndex.load(
        [
            {"id": 7, "name": "Zorblax", "kind": "company", "aliases": [("Zorblax Robotics", False)], "owner": None},
            {"id": 8, "name": "Mistral AI", "kind": "lab", "aliases": [("Mistralix", False)], "owner": None},
            # `companies merge Windsurf Cognition`: Windsurf's name became an alias of Cognition
            {"id": 9, "name": "Cognition", "kind": "company", "aliases": [("Windsurf", False)], "owner": None},
            # an alias moved by hand from one entity to another
            {"id": 10, "name": "Zorblax", "kind": "company", "aliases": [("A.X Zorb", False)], "owner": "OpenAI"},
        ]
    )
    assert index.resolve("Zorblax Robotics").name == "Zorblax"
    assert index.resolve("Mistralix").name == "Mistral AI"
    mistral = index.get("Mistral")
    assert mistral is not None
    assert mistral.id == 8
    assert index.resolve("Codeium").name == "Cognition"
    assert index.resolve("Windsurf").name == "Cognition"
    assert index.parent_of("Zorblax") == "OpenAI"


def test_a_name_seen_once_does_not_flood_texts() -> None:
    index = CompanyIndex.load([{"id": 1, "name": "Observer", "kind": "company", "aliases": [], "owner": None}])
    assert index.find("Observer notes on a walk in the woods") == []
    assert index.resolve("Observer").name == "Observer"


@pytest.mark.parametrize(
    "lines",
    [
        ["name\tkind"],
        ["name\tkind\tdomain\taliases\tweak\tsignals\tparent\tproducts", "A\tplanet\ta.com\t\t\t\t\t"],
        ["name\tkind\tdomain\taliases\tweak\tsignals\tparent\tproducts", "A\tcompany"],
    ],
)
def test_a_damaged_file_is_named_with_its_line(lines: list[str]) -> None:
    with pytest.raises(DataError, match=r"mine\.tsv, line \d"):
        parse_entities(lines, source="mine.tsv")


@given(st.text(max_size=80))
def test_no_name_breaks_it(name: str) -> None:
    found = INDEX.resolve(name, context=name)
    assert found.kind in KINDS
    assert INDEX.resolve(name, context=name) == found
    INDEX.owner_of(name)


_SOUP = st.lists(
    st.sampled_from(
        ["OpenAI", "Apple", "Meta", "AI", " ", "'s ", "英伟达", "アップル", "-", ".", "Character.AI", "x", "the "]
    ),
    max_size=20,
)


@given(_SOUP.map("".join))
def test_found_names_are_in_order_and_apart(text: str) -> None:
    last = 0
    for start, end, name in INDEX.find(text):
        assert last <= start < end <= len(text)
        last = end
        assert INDEX.get(name) is not None


@given(st.text(max_size=30))
def test_keys_ignore_case_spaces_and_marks(name: str) -> None:
    assert key_of(f" {name}. ") == key_of(name)
    assert key_of("Mistral-AI") == key_of("mistral ai") == "mistralai"

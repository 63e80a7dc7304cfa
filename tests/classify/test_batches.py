"""How entries are shared out: every one once, of like length, never above the room of a batch."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from monitor.classify import load_classifier
from monitor.classify.encoder import SHIPPED, TOKENS, Engine, batches


@given(st.lists(st.integers(2, 600), max_size=200), st.integers(1, 8))
def test_each_entry_once_and_no_batch_too_large(lengths: list[int], threads: int) -> None:
    plan = batches(lengths, threads)
    assert sorted(number for one in plan for number in one) == list(range(len(lengths)))
    for one in plan:
        assert len(one) == 1 or len(one) * max(lengths[number] for number in one) <= TOKENS
    flat = [lengths[number] for one in plan for number in one]
    assert flat == sorted(flat)


@given(st.integers(2, 40), st.integers(2, 4))
def test_a_small_call_is_shared_out(length: int, threads: int) -> None:
    assert len(batches([length] * threads, threads)) == threads


def test_long_calls_fill_their_batches() -> None:
    assert len(batches([TOKENS // 8] * 80, 2)) == 10


def test_no_text_is_no_batch() -> None:
    assert batches([], 2) == []
    assert Engine(SHIPPED, threads=2).read([]) == []


def test_threads_change_nothing() -> None:
    texts = [(f"Titel {number} " * (1 + number % 9), "A summary. " * (number % 13)) for number in range(40)]
    assert load_classifier(threads=1).classify(texts) == load_classifier(threads=3).classify(texts)

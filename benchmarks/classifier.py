"""The classifier's speed, size and batch drift: `python benchmarks/classifier.py FILE.jsonl ... [--torch]`.

Each FILE holds entries with `title` and `summary`. With --torch (the `train` extra) the same encoder with the
same weights runs in torch float32 in the same run, for scale.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections.abc import Callable, Sequence
from pathlib import Path

Texts = Sequence[tuple[str, str]]


def read(paths: Sequence[Path], limit: int) -> list[tuple[str, str]]:
    """At most `limit` entries, spread evenly over the files."""
    rows = [json.loads(line) for path in paths for line in path.read_text(encoding="utf-8").splitlines()]
    step = max(1, -(-len(rows) // limit))
    return [(row["title"], row.get("summary") or "") for row in rows[::step]]


def timed(work: Callable[[], object]) -> tuple[float, float]:
    wall, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - processor


def megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def drift(texts: Texts) -> float:
    from monitor.classify import load_classifier

    classifier = load_classifier()
    together = classifier.classify(texts[:64])
    alone = [classifier.classify([text])[0] for text in texts[:64]]
    return max(abs(a.scores[t] - b.scores[t]) for a, b in zip(together, alone, strict=True) for t in a.scores)


def in_torch(texts: Texts) -> tuple[float, float]:
    """Seconds for all, and milliseconds for one entry, of the same encoder with the same weights in torch float32."""
    import onnx
    import torch
    from tokenizers import Tokenizer

    from monitor.classify.encoding import encode
    from monitor.classify.unpack import to_network
    from monitor.classify.weights import GRAPH, SHIPPED

    torch.set_num_threads(2)
    network = to_network(onnx.load(str(SHIPPED / GRAPH)))
    tokenizer = Tokenizer.from_file(str(SHIPPED / "tokenizer.json"))

    def work(some: Texts) -> None:
        ids = sorted((one.ids for one in encode(tokenizer, some, 128)), key=len)
        for at in range(0, len(ids), 16):
            batch = ids[at : at + 16]
            longest = max(map(len, batch))
            padded = torch.tensor([one + [1] * (longest - len(one)) for one in batch])
            mask = torch.tensor([[1] * len(one) + [0] * (longest - len(one)) for one in batch])
            with torch.no_grad():
                network(padded, mask)

    work(texts[:16])
    waits = sorted(timed(lambda text=text: work([text]))[0] for text in texts[:50])
    return timed(lambda: work(texts))[0], 1000 * waits[25]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--limit", type=int, default=800)
    parser.add_argument("--torch", action="store_true")
    given = parser.parse_args()
    texts = read(given.files, given.limit)
    from monitor.classify import load_classifier
    from monitor.classify.weights import SHIPPED

    classifier = load_classifier()
    wall, _ = timed(lambda: classifier.classify(texts[:1]))
    print(f"import, load and first entry   {wall:8.2f} s")
    # beside other programs on the same cores the processor's time still holds, the clock's no longer
    for _ in range(3):
        wall, processor = timed(lambda: classifier.classify(texts))
        each = 1000 * processor / len(texts)
        print(f"{len(texts)} entries, 2 threads      {len(texts) / wall:8.1f} /s   {each:.2f} ms CPU")
    waits = sorted(timed(lambda text=text: classifier.classify([text]))[0] for text in texts[:100])
    many = len(waits)
    print(f"one entry, median and 95 %     {1000 * waits[many // 2]:8.1f} ms {1000 * waits[many * 95 // 100]:.1f} ms")
    print(f"process, highest               {megabytes():8.0f} MB")
    size = sum(path.stat().st_size for path in SHIPPED.iterdir())
    print(f"weights on disk                {size / 1e6:8.1f} MB")
    print(f"batch of 1 against 64          {drift(texts):8.4f}")
    if given.torch:
        wall, one = in_torch(texts)
        print(f"torch float32, same encoder    {len(texts) / wall:8.1f} /s   one entry {one:.1f} ms")


if __name__ == "__main__":
    main()

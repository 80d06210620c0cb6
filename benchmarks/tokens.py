"""`python -m benchmarks.tokens`: how long counting the tokens of 1 MB of text takes, and whether time grows with size.

Every text is measured with every vocabulary on this machine and with the estimate. `growth` is the time of 1 MB over
four times the time of a quarter: 1 is linear. OpenAI's vocabularies are looked for where tiktoken keeps them.
"""

from __future__ import annotations

import base64
import random
import time
from collections.abc import Iterator
from pathlib import Path

from litellm_lite.tokens.count import Measure
from litellm_lite.tokens.estimate import estimate
from litellm_lite.tokens.vocabularies import KNOWN_FILES, vocabulary

ROOT = Path(__file__).resolve().parents[1]
SIZE = 1_000_000
ROUNDS = 3
MOST_MS = 500
MOST_GROWTH = 2  # 4 is quadratic

_ENGLISH = (
    "The council met on Tuesday to hear what the engineers had found under the old bridge. Nobody had expected "
    "that the wooden piles, driven in 1843, would still be sound; yet three of them carried more weight than the "
    'plans allowed. "We\'ll keep them," said the mayor, and the meeting went on to other things.\n\n'
)
_CHINESE = (
    "市议会星期二开会，听取工程师在旧桥下的发现。没有人料到，一八四三年打下的木桩仍然完好！机器学习模型的窗口有多大？"  # noqa: RUF001
)


def texts() -> dict[str, str]:
    """Return 1 MB of UTF-8 of each kind."""
    chance = random.Random(1)
    code = "".join(path.read_text("utf-8") for path in sorted((ROOT / "litellm_lite").rglob("*.py")))
    return {
        "English": _filled(_ENGLISH),
        "code": _filled(code),
        "Chinese": _filled(_CHINESE),
        "spaces": " " * SIZE,
        "newlines": "\n" * SIZE,
        "one letter": "a" * SIZE,
        "one emoji": _filled("\N{GRINNING FACE}"),
        "base64": base64.b64encode(chance.randbytes(SIZE * 3 // 4)).decode(),
        "random letters": "".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=SIZE)),
    }


def measures() -> Iterator[tuple[str, Measure]]:
    yield "estimate", estimate
    for name in KNOWN_FILES:
        if (found := vocabulary(name)) is not None:
            yield name, found.measure


def milliseconds(measure: Measure, text: str) -> float:
    """Return the quickest of some rounds."""
    taken = []
    for _ in range(ROUNDS):
        started = time.process_time()
        measure(text)
        taken.append(time.process_time() - started)
    return min(taken) * 1000


def main() -> None:
    print(f"{'text':<16}{'counted by':<14}{'ms for 1 MB':>12}{'growth':>8}{'tokens':>12}  exact")
    missed = 0
    for name, text in texts().items():
        for counted_by, measure in measures():
            whole, quarter = milliseconds(measure, text), milliseconds(measure, text[: len(text) // 4])
            span, growth = measure(text), whole / (4 * quarter)
            missed += whole > MOST_MS or growth > MOST_GROWTH
            exact = "yes" if span.least == span.most else f"{span.least:,} to {span.most:,}"
            print(f"{name:<16}{counted_by:<14}{whole:>12.0f}{growth:>8.2f}{span.tokens:>12,}  {exact}")
    print(f"at most {MOST_MS} ms, growth at most {MOST_GROWTH}: {missed} missed" if missed else "all targets reached")


def _filled(text: str) -> str:
    """Repeat a text up to the size, cut at a whole character."""
    size = len(text.encode())
    return (text * (SIZE // size + 1)).encode()[:SIZE].decode(errors="ignore")


if __name__ == "__main__":
    main()

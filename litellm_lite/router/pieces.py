"""The texts in a choice of a chunk, and a choice cut down to their ends. Pure; nothing that is given is changed."""

from __future__ import annotations

from itertools import accumulate
from typing import Any

JSON = dict[str, Any]

REASONING = ("reasoning_content", "reasoning")


def content_of(choice: JSON) -> str:
    return "" if choice.get("index") else choice["delta"].get("content") or ""


def reasoning_of(choice: JSON) -> str:
    said = choice["delta"].get("reasoning_content") or choice["delta"].get("reasoning")
    # what is no text, a vendor's own object, cannot be compared
    return said if isinstance(said, str) and not choice.get("index") else ""


def cut(choice: JSON, reasoning: str, content: str) -> JSON:
    """Return a choice with only those ends of its texts, and the logprobs of what is left of its content."""
    delta, ends = choice["delta"], {"content": content, **dict.fromkeys(REASONING, reasoning)}
    kept = {name: ends.get(name, said) for name, said in delta.items() if name not in ends or (said and ends[name])}
    cut = {**choice, "delta": kept}
    skipped = len(delta.get("content") or "") - len(content)
    if skipped and choice.get("logprobs"):
        cut["logprobs"] = logprobs_after(skipped, delta["content"], choice["logprobs"])
    return cut


def logprobs_after(skipped: int, content: str, logprobs: Any) -> JSON | None:
    """Return the logprobs of the tokens that begin behind so many characters; None where that cannot be told."""
    try:
        texts = [token["token"] for token in logprobs["content"]]
        if "".join(texts) != content:  # half a character each, or reasoning among them
            return None
    except (KeyError, TypeError):
        return None
    begins = accumulate(map(len, texts), initial=0)
    later = [token for token, begin in zip(logprobs["content"], begins, strict=False) if begin >= skipped]
    return {**logprobs, "content": later} if later else None

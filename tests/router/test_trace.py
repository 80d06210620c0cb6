"""What is told of a call afterwards: attempts, seams, headers; as JSON and in a few words."""

from __future__ import annotations

import json

from litellm_lite.errors import ServiceUnavailableError
from litellm_lite.router.trace import Trace
from tests.router.by_hand import USAGE, Bench, entry


def mended():
    bench = Bench.with_a_fallback()
    call = bench.call(stream=True)
    call.speaks(after=1)
    call.breaks("the old fox", after=2)
    call.fails(ServiceUnavailableError("down"), after=0.5)
    call.speaks(after=1)
    call.finishes()
    return call


def test_an_attempt_is_told_as_json():
    first, second, last = (record.as_dict() for record in mended().trace)
    json.dumps([first, second, last])
    assert first["error"] == {"type": "APIConnectionError", "status": 500, "message": "the connection was reset"}
    assert (first["number"], first["kind"], first["outcome"], first["shown_characters"]) == (1, "first", "cut", 11)
    assert (first["started_s"], first["elapsed_s"], first["first_token_s"]) == (0, 3, 1)
    assert (second["kind"], second["outcome"], second["started_s"], second["elapsed_s"]) == (
        "restart",
        "failed",
        3,
        0.5,
    )
    assert (last["model_id"], last["model_group"], last["model"]) == ("spare", "backup", "openai/of-spare")
    assert (last["billed"], last["usage"], last["cost"]) == (True, USAGE, None)
    assert "error" not in last


def test_an_attempt_is_told_in_a_few_words():
    first, _, last = mended().trace
    assert repr(first) == "<1. first openai/of-primary (primary) cut after 3.00 s: APIConnectionError 500>"
    assert repr(last) == "<3. restart openai/of-spare (spare) answered after 1.00 s>"
    assert repr(Bench(entry("a")).call().trace.attempts[0]) == "<1. first openai/of-a (a) under way>"


def test_a_seam_is_told_as_json():
    (seam,) = mended().trace.seams
    told = seam.as_dict()
    json.dumps(told)
    assert (told["at_character"], told["kind"]) == (11, "restart")
    assert (told["from_model"], told["to_model"]) == ("openai/of-primary", "openai/of-spare")
    assert (told["from_attempt"], told["to_attempt"]) == (1, 3)


def test_hidden_params_tell_of_the_way():
    call = mended()
    hidden = call.trace.hidden()
    assert hidden["attempts"] == tuple(call.trace)
    assert hidden["seams"] == tuple(call.trace.seams)
    assert (hidden["model_id"], hidden["model_group"], hidden["waited_s"]) == ("spare", "main", 0.0)


def test_before_anybody_served_nobody_is_named():
    trace = Trace("main", 0.0)
    assert "model_id" not in trace.hidden()
    assert "seams" not in trace.hidden()
    assert trace.headers()["x-litellm-model-group"] == "main"
    assert len(trace) == 0


def test_the_text_says_what_became_of_each():
    bench = Bench.with_a_fallback()
    call = bench.call()
    call.fails(ServiceUnavailableError("down"))
    assert call.trace.text() == "1. openai/of-primary (primary): ServiceUnavailableError: down"
    call.waits()
    call.closes()
    assert call.trace.text().endswith("2. openai/of-primary (primary): let go")

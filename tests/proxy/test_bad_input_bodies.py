"""Bodies that are none: each is refused in OpenAI's words, and nothing of it reaches a vendor."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from typing import Any

import pytest

from litellm_lite.errors import BadRequestError
from litellm_lite.proxy.asking import read_json
from tests.proxy.rude import ASK, MESSAGES, Rude, alone, request
from tests.wire import LAST_FRAME, chunk_frame, completion

DEPTH = 100_000
GOOD = json.dumps(ASK).encode()


@pytest.fixture(scope="module")
def served() -> Iterator[Rude]:
    with alone() as running:
        yield running


@pytest.fixture
def gateway(served: Rude) -> Iterator[Rude]:
    """A gateway that calls nobody while a test runs, and is well after it."""
    served.wire.answers(completion())
    before = len(served.wire.requests)
    yield served
    assert len(served.wire.requests) == before
    served.assert_well()


def nested(opening: bytes, inner: bytes, closing: bytes, depth: int) -> bytes:
    return b'{"model": "m", "messages": ' + opening * depth + inner + closing * depth + b"}"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" \n",
        b"{",
        b"nonsense",
        b"null",
        b"[]",
        b'"text"',
        b"1",
        b"\xef\xbb\xbf" + GOOD,
        GOOD + b"}",
        GOOD + GOOD,
        GOOD.replace(b'"m"', b"'m'"),
        GOOD.replace(b"}]}", b"},]}"),
        b'{"model": "m", "temperature": NaN, "messages": []}',
        b'{"model": "m", "temperature": -Infinity, "messages": []}',
        b'{"model": "m", "temperature": 1e400, "messages": []}',
        b'{"model": "m", "seed": ' + b"9" * 5000 + b', "messages": []}',
        b'{"model": "m\xff", "messages": []}',
        b'{"model": "m", "messages": [{"role": "user", "content": "\xed\xa0\x80"}]}',
        b'{"model": "m", "messages": [{"role": "user", "content": "\\ud800"}]}',
        b'{"model": "m", "messages": [{"role": "user", "content": "\\udc00\\ud800"}]}',
        b'{"model": "m\x00", "messages": []}',
        json.dumps(ASK).encode("utf-16"),
        gzip.compress(GOOD),
    ],
)
def test_what_is_no_json_object_is_said_to_be_none(gateway: Rude, body: bytes) -> None:
    answer = gateway.ask(body)

    assert answer.status == 400
    assert answer.error["code"] == "invalid_json"
    assert answer.error["type"] == "invalid_request_error"


@pytest.mark.parametrize("depth", [255, 500, 900, 1024, DEPTH])
@pytest.mark.parametrize(("opening", "inner", "closing"), [(b"[", b"", b"]"), (b'{"a":', b"1", b"}")])
def test_a_hundred_thousand_brackets_are_too_many(
    gateway: Rude, opening: bytes, inner: bytes, closing: bytes, depth: int
) -> None:
    answer = gateway.ask(nested(opening, inner, closing, depth))

    assert answer.status == 400
    assert "depth" in answer.error["message"] or "deep" in answer.error["message"]


@pytest.mark.parametrize(
    "body",
    [
        b'{"model": "m", "model": "n", "messages": []}',
        b'{"model": "m", "model": "m", "messages" : []}',  # as many quotes with colons as keys
        b'{"a\\\\": 1, "model": "m", "model": "n", "messages": []}',
        b'{"model": "m", "messages": [{"role": "user", "role": "system", "content": "a: b"}]}',
        b'{"model": "\\u003a", "model": "m", "messages": []}',  # a colon that is lost, and one that was none
        b'{"mod\\u0065l": "m", "model": "n", "messages": []}',
    ],
)
def test_a_key_that_stands_there_twice_is_refused_however_it_is_written(gateway: Rude, body: bytes) -> None:
    answer = gateway.ask(body)

    assert answer.status == 400
    assert "twice" in answer.error["message"]


@pytest.mark.parametrize(
    "content",
    ['{"a": 1, "a": 2}', "a\\", 'say "x": y', "::::", "\\u003a", "\u2028 \x7f 😀", 'ends with "', '\\":', "\\\\"],
)
@pytest.mark.parametrize("ascii_only", [True, False])
def test_a_text_that_quotes_json_is_no_key_that_stands_there_twice(content: str, ascii_only: bool) -> None:
    body = {"model": "m", content: content, "messages": [{"role": "user", "content": content}]}

    assert read_json(json.dumps(body, ensure_ascii=ascii_only).encode()) == body


@pytest.mark.parametrize(
    ("changed", "param"),
    [
        ({"messages": {"role": "user", "content": "Hi"}}, "messages"),
        ({"messages": "Hi"}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": None}, "messages"),
        ({"messages": [1]}, "messages"),
        ({"messages": [{"content": "Hi"}]}, "messages"),
        ({"messages": [{"role": 1, "content": "Hi"}]}, "messages"),
        ({"messages": [{"role": "user", "content": {"text": "Hi"}}]}, "messages"),
        ({"stream": "true"}, "stream"),
        ({"stream": 1}, "stream"),
        ({"model": 5}, "model"),
        ({"model": ["m"]}, "model"),
        ({"model": ""}, "model"),
        ({"model": None}, "model"),
        ({"model": "m" * 257}, "model"),
        ({"n": 0}, "n"),
        ({"timeout": "soon"}, "timeout"),
        ({"timeout": -1}, "timeout"),
        ({"num_retries": "many"}, "num_retries"),
        ({"num_retries": -1}, "num_retries"),
        ({"fallbacks": "n"}, "fallbacks"),
    ],
)
def test_a_wrong_type_is_named(gateway: Rude, changed: dict[str, Any], param: str) -> None:
    answer = gateway.ask({**ASK, **changed})

    assert answer.status == 400
    assert answer.error["param"] == param


def test_a_body_without_a_model_says_where_the_models_are(gateway: Rude) -> None:
    answer = gateway.ask({"messages": MESSAGES})

    assert answer.status == 400
    assert "/v1/models" in answer.error["message"]


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml", ""],
)
def test_a_body_of_another_kind_is_refused(gateway: Rude, kind: str) -> None:
    answer = gateway.ask(ASK, {"content-type": kind})

    assert answer.status == 415
    assert "Content-Type: application/json" in answer.error["message"]


def test_a_web_page_must_say_that_it_sends_json(gateway: Rude) -> None:
    answer = gateway.ask(ASK, {"origin": "https://evil.example"}, without="content-type")

    assert answer.status == 415


@pytest.mark.parametrize("encoding", ["gzip", "br", "zstd", "deflate, gzip"])
def test_a_compressed_body_is_refused_before_it_is_read(gateway: Rude, encoding: str) -> None:
    answer = gateway.ask(gzip.compress(GOOD), {"content-encoding": encoding})

    assert answer.status == 415
    assert "Content-Encoding" in answer.error["message"]


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("x-litellm-timeout", "soon"),
        ("x-litellm-timeout", "0"),
        ("x-litellm-timeout", "-1"),
        ("x-litellm-timeout", "nan"),
        ("x-litellm-timeout", "inf"),
        ("x-litellm-timeout", ""),
        ("x-litellm-stream-timeout", "1e999"),
        ("x-litellm-num-retries", "-1"),
        ("x-litellm-num-retries", "1.5"),
        ("x-litellm-num-retries", "two"),
        ("x-litellm-num-retries", "9" * 5000),
        ("x-litellm-num-retries", "\xb2"),
    ],
)
def test_a_header_that_is_no_number_is_named(gateway: Rude, header: str, value: str) -> None:
    answer = gateway.ask(ASK, {header: value})

    assert answer.status == 400
    assert answer.error["param"] == header


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "Application/JSON", "application/vnd.api+json"])
def test_json_may_call_itself_so_in_many_ways(served: Rude, kind: str) -> None:
    assert served.ask(ASK, {"content-type": kind}).status == 200


def test_a_program_need_not_say_that_it_sends_json(served: Rude) -> None:
    assert served.ask(ASK, without="content-type").status == 200


def test_a_body_in_pieces_is_a_body(served: Rude) -> None:
    framed = b"".join(chunk_frame(GOOD[at : at + 1]) for at in range(len(GOOD))) + LAST_FRAME
    client = served.connect()

    client.send(request(headers={"transfer-encoding": "chunked"}, without="content-length") + framed)

    assert client.answer().status == 200


def test_a_number_too_long_for_python_is_no_reason_to_fail() -> None:
    with pytest.raises(BadRequestError):
        read_json(b'{"a" : ' + b"9" * 5000 + b', "b": ":"}')

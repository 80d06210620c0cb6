"""Bad input, bad answers and bad hosts, through the front door: the right class, the thing, the remedy, no secret,

and a connection pool that serves the next call as if nothing had been.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from litellm_lite import (
    APIConnectionError,
    APIError,
    APIResponseValidationError,
    AuthenticationError,
    BadGatewayError,
    BadRequestError,
    ContextWindowExceededError,
    InternalServerError,
    LiteLLMUnknownProvider,
    NotFoundError,
)
from litellm_lite.emulator import Emulator, Fault, Settings
from tests.calls import MODES, call, collect
from tests.emulator.bodies import image_part, png
from tests.wire import Close, Send, Wire, completion, page, problem, reply

if TYPE_CHECKING:
    from tests.conftest import Authority

both = pytest.mark.parametrize("mode", MODES)

KEY = "sk-canary-91ab"
PROMPT = "canary of a prompt"
LLAMA = "meta_llama/Llama-3.3-70B-Instruct"
SCOUT = "meta_llama/Llama-4-Scout-17B-16E-Instruct-FP8"
MEGABYTE = 1024 * 1024


def user(content: Any) -> list[dict[str, Any]]:
    return [{"role": "user", "content": content}]


def refused(mode: str, wire: Any, model: str = LLAMA, **params: Any) -> APIError:
    """Make a call that must fail, and another that must not; returns the error, after a look for secrets."""
    params = {"api_key": KEY, "messages": user(PROMPT), **params}
    with pytest.raises(APIError) as caught:
        call(mode, wire, model, **params)
    error = caught.value
    told = "\n".join(map(str, (error, repr(error), error.args, error.body, error.message)))
    assert KEY not in told
    assert PROMPT not in told
    assert (error.provider, error.model) != ("", "")
    return error


def healthy(mode: str, wire: Wire) -> None:
    """The next call works, and every connection that cannot be used again has been let go."""
    wire.answers(completion())
    assert call(mode, wire, LLAMA).choices[0].message.content == "Hello."


@dataclass(frozen=True)
class Bad:
    """A request that must not leave the process: what is wrong with it, the error, and the words in its message."""

    name: str
    kind: type[APIError]
    words: tuple[str, ...]
    model: str = LLAMA
    params: dict[str, Any] = field(default_factory=dict)


def tool(**function: Any) -> dict[str, Any]:
    return {"type": "function", "function": function}


BEFORE_SENDING = [
    Bad("unknown provider", LiteLLMUnknownProvider, ("'nobody/x'", "write 'provider/model'"), "nobody/x"),
    Bad("empty messages", BadRequestError, ("messages", "empty list", "{'role': 'user'"), params={"messages": []}),
    Bad(
        "message without role",
        BadRequestError,
        ("messages[0] has no role", "such as 'user'"),
        params={"messages": [{"content": PROMPT}]},
    ),
    Bad(
        "malformed image",
        BadRequestError,
        ("image 0", "not an image"),
        SCOUT,
        {"messages": user([image_part(b"not an image")])},
    ),
    Bad(
        "30 MB image",
        BadRequestError,
        ("image 0", str(25 * MEGABYTE)),
        SCOUT,
        {"messages": user([image_part(png() + bytes(30 * MEGABYTE))])},
    ),
    Bad(
        "image to a text-only model",
        BadRequestError,
        ("Llama-3.3-70B-Instruct", "text", "Llama 4"),
        params={"messages": user([image_part()])},
    ),
    Bad(
        "ten images",
        BadRequestError,
        ("9 images", "10"),
        SCOUT,
        {"messages": user([image_part()] * 10)},
    ),
    Bad(
        "tool without a function",
        BadRequestError,
        ("tools[0]", "function"),
        params={"tools": [{"type": "function", "name": "f"}]},
    ),
    Bad("tool with a bad name", BadRequestError, ("tools[0]", "'a b'"), params={"tools": [tool(name="a b")]}),
    Bad(
        "tool whose schema is none",
        BadRequestError,
        ("tools[1]", "parameters"),
        params={"tools": [tool(name="f"), tool(name="g", parameters="object")]},
    ),
    Bad("NaN temperature", BadRequestError, ("temperature", "nan"), params={"temperature": float("nan")}),
    Bad(
        "NaN temperature elsewhere", BadRequestError, ("temperature", "nan"), "openai/m", {"temperature": float("nan")}
    ),
    Bad(
        "NaN deep inside",
        BadRequestError,
        ("metadata_of_mine.a[1]",),
        "openai/m",
        {"extra_body": {"metadata_of_mine": {"a": [1, float("inf")]}}},
    ),
    Bad("a value JSON has no word for", BadRequestError, ("JSON",), "openai/m", {"extra_body": {"x": object()}}),
    Bad("NUL in a header", BadRequestError, ("extra_headers['x-a']",), params={"extra_headers": {"x-a": "a\x00b"}}),
    Bad("unicode in a header", BadRequestError, ("extra_headers['x-a']",), params={"extra_headers": {"x-a": "ü"}}),
    Bad("line break in a header", BadRequestError, ("headers['x-a']",), params={"headers": {"x-a": "a\r\nb: c"}}),
    Bad("line break in a key", AuthenticationError, ("line break", "api_key="), params={"api_key": f"{KEY}\n"}),
    Bad("no key", AuthenticationError, ("LLAMA_API_KEY", "api_key="), params={"api_key": None}),
]


@both
@pytest.mark.parametrize("bad", BEFORE_SENDING, ids=lambda bad: bad.name)
def test_what_cannot_be_sent_is_not(bad: Bad, mode: str, wire: Wire) -> None:
    error = refused(mode, wire, bad.model, **bad.params)
    assert isinstance(error, bad.kind)
    assert all(word in str(error) for word in bad.words), str(error)
    assert not error.retryable
    assert wire.connections == 0


@both
def test_an_unknown_model_of_a_known_provider_is_the_vendors_to_judge(mode: str, wire: Wire) -> None:
    answer = call(mode, wire, "meta_llama/Llama-9-Behemoth")
    assert wire.last.json["model"] == "Llama-9-Behemoth"
    assert answer._hidden_params["response_cost"] is None


@dataclass(frozen=True)
class Failing:
    """An answer that is none, the error it becomes, and the words in its message."""

    name: str
    kind: type[APIError]
    words: tuple[str, ...]
    answer: Any


FAILURES = [
    Failing(
        "text under 200",
        APIResponseValidationError,
        ("not a JSON object", "base URL"),
        reply(b"hello", kind="text/plain"),
    ),
    Failing(
        "truncated JSON",
        APIResponseValidationError,
        ("not a JSON object", "application/json"),
        reply(b'{"id": "x", "choices'),
    ),
    Failing("a page under 200", APIResponseValidationError, ("web page", "'Welcome'"), page(200, "Welcome")),
    Failing("wrong content type", APIResponseValidationError, ("image/png",), reply(b"\x89PNG", kind="image/png")),
    Failing("JSON that is no completion", APIResponseValidationError, ("no choices",), reply({"hello": 1})),
    Failing("nothing under 200", APIResponseValidationError, ("not a JSON object",), reply(b"")),
    Failing(
        "an error under 200", BadRequestError, ("bad thing",), reply({"error": {"message": "bad thing", "code": 400}})
    ),
    Failing("a page", BadGatewayError, ("'502 Bad Gateway'",), page(502, "502 Bad Gateway")),
    Failing("10 MB of error", InternalServerError, ("500",), reply(b"x" * 10 * MEGABYTE, 500, kind="text/plain")),
    Failing(
        "10 MB of JSON error", InternalServerError, ("500",), reply({"error": {"message": "y" * 10 * MEGABYTE}}, 500)
    ),
    Failing("expired key", AuthenticationError, ("expired", "401"), problem(401, f"The key {KEY} has expired")),
    Failing("unknown model", NotFoundError, ("Llama-9", "404"), problem(404, "model 'Llama-9' does not exist")),
    Failing(
        "context overflow",
        ContextWindowExceededError,
        ("maximum context length",),
        problem(400, "the maximum context length is 128000 tokens, but the request needs 140000"),
    ),
    Failing(
        "a body that is cut",
        APIConnectionError,
        ("broke off",),
        [*reply(b'{"id', headers={"content-length": "99"}), Close()],
    ),
    Failing("no HTTP at all", APIConnectionError, (), [Send(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"), Close()]),
]


@both
@pytest.mark.parametrize("failing", FAILURES, ids=lambda failing: failing.name)
def test_an_answer_that_is_none_says_so(failing: Failing, mode: str, wire: Wire) -> None:
    wire.answers(failing.answer)
    error = refused(mode, wire)
    assert isinstance(error, failing.kind)
    assert all(word in str(error) for word in failing.words), str(error)
    assert len(str(error)) < 3000
    healthy(mode, wire)


@both
@pytest.mark.parametrize("failing", FAILURES, ids=lambda failing: failing.name)
def test_a_stream_that_is_none_says_so(failing: Failing, mode: str, wire: Wire) -> None:
    wire.answers(failing.answer)
    error = collect(mode, wire, LLAMA, api_key=KEY).failure
    assert isinstance(error, failing.kind | APIConnectionError)
    assert KEY not in str(error)
    healthy(mode, wire)


@pytest.fixture(scope="module")
def running() -> Iterator[Emulator]:
    with Emulator(Settings()) as emulator:
        yield emulator


@pytest.fixture
def nobody() -> Iterator[str]:
    """A port of this machine that nobody listens to, kept so while the test runs."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}/v1"


@both
@pytest.mark.parametrize("stream", [False, True])
def test_a_dead_host_is_named(stream: bool, mode: str, wire: Wire, nobody: str) -> None:
    error = refused(mode, wire, api_base=nobody, stream=stream)
    assert isinstance(error, APIConnectionError)
    assert nobody.removesuffix("/v1") in str(error)
    assert "check api_base" in str(error)
    assert error.retryable
    healthy(mode, wire)


@both
def test_a_host_without_an_address_is_named(mode: str, wire: Wire) -> None:
    error = refused(mode, wire, api_base="http://no-such-host.invalid/v1")
    assert isinstance(error, APIConnectionError)
    assert "no-such-host.invalid" in str(error)
    healthy(mode, wire)


@both
def test_a_certificate_nobody_vouches_for_is_refused(
    mode: str, wire: Wire, new_wire: Callable[..., Wire], authority: Authority
) -> None:
    untrusted = new_wire(authority.server())
    error = refused(mode, untrusted)
    assert isinstance(error, APIConnectionError)
    assert "SSL_CERT_FILE or ssl_verify=" in str(error)
    assert not error.retryable
    assert untrusted.requests == []
    assert call(mode, untrusted, LLAMA, ssl_verify=authority.ca_file).choices[0].message.content == "Hello."
    healthy(mode, wire)


@both
def test_plain_http_where_tls_is_spoken_fails(
    mode: str, wire: Wire, new_wire: Callable[..., Wire], authority: Authority
) -> None:
    speaks_tls = new_wire(authority.server())
    error = refused(mode, wire, api_base=f"{speaks_tls.url.replace('https', 'http')}/v1")
    assert isinstance(error, APIConnectionError)
    healthy(mode, wire)


@both
def test_tls_where_plain_http_is_spoken_fails(mode: str, wire: Wire, running: Emulator) -> None:
    error = refused(mode, wire, api_base=running.compat_url.replace("http", "https"))
    assert isinstance(error, APIConnectionError)
    healthy(mode, wire)


class Emulated:
    """Stands in for a wire: calls go to the emulator."""

    def __init__(self, emulator: Emulator) -> None:
        self.target = {"api_base": emulator.compat_url, "api_key": emulator.api_key}


@both
def test_the_emulated_api_refuses_a_prompt_beyond_the_window(mode: str, running: Emulator) -> None:
    wire: Any = Emulated(running)
    with pytest.raises(
        ContextWindowExceededError, match=r"maximum context length of Llama-3\.3-70B-Instruct is 128000"
    ):
        call(mode, wire, LLAMA, messages=user("many words " * 70_000), check_context=False)
    assert call(mode, wire, LLAMA).choices[0].finish_reason == "stop"


@both
@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault(status=200, body=b"<html>", content_type="text/html"), APIResponseValidationError),
        (Fault(status=500), InternalServerError),
        (Fault(cut_after_chunks=1), APIConnectionError),
        (Fault(cut_after_chunks=0), APIConnectionError),
        (Fault(redirect=302, location="https://elsewhere.example/"), APIError),
    ],
    ids=["page", "500", "cut", "cut at once", "redirect"],
)
def test_a_fault_of_the_emulated_api_leaves_the_next_call_alone(
    fault: Fault, kind: type[APIError], mode: str, running: Emulator
) -> None:
    wire: Any = Emulated(running)
    running.provoke(fault)
    assert isinstance(refused(mode, wire, api_key=running.api_key), kind)
    assert call(mode, wire, LLAMA).choices[0].finish_reason == "stop"


@both
def test_a_wrong_key_at_the_emulated_api(mode: str, running: Emulator) -> None:
    error = refused(mode, Emulated(running), api_key=KEY)
    assert isinstance(error, AuthenticationError)
    assert error.status == 401


@both
def test_an_image_of_the_largest_size_is_sent(mode: str, running: Emulator) -> None:
    picture = png() + os.urandom(8) + bytes(25 * MEGABYTE - len(png()) - 8)
    answer = call(mode, Emulated(running), SCOUT, messages=user([image_part(picture)]))  # type: ignore[arg-type]
    assert "Image 1" in (answer.choices[0].message.content or "")

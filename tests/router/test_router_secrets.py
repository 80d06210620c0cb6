"""Canaries wherever a Router's configuration may hold a secret, looked for wherever somebody could read one.

The vendor is a parrot: its answers, errors and streams quote what it was sent.
"""

from __future__ import annotations

import json
import logging
import pickle
import traceback
from collections.abc import Callable, Collection, Iterator
from typing import Any

import pytest

from litellm_lite import APIError, Router
from tests.calls import MESSAGES, MODES
from tests.router.routing import Wires, ask, listen, place
from tests.wire import Request, Steps, Wire, chunk, completion_body, event, reply, stream

both = pytest.mark.parametrize("mode", MODES)
either = pytest.mark.parametrize("streamed", [False, True])
NAMES = (
    "key",
    "spare-key",
    "header",
    "extra-header",
    "body",
    "info",
    "vendor",
    "metadata",
    "default-header",
    "reference",
)
CANARIES = {name: f"canary-{name}-4f1d9a77" for name in NAMES}


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG)
    return caplog


@pytest.fixture
def router(new_wire: Wires, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Router]:
    """A Router that has a secret wherever one can stand; both its groups are at parrots."""
    monkeypatch.setenv("CANARY_REFERENCE", CANARIES["reference"])

    def make(vendor: Callable[[Request], Steps], **keywords: Any) -> Router:
        first, spare = new_wire(), new_wire()
        for wire in (first, spare):
            wire.answers(vendor)
        planted = place(
            first,
            "first",
            api_key=CANARIES["key"],
            headers={"X-Auth": CANARIES["header"]},
            extra_headers={"X-Gateway-Token": CANARIES["extra-header"], "Cookie": f"id={CANARIES['header']}"},
            extra_body={"password": CANARIES["body"]},
            vendor_token=CANARIES["vendor"],
            metadata={"trace": {"auth_token": CANARIES["metadata"]}, "team": "a"},
            info={"owner": {"api_key": CANARIES["info"]}, "keys": [{"secret": CANARIES["info"]}], "team": "a"},
        )
        others = [place(spare, "spare", "spare", api_key=CANARIES["spare-key"])]
        others.append(place(spare, "env", "env", api_key="os.environ/CANARY_REFERENCE"))
        defaults = {"extra_headers": {"X-Secret": CANARIES["default-header"]}}
        keywords = {"fallbacks": [{"chat": ["spare", "env"]}], "num_retries": 0, **keywords}
        return Router([planted, *others], default_litellm_params=defaults, **keywords)

    return make


def said(request: Request) -> str:
    """Return what a vendor with too much zeal would quote: all that is no prompt."""
    return json.dumps(dict(request.headers))


def failing(request: Request) -> Steps:
    body = {"error": {"message": said(request), "code": "x", "param": said(request)}}
    return reply(body, 503, {"x-request-id": request.headers["authorization"]})


def unreadable(request: Request) -> Steps:
    return reply(said(request).encode(), 200, kind="text/html")


def cutting(request: Request) -> Steps:
    return stream([event(chunk("Hi")), event({"error": {"message": said(request)}})])


def answering(request: Request) -> Steps:
    echoed = {"x-echo": request.headers["authorization"]}
    if request.json.get("stream"):
        return stream([event(chunk("Hi", "stop")), event("[DONE]")], echoed)
    return reply(completion_body("Hi"), 200, echoed)


def assert_clean(*texts: object, but: Collection[str] = ()) -> None:
    for text in texts:
        shown = f"{text!s} {text!r}"
        assert [name for name, canary in CANARIES.items() if canary in shown and name not in but] == []


def everything_about(error: APIError) -> Iterator[object]:
    chain: BaseException | None = error
    while chain is not None:
        yield from (chain, chain.args, vars(chain))
        chain = chain.__cause__ or (None if chain.__suppress_context__ else chain.__context__)
    yield "".join(traceback.format_exception(error))
    yield pickle.dumps(error)
    for attempt in error.attempts:
        yield from (attempt, attempt.as_dict(), attempt.deployment, attempt.error)


def all_of(log: pytest.LogCaptureFixture) -> Iterator[object]:
    """What we log; what other libraries log is theirs."""
    for record in log.records:
        if record.name.startswith("litellm_lite"):
            yield from (record.getMessage(), record.__dict__)


@both
@either
@pytest.mark.parametrize("vendor", [failing, unreadable, cutting], ids=lambda vendor: vendor.__name__)
def test_no_failure_tells_a_secret(
    mode: str, streamed: bool, vendor: Callable[[Request], Steps], router: Any, log: pytest.LogCaptureFixture
) -> None:
    made = router(vendor)
    if streamed:
        error = listen(mode, made).failure
    else:
        with pytest.raises(APIError) as caught:
            ask(mode, made)
        error = caught.value
    assert error.attempts
    assert_clean(*everything_about(error), *all_of(log), *made.get_deployments())


@both
@either
def test_no_answer_tells_a_secret(mode: str, streamed: bool, router: Any, log: pytest.LogCaptureFixture) -> None:
    made = router(answering)
    answers = listen(mode, made).chunks if streamed else [ask(mode, made)]
    for answer in answers:
        assert_clean(answer, answer.model_dump(), answer.hidden_params["attempts"])
        assert_clean(answer.hidden_params, pickle.dumps(answer), but=["metadata"])  # labels are kept, for that they are
    assert_clean(*all_of(log))


def test_what_the_router_tells_of_itself_holds_none(router: Any) -> None:
    made: Router = router(answering)
    fleet = made._fleet
    entries = made.get_model_list()
    assert_clean(made, fleet, fleet.settings, entries, made.get_deployments(), made.get_model_names())
    assert_clean(*(made.get_deployment(id) for id in made.get_model_ids()), *fleet.standings.values())
    assert_clean(*(vars(fleet.settings) if hasattr(fleet.settings, "__dict__") else ()), fleet.settings.fallbacks)
    assert entries[0]["model_info"]["team"] == entries[0]["litellm_params"]["metadata"]["team"] == "a"


@pytest.mark.parametrize("streamed", [False, True])
def test_explain_tells_none(streamed: bool, router: Any, log: pytest.LogCaptureFixture) -> None:
    prompt = [{"role": "user", "content": f"These are mine: {CANARIES['key']} {CANARIES['spare-key']}"}]
    told = router(answering).explain("chat", prompt, stream=streamed)
    assert len(told.candidates) == 3
    shown = [str(told), repr(told), json.dumps(told.as_dict())]
    assert_clean(*shown, but=["body", "vendor"])  # the body is shown as it would be sent
    assert_clean(*all_of(log))


@both
def test_no_secret_of_one_deployment_reaches_another(mode: str, new_wire: Wires) -> None:
    first, spare = new_wire(), new_wire()
    first.answers(failing)
    secret = {"api_key": CANARIES["key"], "extra_headers": {"X-Auth": CANARIES["header"]}}
    entries = [place(first, **secret), place(spare, "b", "spare", api_key=CANARIES["spare-key"])]
    ask(mode, Router(entries, fallbacks=[{"chat": ["spare"]}], num_retries=0))
    assert CANARIES["key"] in repr(first.requests)
    assert CANARIES["spare-key"] not in repr(first.requests)
    for name in ("key", "header"):
        assert CANARIES[name] not in repr(spare.requests)


WRONG: list[dict[str, Any]] = [
    {"api_key": f"{CANARIES['key']} "},
    {"api_key": {"a": CANARIES["key"]}},
    {"api_base": f"https://bob:{CANARIES['key']}@vendor.example/v1"},
    {"headers": CANARIES["header"]},
    {"extra_headers": {"X-Auth": f"{CANARIES['header']}\n"}},
    {"extra_body": CANARIES["body"]},
    {"weight": CANARIES["key"]},
    {"rpm": CANARIES["key"]},
    {"tags": CANARIES["key"]},
    {"timeout": CANARIES["key"]},
    {"model": 7, "api_key": CANARIES["key"]},
    {"azure_ad_token": CANARIES["key"]},
    {"aws_secret_access_key": CANARIES["key"]},
]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: next(iter(wrong)))
@pytest.mark.parametrize("lenient", [False, True])
def test_a_deployment_that_is_refused_is_refused_without_its_secrets(
    wrong: dict[str, Any], lenient: bool, log: pytest.LogCaptureFixture
) -> None:
    entry = place(None, "a", **wrong)
    if lenient:
        assert Router([entry], ignore_invalid_deployments=True).get_model_ids() == []
        assert log.records
    else:
        with pytest.raises(APIError) as caught:
            Router([entry])
        assert_clean(*everything_about(caught.value))
    assert_clean(*all_of(log))


@pytest.mark.parametrize(
    "keywords",
    [
        {"redis_password": CANARIES["key"]},
        {"redis_url": f"redis://:{CANARIES['key']}@host"},
        {"default_litellm_params": {"api_key": CANARIES["key"]}},
        {"default_litellm_params": CANARIES["key"]},
        {"fallbacks": CANARIES["key"]},
        {"fallbacks": [{"chat": [{"model": "spare", "api_key": CANARIES["key"]}]}]},
        {"fallbacks": [{"chat": [{"model": "spare", "headers": {"Authorization": CANARIES["key"]}}]}]},
        {"timeout": CANARIES["key"]},
        {"retry_policy": CANARIES["key"]},
        {"routing_strategy_args": CANARIES["key"]},
        {"seed": CANARIES["key"]},
    ],
    ids=lambda given: next(iter(given)),
)
def test_a_keyword_that_is_refused_is_refused_without_its_secrets(keywords: dict[str, Any]) -> None:
    with pytest.raises(APIError) as caught:
        Router([place(), place(None, "b", "spare")], **keywords)
    assert_clean(*everything_about(caught.value))


@both
@pytest.mark.parametrize("name", ["api_key", "client", "timeout", "tags", "fallbacks", "extra_headers"])
def test_a_call_that_is_refused_is_refused_without_its_secrets(mode: str, name: str, wire: Wire) -> None:
    with pytest.raises(APIError) as caught:
        ask(mode, Router([place(wire)], enable_tag_filtering=True), "chat", MESSAGES, **{name: CANARIES["key"]})
    assert_clean(*everything_about(caught.value))
    assert wire.requests == []

"""Which engine serves a call, and how many there may be."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from litellm_lite import transport
from litellm_lite.call import Timeouts
from litellm_lite.errors import BadRequestError, Timeout
from litellm_lite.transport import exchange
from litellm_lite.transport.pools import Pools
from litellm_lite.transport.seam import Settings
from tests.transport.sending import NO_LIMITS, request_to
from tests.wire import HoldOpen, Send, Wire, chunk_frame, redirect, stream_head


@pytest.fixture
def own_pools() -> Iterator[Pools]:
    made = Pools()
    yield made
    made.close()


def name_of(engine: Any) -> str:
    return str(type(engine).__module__).rpartition(".")[2].removesuffix("_engine")


async def name_of_async(own_pools: Pools, settings: Settings, timeouts: Timeouts, *, stream: bool = False) -> str:
    return name_of(await own_pools.async_engine(settings, timeouts, stream=stream, client=None))


EVEN, UNEVEN = Timeouts(), Timeouts(first_byte=60, idle=5)


@pytest.mark.parametrize(
    ("setting", "timeouts", "stream", "chosen"),
    [
        ("auto", EVEN, False, "pyreqwest"),
        ("auto", EVEN, True, "httpx"),  # its reads can be timed one by one, and hear Ctrl-C
        ("auto", UNEVEN, False, "httpx"),
        ("auto", Timeouts(first_byte=None, idle=None), False, "pyreqwest"),
        ("httpx", EVEN, False, "httpx"),
        ("httpx", EVEN, True, "httpx"),
        ("pyreqwest", EVEN, False, "pyreqwest"),
        ("pyreqwest", UNEVEN, True, "pyreqwest"),
    ],
)
def test_a_synchronous_call_gets_the_engine_that_can_serve_it(
    own_pools: Pools, setting, timeouts: Timeouts, stream: bool, chosen: str
) -> None:
    assert name_of(own_pools.engine(Settings(setting), timeouts, stream=stream, client=None)) == chosen


@pytest.mark.parametrize(
    ("setting", "stream", "chosen"),
    [
        ("auto", False, "pyreqwest"),
        ("auto", True, "aiohttp"),  # it ends a request whose answer has not begun
        ("pyreqwest", False, "pyreqwest"),
        ("pyreqwest", True, "pyreqwest"),
        ("httpx", False, "httpx"),
        ("httpx", True, "httpx"),
        ("aiohttp", False, "aiohttp"),
        ("aiohttp", True, "aiohttp"),
    ],
)
def test_an_asynchronous_call_gets_the_engine_that_suits_it(
    own_pools: Pools, setting, stream: bool, chosen: str
) -> None:
    assert asyncio.run(name_of_async(own_pools, Settings(setting), UNEVEN, stream=stream)) == chosen


def test_where_aiohttp_is_not_installed_pyreqwest_streams_too(own_pools: Pools) -> None:
    own_pools.__dict__["_has_aiohttp"] = False
    assert asyncio.run(name_of_async(own_pools, Settings(), EVEN, stream=True)) == "pyreqwest"


def test_an_engine_that_is_not_installed_is_an_error_with_the_remedy(
    own_pools: Pools, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(transport, "aiohttp_engine", raising=False)
    monkeypatch.delitem(sys.modules, "litellm_lite.transport.aiohttp_engine", raising=False)
    monkeypatch.setitem(sys.modules, "aiohttp", None)
    with pytest.raises(BadRequestError, match=r"needs aiohttp.*pip install 'litellm-lite\[proxy\]'"):
        asyncio.run(name_of_async(own_pools, Settings("aiohttp"), EVEN))


def test_asking_for_aiohttp_leaves_synchronous_calls_as_they_are(own_pools: Pools) -> None:
    def chosen(*, stream: bool) -> str:
        return name_of(own_pools.engine(Settings("aiohttp"), EVEN, stream=stream, client=None))

    assert (chosen(stream=False), chosen(stream=True)) == ("pyreqwest", "httpx")


FIRST_STREAM = """
import asyncio, sys
from litellm_lite.call import Timeouts, WireRequest
from litellm_lite.transport import exchange
from litellm_lite.transport.seam import Settings

async def main():
    request = WireRequest("POST", sys.argv[1], {}, b"{}")
    await exchange.asend(request, Timeouts(), Settings())
    before = "aiohttp" in sys.modules
    await (await exchange.aopen_stream(request, Timeouts(), Settings())).close()
    print(before, "aiohttp" in sys.modules)

asyncio.run(main())
"""


def test_aiohttp_is_loaded_at_the_first_stream_only(wire: Wire) -> None:
    command = [sys.executable, "-c", FIRST_STREAM, wire.url]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True)
    assert (done.stdout.split(), done.stderr) == (["False", "True"], "")


def test_the_same_limits_share_an_engine(own_pools: Pools) -> None:
    def engine(timeouts: Timeouts, verify: bool = True) -> object:
        return own_pools.engine(Settings(verify=verify), timeouts, stream=False, client=None)

    assert engine(EVEN) is engine(Timeouts())
    assert engine(EVEN) is not engine(EVEN, verify=False)
    assert engine(Timeouts(connect=10, first_byte=5, idle=5)) is engine(Timeouts(connect=5, first_byte=5, idle=5))


def test_a_caller_who_varies_the_limits_without_end_does_not_fill_the_memory(own_pools: Pools) -> None:
    engines = [
        own_pools.engine(Settings(), Timeouts(first_byte=each, idle=each), stream=False, client=None)
        for each in range(20, 220)
    ]

    assert len({id(engine) for engine in engines}) < 20
    assert name_of(engines[0]) == "pyreqwest"
    assert name_of(engines[-1]) == "httpx"


def test_an_asynchronous_caller_who_varies_the_limits_does_neither(own_pools: Pools) -> None:
    async def main() -> set[int]:
        engines = [
            await own_pools.async_engine(
                Settings(), Timeouts(first_byte=each, idle=each, connect=each / 3), stream=False, client=None
            )
            for each in range(20, 420)
        ]
        assert {name_of(engine) for engine in engines} == {"pyreqwest"}
        return {id(engine) for engine in engines}

    assert len(asyncio.run(main())) < 40


@pytest.mark.parametrize("each", [3, 77, 5000])
def test_a_shared_engine_still_keeps_the_limits_of_each_call(wire: Wire, each: int) -> None:
    async def main() -> None:
        for limit in range(each, each + 30):
            answer = await exchange.asend(request_to(wire), Timeouts(first_byte=limit, idle=limit), Settings())
            assert answer.status == 200

    asyncio.run(main())


def test_a_client_of_the_callers_own_is_used(wire: Wire) -> None:
    with httpx.Client(headers={"X-Mine": "yes"}) as client:
        exchange.send(request_to(wire), Timeouts(), Settings(), client)
        exchange.open_stream(request_to(wire), Timeouts(), Settings(), client).close()

    assert [request.headers["x-mine"] for request in wire.requests] == ["yes", "yes"]


def test_the_reads_of_a_callers_client_are_timed_to_the_second(wire: Wire) -> None:
    wire.answers([*stream_head(), Send(chunk_frame(b"one")), HoldOpen()])
    with httpx.Client() as client:
        opened = exchange.open_stream(request_to(wire), Timeouts(), Settings(), client)
        assert opened.read() == b"one"
        with pytest.raises(Timeout):
            opened.read(0.25)
        opened.close()


def test_a_callers_transport_of_another_kind_gets_one_number(wire: Wire) -> None:
    seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.extensions["timeout"]["read"])
        return httpx.Response(200, content=b"{}")

    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        opened = exchange.open_stream(request_to(wire), Timeouts(), Settings(), client)
        assert (opened.timed, opened.read()) == (False, b"{}")
    assert seen == [pytest.approx(600, abs=1)]


@pytest.mark.parametrize("limits", [Timeouts(), NO_LIMITS])
def test_a_callers_client_does_not_follow_where_ours_would_not(wire: Wire, limits: Timeouts) -> None:
    wire.answers(redirect(307, "http://llm.invalid/v1"))
    with httpx.Client(follow_redirects=True) as client:
        assert exchange.send(request_to(wire), limits, Settings(), client).status == 307


def test_an_async_client_of_the_callers_own_is_used(wire: Wire) -> None:
    async def main() -> None:
        async with httpx.AsyncClient(headers={"X-Mine": "yes"}) as client:
            await exchange.asend(request_to(wire), Timeouts(), Settings(), client)
            await (await exchange.aopen_stream(request_to(wire), Timeouts(), Settings(), client)).close()

    asyncio.run(main())

    assert [request.headers["x-mine"] for request in wire.requests] == ["yes", "yes"]


def test_a_client_of_the_wrong_kind_is_refused(wire: Wire) -> None:
    async def main(client: Any) -> None:
        with pytest.raises(BadRequestError, match=r"httpx\.AsyncClient here, not httpx\.Client"):
            await exchange.asend(request_to(wire), Timeouts(), Settings(), client)
        asynchronous: Any = httpx.AsyncClient()
        with pytest.raises(BadRequestError, match=r"httpx\.Client here, not httpx\.AsyncClient"):
            exchange.send(request_to(wire), Timeouts(), Settings(), asynchronous)
        await asynchronous.aclose()

    with httpx.Client() as client:
        asyncio.run(main(client))
    assert wire.requests == []


def test_after_a_fork_a_child_leaves_the_parents_engines_alone(own_pools: Pools) -> None:
    parents = own_pools.engine(Settings(), EVEN, stream=False, client=None)
    understudy = own_pools.understudy

    own_pools._after_fork_in_child()

    childs = own_pools.engine(Settings(), EVEN, stream=False, client=None)
    assert (name_of(parents), name_of(childs)) == ("pyreqwest", "httpx")
    assert own_pools.understudy is not understudy
    assert asyncio.run(name_of_async(own_pools, Settings("pyreqwest"), EVEN)) == "httpx"
    own_pools._settle()


def test_a_fork_before_pyreqwest_began_costs_nothing(own_pools: Pools) -> None:
    own_pools.engine(Settings("httpx"), EVEN, stream=False, client=None)

    own_pools._after_fork_in_child()

    assert name_of(own_pools.engine(Settings(), EVEN, stream=False, client=None)) == "pyreqwest"


def test_settling_before_the_exit_is_quick(own_pools: Pools) -> None:
    asyncio.run(name_of_async(own_pools, Settings(), EVEN))
    started = time.monotonic()

    own_pools._settle()

    assert time.monotonic() - started < 2


def test_after_closing_the_pools_open_anew(wire: Wire) -> None:
    from litellm_lite.transport.pools import pools

    for engine in ("pyreqwest", "httpx"):
        settings = Settings(engine)
        assert exchange.send(request_to(wire), Timeouts(), settings).status == 200
        pools().close()
        assert exchange.send(request_to(wire), Timeouts(), settings).status == 200

"""Hundreds of interpreters that end in the middle of things: warm pools, open streams, calls under way."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.wire import HoldOpen, Request, Send, Steps, Wire, chunk, chunk_frame, completion, event, stream_head

ROOT = Path(__file__).parents[2]
EXITS = 500
AT_ONCE = 3

# Each leaves something behind. `S` holds streams, so that they live until the interpreter takes them down.
BEGINNING = """
import asyncio, sys, threading
from litellm_lite.call import Timeouts, WireRequest
from litellm_lite.transport import exchange
from litellm_lite.transport.seam import Settings

S = []
LIMITS = Timeouts()
HOST = sys.argv[1]
whole, streamed, mute = (WireRequest("POST", HOST + path, {}, b"{}") for path in ("/whole", "/stream", "/mute"))

def send(engine, request=whole):
    exchange.send(request, LIMITS, Settings(engine, verify=False))

def stream(engine):
    S.append(exchange.open_stream(streamed, LIMITS, Settings(engine, verify=False)))
    S[-1].read()

async def asend(engine, request=whole):
    await exchange.asend(request, LIMITS, Settings(engine, verify=False))

async def astream(engine):
    S.append(await exchange.aopen_stream(streamed, LIMITS, Settings(engine, verify=False)))
    await S[-1].read()
"""
ENDINGS = {
    "one call and out": """
asyncio.run(asend("auto"))
""",
    "one stream and out": """
asyncio.run(astream("auto"))
""",
    "warm pools and open streams": """
async def main():
    for engine in ("pyreqwest", "httpx", "aiohttp"):
        await asend(engine)
        await astream(engine)

for engine in ("pyreqwest", "httpx"):
    send(engine)
    stream(engine)
asyncio.run(main())
""",
    "a loop that is never closed": """
loop = asyncio.new_event_loop()
loop.run_until_complete(asend("pyreqwest"))
loop.run_until_complete(astream("pyreqwest"))
loop.run_until_complete(asend("aiohttp"))
loop.run_until_complete(astream("aiohttp"))
send("auto")
stream("auto")
""",
    "calls under way in daemon threads": """
for engine in ("pyreqwest", "pyreqwest", "httpx"):
    threading.Thread(target=send, args=(engine, mute), daemon=True).start()
threading.Thread(target=asyncio.run, args=(asend("pyreqwest", mute),), daemon=True).start()
threading.Thread(target=asyncio.run, args=(asend("aiohttp", mute),), daemon=True).start()
send("pyreqwest")
""",
    "an idle loop in a daemon thread": """
loop = asyncio.new_event_loop()
threading.Thread(target=loop.run_forever, daemon=True).start()
for engine in ("pyreqwest", "httpx", "aiohttp"):
    asyncio.run_coroutine_threadsafe(asend(engine), loop).result()
    asyncio.run_coroutine_threadsafe(astream(engine), loop).result()
""",
    "a fork, and both ends": """
import os
send("auto")
stream("auto")
asyncio.run(asend("auto"))
child = os.fork()
send("auto")
asyncio.run(astream("auto"))
if child:
    assert os.waitpid(child, 0)[1] == 0
""",
    "public streams": """
import litellm_lite

call = {"model": "openai/m", "messages": [{"role": "user", "content": "Hi"}], "stream": True,
        "api_base": HOST + "/stream", "api_key": "k", "ssl_verify": False}
S.append(litellm_lite.completion(**call))
next(S[-1])

async def main():
    S.append(await litellm_lite.acompletion(**call))
    await anext(S[-1])

asyncio.run(main())
""",
}


# Imports once, then forks an interpreter for each end; they end as any other does.
MANY = """
import os
import aiohttp, httpx, pyreqwest.client
import litellm_lite
from litellm_lite.transport import aiohttp_engine, httpx_engine, pyreqwest_engine

endings, exits, at_once = eval(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
running, ends = {}, {}

def reap():
    child, status = os.wait()
    end = (running.pop(child), os.waitstatus_to_exitcode(status))
    ends[end] = ends.get(end, 0) + 1

for turn in range(exits):
    name = list(endings)[turn % len(endings)]
    child = os.fork()
    if child == 0:
        exec(endings[name])
        break
    running[child] = name
    if len(running) == at_once:
        reap()
else:
    while running:
        reap()
    print(ends)
"""


def by_path(request: Request) -> Steps:
    """Answer whole, with a stream that does not end, or never."""
    if "/stream" in request.path:
        return [*stream_head(), Send(chunk_frame(event(chunk("Hel")))), HoldOpen()]
    return [HoldOpen()] if "/mute" in request.path else completion()


def run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    # Python 3.12 and later warn of every fork beside a thread; here that is the point.
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", BEGINNING + code, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.parametrize("name", ENDINGS)
def test_an_interpreter_may_end_with_this_left_behind(name: str, wire: Wire) -> None:
    wire.answers(by_path)

    done = run(ENDINGS[name], wire.url)

    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_hundreds_of_interpreters_end_in_peace(wire: Wire) -> None:
    wire.answers(by_path)

    done = run(MANY, wire.url, repr(ENDINGS), str(EXITS), str(AT_ONCE))

    assert done.stderr == ""
    ends = ast.literal_eval(done.stdout)
    assert {code for _, code in ends} == {0}, ends
    assert sum(ends.values()) == EXITS

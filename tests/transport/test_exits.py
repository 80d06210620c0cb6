"""Hundreds of interpreters that end in the middle of things: warm pools, open streams, calls under way."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.wire import HoldOpen, Request, Send, Steps, Wire, chunk, chunk_frame, completion, event, stream_head

ROOT = Path(__file__).parents[2]
EXITS = 100
AT_ONCE = 3

# Each leaves something behind. `S` holds streams, so that they live until the interpreter takes them down.
BEGINNING = """
import asyncio, sys, threading
from litellm_lite.call import Timeouts, WireRequest
from litellm_lite.transport import exchange
from litellm_lite.transport.seam import Settings

S = []
HOST = sys.argv[1]
whole, streamed, mute = (WireRequest("POST", HOST + path, {}, b"{}") for path in ("/whole", "/stream", "/mute"))

def send(engine, request=whole):
    exchange.send(request, Timeouts(), Settings(engine))

def stream(engine):
    S.append(exchange.open_stream(streamed, Timeouts(), Settings(engine)))
    S[-1].read()

async def asend(engine, request=whole):
    await exchange.asend(request, Timeouts(), Settings(engine))

async def astream(engine):
    S.append(await exchange.aopen_stream(streamed, Timeouts(), Settings(engine)))
    await S[-1].read()
"""
ENDINGS = {
    "warm pools and open streams": """
async def main():
    for engine in ("pyreqwest", "httpx"):
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
send("auto")
stream("auto")
""",
    "calls under way in daemon threads": """
for engine in ("pyreqwest", "pyreqwest", "httpx"):
    threading.Thread(target=send, args=(engine, mute), daemon=True).start()
threading.Thread(target=asyncio.run, args=(asend("pyreqwest", mute),), daemon=True).start()
send("pyreqwest")
""",
    "public streams": """
import litellm_lite

call = {"model": "openai/m", "messages": [{"role": "user", "content": "Hi"}], "stream": True,
        "api_base": HOST + "/stream", "api_key": "k"}
S.append(litellm_lite.completion(**call))
next(S[-1])

async def main():
    S.append(await litellm_lite.acompletion(**call))
    await anext(S[-1])

asyncio.run(main())
""",
}


def by_path(request: Request) -> Steps:
    """Answer whole, with a stream that does not end, or never."""
    if "/stream" in request.path:
        return [*stream_head(), Send(chunk_frame(event(chunk("Hel")))), HoldOpen()]
    return [HoldOpen()] if "/mute" in request.path else completion()


@pytest.mark.slow
def test_an_interpreter_may_end_at_any_moment(wire: Wire) -> None:
    wire.answers(by_path)

    def leave(turn: int) -> tuple[str, int, str]:
        name = list(ENDINGS)[turn % len(ENDINGS)]
        command = [sys.executable, "-c", BEGINNING + ENDINGS[name], wire.url]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
        return name, done.returncode, done.stderr + done.stdout

    with ThreadPoolExecutor(AT_ONCE) as threads:
        ends = Counter(threads.map(leave, range(EXITS)))

    assert {(code, said) for _, code, said in ends} == {(0, "")}, ends.most_common(3)

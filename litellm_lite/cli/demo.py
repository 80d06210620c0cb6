"""`litellm-lite demo`: four calls to the emulator and one through the gateway, what came back, how to repeat them."""

from __future__ import annotations

import base64
import shlex
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import orjson
from rich.console import Console

from litellm_lite import completion
from litellm_lite.cli.demo_gateway import KEY, GatewayFailed, gateway
from litellm_lite.cli.show import bill, complain, consoles, say
from litellm_lite.emulator import Emulator
from litellm_lite.errors import APIError

if TYPE_CHECKING:
    from litellm_lite import ChatCompletionMessageToolCall, ModelResponse

_TEXT_MODEL = "meta_llama/Llama-3.3-70B-Instruct"
_IMAGE_MODEL = "meta_llama/Llama-4-Scout-17B-16E-Instruct-FP8"
_GATEWAY = "http://localhost:4000"
_WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}

Where = dict[str, Any]
"""The base URL and the key of the emulator, as arguments of a call."""


Step = Callable[[Where, Console], None]


class DemoFailed(Exception):  # noqa: N818 - an outcome, told in a sentence
    """A call was answered, but not with what it was to show."""


def run() -> int:
    """Run the demo and return the exit code: 0 only when every call showed what it was to show."""
    out, err = consoles()
    with Emulator() as emulator:
        where = {"api_base": emulator.compat_url, "api_key": emulator.api_key}
        say(out, f"The emulator answers at {emulator.compat_url}: no key, no network, and no model behind it.")
        shown = [_shown(title, step, where, out, err) for title, step in _STEPS.items()]
    if not all(shown):
        say(err, f"{shown.count(False)} of {len(shown)} calls failed")
        return 1
    say(out, "\nTo run the lines above: `litellm-lite emulate` in another terminal and the two exports it prints,")
    say(out, "or `export LLAMA_API_KEY=…` with a key of your own; then `litellm-lite serve`, for the last two.")
    return 0


def _shown(title: str, step: Step, where: Where, out: Console, err: Console) -> bool:
    out.print(f"\n{title}", style="bold")
    try:
        step(where, out)
    except APIError as error:
        complain(err, error)
        return False
    except (DemoFailed, GatewayFailed) as failed:
        say(err, f"failed: {failed}")
        return False
    return True


def _plain(where: Where, out: Console) -> None:
    asked: dict[str, Any] = {"model": _TEXT_MODEL, "messages": [_user("Hello, how are you?")]}
    answer = completion(**asked, **where)
    _show_answer(answer, out)
    _show_line(out, f"print(completion({_written(asked)}).choices[0].message.content)")


def _streamed(where: Where, out: Console) -> None:
    asked: dict[str, Any] = {
        "model": _TEXT_MODEL,
        "messages": [_user("Hello, how are you?")],
        "stream_options": {"include_usage": True},
    }
    pieces = 0
    with completion(**asked, stream=True, **where) as stream:
        for text in _texts(stream):
            say(out, text, end="")
            pieces += 1
    say(out, "")
    _expect(pieces > 1, "the answer did not come in pieces")
    _expect(stream.usage is not None, "the stream carried no usage")
    say(out, f"  {pieces} pieces, {bill(stream.usage, stream.response_cost)}")
    _show_line(
        out,
        f"print(*(chunk.choices[0].delta.content or '' for chunk in completion({_written(asked)}, stream=True)"
        " if chunk.choices), sep='')",
    )


def _tool(where: Where, out: Console) -> None:
    messages: list[Any] = [_user("What is the weather in Paris?")]
    asked: dict[str, Any] = {"model": _TEXT_MODEL, "messages": messages, "tools": [_WEATHER]}
    line = f"print(completion({_written(asked)}).choices[0].message.tool_calls)"
    message = completion(**asked, **where).choices[0].message
    calls = message.tool_calls or []
    _expect(bool(calls), "no tool was called")
    messages += [message.model_dump(exclude_none=True), *(_weather(call, out) for call in calls)]
    _show_answer(completion(**asked, **where), out)
    _show_line(out, line)


def _weather(call: ChatCompletionMessageToolCall, out: Console) -> dict[str, Any]:
    """Do what the tool is for, and return the message that answers the call."""
    say(out, f"the model calls {call.function.name}({call.function.arguments})")
    city = orjson.loads(call.function.arguments)["city"]
    result = orjson.dumps({"city": city, "weather": "sunny", "degrees": 21}).decode()
    return {"role": "tool", "tool_call_id": call.id, "content": result}


def _image(where: Where, out: Console) -> None:
    url = "data:image/png;base64," + base64.b64encode(_red_square(24)).decode()
    content = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": url}}]
    asked: dict[str, Any] = {"model": _IMAGE_MODEL, "messages": [_user(content)]}
    answer = completion(**asked, **where)
    _show_answer(answer, out)
    _expect("24 x 24" in str(answer.choices[0].message.content), "the image was not understood")
    _show_line(out, f"print(completion({_written(asked)}).choices[0].message.content)")


def _through_gateway(where: Where, out: Console) -> None:
    asked: dict[str, Any] = {"model": _TEXT_MODEL, "messages": [_user("Hello, how are you?")]}
    with gateway(_TEXT_MODEL, where) as running:
        say(out, f"litellm-lite --config config.yaml --port {running.port}")
        answer = running.ask(asked)
        [logged] = [line for line in running.stop() if line["event"] == "request"]
    text = answer["choices"][0]["message"]["content"]
    _expect(bool(text), "the answer is empty")
    say(out, text)
    say(out, f"  {bill(answer['usage'], logged.get('cost'))}")
    say(out, f"  its log: {orjson.dumps(logged).decode()}")
    client = f"OpenAI(base_url={_GATEWAY!r}, api_key={KEY!r})"
    line = f"print({client}.chat.completions.create({_written(asked)}).choices[0].message.content)"
    out.print(f"from openai import OpenAI; {line}", style="cyan", markup=False, soft_wrap=True)
    out.print(_curl(asked), style="cyan", markup=False, soft_wrap=True)


def _curl(asked: Mapping[str, Any]) -> str:
    """Return the same request as a line for the shell."""
    headers = ("Content-Type: application/json", f"Authorization: Bearer {KEY}")
    words = ["curl", f"{_GATEWAY}/v1/chat/completions", *(word for header in headers for word in ("-H", header))]
    return shlex.join([*words, "-d", orjson.dumps(asked).decode()])


_STEPS: dict[str, Step] = {
    "A question and its answer": _plain,
    "The same, as it comes": _streamed,
    "A tool is called, and its result answered": _tool,
    "An image is looked at": _image,
    "Through the gateway, as any OpenAI client asks it": _through_gateway,
}


def _user(content: Any) -> dict[str, Any]:
    return {"role": "user", "content": content}


def _texts(stream: Any) -> Iterator[str]:
    for chunk in stream:
        if chunk.choices and chunk.choices[0].delta.content:
            yield chunk.choices[0].delta.content


def _expect(is_so: bool, otherwise: str) -> None:
    if not is_so:
        raise DemoFailed(otherwise)


def _show_answer(answer: ModelResponse, out: Console) -> None:
    text, usage = answer.choices[0].message.content, answer.usage
    _expect(bool(text), "the answer is empty")
    say(out, text or "")
    cost = answer._hidden_params["response_cost"]  # noqa: SLF001 - LiteLLM's name for it, and public there
    say(out, f"  {bill(usage.model_dump() if usage else None, cost)}")


def _show_line(out: Console, line: str) -> None:
    out.print(f"from litellm_lite import completion; {line}", style="cyan", markup=False, soft_wrap=True)


def _written(arguments: dict[str, Any]) -> str:
    """Return arguments as Python source."""
    return ", ".join(f"{name}={value!r}" for name, value in arguments.items())


def _red_square(side: int) -> bytes:
    """Return a PNG: one red square, of so many pixels a side."""
    rows = (b"\0" + b"\xff\0\0" * side) * side
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )

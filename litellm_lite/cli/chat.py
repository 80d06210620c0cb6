"""`litellm-lite chat`: one question, or a conversation, with the answer shown as it comes."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from litellm_lite import acompletion, images, validate_environment
from litellm_lite.cli.show import UnusableError, bill, complain, consoles, say
from litellm_lite.emulator import Emulator
from litellm_lite.errors import APIError

_CANCELLED_EXIT = 130  # 128 + SIGINT, as shells have it


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user asked for on the command line. `images` are files or URLs."""

    model: str
    system: str | None = None
    images: tuple[str, ...] = ()
    emulate: bool = False


@dataclass(slots=True)
class Conversation:
    """The messages so far, what is sent with them, and the answer that is coming."""

    model: str
    where: dict[str, Any]
    out: Console
    err: Console
    messages: list[Any] = field(default_factory=list)
    pictures: list[Any] = field(default_factory=list)
    answer: str = ""

    async def ask(self, text: str) -> None:
        """Send a message and show the answer while it comes, then what it cost. Raises APIError."""
        self.messages.append({"role": "user", "content": self._content(text)})
        self.answer = ""
        options: dict[str, Any] = {"stream_options": {"include_usage": True}, **self.where}
        async with await acompletion(self.model, self.messages, stream=True, **options) as stream:
            async for chunk in stream:
                piece = chunk.choices[0].delta.content if chunk.choices else None
                if piece:
                    self.answer += piece
                    say(self.out, piece, end="")
        say(self.out, "")
        self.err.print(bill(stream.usage, stream.response_cost), style="dim")

    def keep(self) -> None:
        """Keep what was answered, though it may be cut short; without any answer the question is taken back."""
        if self.answer:
            self.messages.append({"role": "assistant", "content": self.answer})
            self.pictures = []
        else:
            self.messages.pop()

    def _content(self, text: str) -> Any:
        return [{"type": "text", "text": text}, *self.pictures] if self.pictures else text


def run(wish: Wish, prompt: str | None) -> int:
    """Answer the prompt, or talk until the end of input, and return the exit code."""
    out, err = consoles()
    try:
        pictures = [_image_part(source) for source in wish.images]
        with _somewhere(wish) as where:
            talk = Conversation(wish.model, where, out, err, _opening(wish), pictures)
            return _once(talk, prompt) if prompt is not None else converse(talk, lambda: input("> "))
    except APIError as error:
        complain(err, error)
    except UnusableError as error:
        say(err, str(error))
    return 1


def converse(talk: Conversation, read: Callable[[], str]) -> int:
    """Answer what `read` gives until it raises EOFError or KeyboardInterrupt. A failed turn does not end it."""
    with contextlib.suppress(ImportError):
        import readline  # noqa: F401 - gives `input` a history and editing keys
    with asyncio.Runner() as runner:
        while True:
            try:
                text = read().strip()
            except (EOFError, KeyboardInterrupt):
                say(talk.out, "")
                return 0
            if text:
                _turn(runner, talk, text)


def _once(talk: Conversation, prompt: str) -> int:
    if not prompt.strip():
        raise UnusableError("nothing to ask: give a prompt as an argument or on standard input")
    with asyncio.Runner() as runner:
        return _turn(runner, talk, prompt)


def _turn(runner: asyncio.Runner, talk: Conversation, text: str) -> int:
    """Ask and show; a failure and a Ctrl-C are told, and told apart by the exit code."""
    code = 0
    try:
        runner.run(talk.ask(text))
    except KeyboardInterrupt:
        say(talk.out, "")
        say(talk.err, "cancelled")
        code = _CANCELLED_EXIT
    except APIError as error:
        if talk.answer:
            say(talk.out, "")
            say(talk.err, "The answer above is not complete.")
        complain(talk.err, error)
        code = 1
    talk.keep()
    return code


def _opening(wish: Wish) -> list[Any]:
    return [{"role": "system", "content": wish.system}] if wish.system else []


@contextlib.contextmanager
def _somewhere(wish: Wish) -> Iterator[dict[str, Any]]:
    """Yield where to send the calls: an emulator of our own, or what the environment says. Raises UnusableError."""
    if wish.emulate:
        with Emulator() as emulator:
            yield {"api_base": emulator.compat_url, "api_key": emulator.api_key}
        return
    missing = validate_environment(wish.model)["missing_keys"]
    if missing:
        exports = "\n".join(f"  export {name}=…" for name in missing)
        raise UnusableError(
            f"{wish.model} needs {' and '.join(missing)}:\n{exports}\n"
            "Or try it without: litellm-lite chat --emulate asks the built-in emulator, which has no model behind it."
        )
    yield {}


def _image_part(source: str) -> dict[str, Any]:
    """Return the message part for a URL or a file; the file's type is read from its bytes. Raises UnusableError."""
    url = source
    if not source.lower().startswith(("http://", "https://", "data:")):
        try:
            data = Path(source).read_bytes()
            media_type = images.sniff(data).media_type
        except OSError as error:
            raise UnusableError(f"cannot read the image {source!r}: {error.strerror or error}") from error
        except ValueError as error:
            raise UnusableError(f"{source!r}: {error}") from error
        url = f"data:{media_type};base64,{base64.b64encode(data).decode()}"
    return {"type": "image_url", "image_url": {"url": url}}

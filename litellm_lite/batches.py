"""`batch_completion` and its kin: many chats for one model, or one chat for many models; no failure loses an answer."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, TextIO, Unpack

from litellm_lite import resolve
from litellm_lite.api import acompletion, completion
from litellm_lite.errors import APIError, BadRequestError, UnsupportedParamsError
from litellm_lite.params import shown
from litellm_lite.workers import Batch, Progress, arun, run

if TYPE_CHECKING:
    from litellm_lite.types.params import CompletionParams, Messages
    from litellm_lite.types.response import ModelResponse

DEFAULT_WORKERS = 100


def batch_completion(
    model: str,
    messages: Iterable[Messages] = (),
    *,
    max_workers: int | None = DEFAULT_WORKERS,
    progress: Progress | bool | None = None,
    stream: Literal[False] | None = None,
    **params: Unpack[CompletionParams],
) -> list[ModelResponse | Exception]:
    """Return the model's answers to many chats, in their order; an exception stands in place of one that failed.

    `messages` holds lists of messages. Any iterable will do: the next chat is taken when one of the `max_workers`
    threads is free for it. Parameters are those of `completion` and hold for each call; so do `budget` and retries.
    `progress` is called with done, failed and total after every answer, in the caller's thread, where total is None
    for what has no length; True draws a line on stderr where that is a terminal.

    Ctrl-C is raised at once, as is an error of the iterable or of `progress`, and nothing more is started. A
    thread cannot be stopped in the middle of a call: calls under way run to their end unheard, with their
    retries, and hold up no exit.
    """
    chats = _chats(model, messages, stream)
    with _told(progress) as tell:
        batch = Batch(chats, _most(max_workers), total=_length(messages), tell=tell)
        return run(batch, lambda model, chat: completion(model, chat, **params)).outcomes


async def abatch_completion(
    model: str,
    messages: Iterable[Messages] = (),
    *,
    max_workers: int | None = DEFAULT_WORKERS,
    progress: Progress | bool | None = None,
    stream: Literal[False] | None = None,
    **params: Unpack[CompletionParams],
) -> list[ModelResponse | Exception]:
    """The async twin of `batch_completion`, with tasks for threads; cancelled, it cancels the calls under way."""
    chats = _chats(model, messages, stream)
    with _told(progress) as tell:
        batch = Batch(chats, _most(max_workers), total=_length(messages), tell=tell)
        return (await arun(batch, lambda model, chat: acompletion(model, chat, **params))).outcomes


def batch_completion_models(
    models: str | Sequence[str],
    messages: Messages,
    *,
    stream: Literal[False] | None = None,
    **params: Unpack[CompletionParams],
) -> ModelResponse:
    """Ask several models at once, and return the answer that comes first.

    When all fail, the error that came last is raised, with a note that tells of the others. The calls that lost run
    to their end unheard, and are billed; the async twin cancels them.
    """
    race = _race(models, messages, stream, params)
    return _winner(run(race, lambda model, chat: completion(model, chat, **params)), models)


async def abatch_completion_models(
    models: str | Sequence[str],
    messages: Messages,
    *,
    stream: Literal[False] | None = None,
    **params: Unpack[CompletionParams],
) -> ModelResponse:
    """The async twin of `batch_completion_models`; it cancels the calls that lost."""
    race = _race(models, messages, stream, params)
    return _winner(await arun(race, lambda model, chat: acompletion(model, chat, **params)), models)


def batch_completion_models_all_responses(
    models: str | Sequence[str],
    messages: Messages,
    *,
    stream: Literal[False] | None = None,
    **params: Unpack[CompletionParams],
) -> list[ModelResponse | Exception]:
    """Ask several models at once, and return their answers in the models' order.

    An exception stands in place of an answer that failed; LiteLLM leaves those out, and so nobody can tell which.
    """
    batch = _panel(models, messages, stream, params)
    return run(batch, lambda model, chat: completion(model, chat, **params)).outcomes


async def abatch_completion_models_all_responses(
    models: str | Sequence[str],
    messages: Messages,
    *,
    stream: Literal[False] | None = None,
    **params: Unpack[CompletionParams],
) -> list[ModelResponse | Exception]:
    """The async twin of `batch_completion_models_all_responses`."""
    batch = _panel(models, messages, stream, params)
    return (await arun(batch, lambda model, chat: acompletion(model, chat, **params))).outcomes


def _chats(model: str, messages: Any, stream: Any) -> Iterator[tuple[str, Any]]:
    """Return the calls of a batch. Raises BadRequestError for what is no series of chats."""
    _refuse_stream(stream)
    if isinstance(messages, str | bytes | Mapping) or not isinstance(messages, Iterable):
        msg = f"messages must be a list of chats, each a list of messages, not {type(messages).__name__}"
        raise BadRequestError(msg, param="messages")
    return ((model, chat) for chat in _not_one_chat(messages))


def _not_one_chat(messages: Iterable[Any]) -> Iterator[Any]:
    for index, chat in enumerate(messages):
        if index == 0 and (isinstance(chat, Mapping) or hasattr(chat, "role")):
            msg = "messages is one chat, and a batch takes a list of them; pass messages=[messages], or call completion"
            raise BadRequestError(msg, param="messages")
        yield chat


def _length(messages: Any) -> int | None:
    return len(messages) if isinstance(messages, Sized) else None


def _race(models: Any, messages: Any, stream: Any, params: Mapping[str, Any]) -> Batch:
    race = _panel(models, messages, stream, params, first=True)
    if not models:
        raise BadRequestError("models is empty; name one model or more", param="models")
    return race


def _panel(models: Any, messages: Any, stream: Any, params: Mapping[str, Any], *, first: bool = False) -> Batch:
    """Return one chat for many models, all asked at once."""
    _refuse_stream(stream)
    named = _names(models)
    if not isinstance(named, Sequence) or not all(isinstance(model, str) for model in named):
        raise BadRequestError("models must be a list of names such as 'openai/gpt-4o-mini'", param="models")
    if "model" in params:
        raise BadRequestError("model is for one, and models= for several; pass models= alone", param="model")
    _keep_key_at_home(named, params)
    return Batch(((model, messages) for model in named), max(1, len(named)), first=first)


def _names(models: Any) -> Any:
    return [models] if isinstance(models, str) else models


def _winner(race: Batch, models: str | Sequence[str]) -> ModelResponse:
    """Return the first answer. Raises the error that came last where there is none."""
    latest: ModelResponse | Exception = race.outcomes[race.latest]
    if not isinstance(latest, Exception):
        return latest
    named = list(zip(_names(models), race.outcomes, strict=True))
    last, _ = named.pop(race.latest)
    if named:
        told = "".join(f"\n  {model}: {type(error).__name__}: {error}" for model, error in named)
        latest.add_note(f"no model answered; {last} failed last, and before it{told}")
    raise latest


def _keep_key_at_home(models: Sequence[str], params: Mapping[str, Any]) -> None:
    """Raise BadRequestError where one vendor's key would go to another; with a base URL it goes to that one place."""
    if not params.get("api_key") or params.get("api_base") or params.get("base_url"):
        return
    providers = sorted({name for model in models if (name := _provider(model, params.get("custom_llm_provider")))})
    if len(providers) > 1:
        where = " and ".join(providers)
        msg = f"api_key would be sent to {where}; leave it out, and set the variable of each (see validate_environment)"
        raise BadRequestError(msg, param="api_key")


def _provider(model: str, custom_llm_provider: str | None) -> str | None:
    """Return whose model it is; None for nobody's, for whom nothing is sent."""
    try:
        return resolve.split_model(model, custom_llm_provider)[0]
    except APIError:
        return None


def _refuse_stream(stream: Any) -> None:
    if stream:
        msg = "a batch returns whole answers; leave stream out, or call completion(…, stream=True) for each chat"
        raise UnsupportedParamsError(msg, param="stream")


def _most(max_workers: Any) -> int:
    if max_workers is None:
        return DEFAULT_WORKERS
    if isinstance(max_workers, bool) or not isinstance(max_workers, int) or max_workers < 1:
        raise BadRequestError(
            f"max_workers must be a whole number from 1, not {shown(max_workers)}", param="max_workers"
        )
    return max_workers


@contextmanager
def _told(progress: Any) -> Iterator[Progress | None]:
    """Yield whom to tell of progress, if anybody."""
    if progress is not None and not isinstance(progress, bool) and not callable(progress):
        msg = f"progress must be True or a function of done, failed and total, not {shown(progress)}"
        raise BadRequestError(msg, param="progress")
    if progress is not True:
        yield progress or None
    elif (terminal := sys.stderr) is None or not terminal.isatty():
        yield None
    else:
        line = _Line(terminal)
        try:
            yield line
        finally:
            line.end()


class _Line:
    """A line on a terminal that is written over; the counts only grow, and so nothing of it is left behind."""

    __slots__ = ("_begun", "_terminal")

    def __init__(self, terminal: TextIO) -> None:
        self._terminal, self._begun = terminal, False

    def __call__(self, done: int, failed: int, total: int | None) -> None:
        of = "" if total is None else f" of {total}"
        self._begun = True
        self._terminal.write(f"\r{done}{of} done" + (f", {failed} failed" if failed else ""))
        self._terminal.flush()

    def end(self) -> None:
        if self._begun:
            self._terminal.write("\n")

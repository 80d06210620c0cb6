"""The commands and their options. What they do is in a module each, loaded when it is asked for."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

Model = Annotated[str, typer.Argument(help="provider/model, or another name the registry knows.")]
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON: every field, every digit.")]
PromptTokens = Annotated[int | None, typer.Option(min=0, help="All tokens of the prompt.")]
CompletionTokens = Annotated[int | None, typer.Option(min=0, help="All tokens of the answer.")]
CachedTokens = Annotated[int | None, typer.Option(min=0, help="Those of the prompt that are read from the cache.")]
CacheWriteTokens = Annotated[int | None, typer.Option(min=0, help="Those of the prompt that are written to the cache.")]
ReasoningTokens = Annotated[int | None, typer.Option(min=0, help="Those of the answer that are reasoning.")]
MaxTokens = Annotated[int | None, typer.Option(min=0, help="The longest answer that is asked for.")]
UsageFile = Annotated[
    str | None, typer.Option("--usage", metavar="FILE", help="A usage or a whole answer as JSON; - is standard input.")
]
ServiceTier = Annotated[str | None, typer.Option(help="flex, priority, batch: what the vendor calls it.")]

app = typer.Typer(
    name="litellm-lite",
    help="One call to any language model, with OpenAI's shapes and LiteLLM's names.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from litellm_lite import __version__

        typer.echo(f"litellm-lite {__version__}")
        raise typer.Exit


Config = Annotated[str | None, typer.Option("--config", metavar="FILE", help="The gateway's configuration, as YAML.")]
OneModel = Annotated[
    str | None, typer.Option("--model", "-m", metavar="PROVIDER/MODEL", help="Serve this one model, without a file.")
]
Host = Annotated[
    str | None, typer.Option(help="Where to listen: 0.0.0.0, or 127.0.0.1 where there is no good master key.")
]
Port = Annotated[int, typer.Option(min=0, max=65535, help="The port.")]
Workers = Annotated[int, typer.Option("--num_workers", min=1, max=256, help="How many processes serve.")]
Check = Annotated[bool, typer.Option("--check", help="Say what is wrong with the configuration, and exit.")]
Debug = Annotated[bool, typer.Option("--debug", help="Log every step; still no prompt and no key.")]
KeyFile = Annotated[Path | None, typer.Option("--ssl_keyfile_path", metavar="FILE", help="The key for https.")]
CertFile = Annotated[Path | None, typer.Option("--ssl_certfile_path", metavar="FILE", help="Its certificate.")]
Drain = Annotated[
    float | None,
    typer.Option("--drain_timeout", min=1, help="Seconds for requests under way to end after SIGTERM."),
]


@app.callback(invoke_without_command=True)
def options(
    context: typer.Context,
    *,
    config: Config = None,
    model: OneModel = None,
    host: Host = None,
    port: Port = 4000,
    num_workers: Workers = 1,
    check: Check = False,
    debug: Debug = False,
    ssl_keyfile_path: KeyFile = None,
    ssl_certfile_path: CertFile = None,
    drain_timeout: Drain = None,
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Without a command: the gateway, as `serve`."""
    if context.invoked_subcommand is None:
        serve(
            config=config,
            model=model,
            host=host,
            port=port,
            num_workers=num_workers,
            check=check,
            debug=debug,
            ssl_keyfile_path=ssl_keyfile_path,
            ssl_certfile_path=ssl_certfile_path,
            drain_timeout=drain_timeout,
        )
    sources = {name: context.get_parameter_source(name) for name in context.params}
    given = [name for name, source in sources.items() if source is not None and source.name == "COMMANDLINE"]
    if given:
        msg = f"--{given[0]} stands before {context.invoked_subcommand!r}, and would do nothing; put it behind"
        raise typer.BadParameter(msg)


@app.command()
def serve(
    *,
    config: Config = None,
    model: OneModel = None,
    host: Host = None,
    port: Port = 4000,
    num_workers: Workers = 1,
    check: Check = False,
    debug: Debug = False,
    ssl_keyfile_path: KeyFile = None,
    ssl_certfile_path: CertFile = None,
    drain_timeout: Drain = None,
) -> None:
    """Run the gateway: OpenAI's API in front of every provider of the configuration.

    Without --config and --model it serves every model of the providers whose keys are in the environment.
    """
    from litellm_lite.cli.serve import Wish, run

    wish = Wish(
        config=config,
        model=model,
        host=host,
        port=port,
        num_workers=num_workers,
        check=check,
        debug=debug,
        ssl_keyfile_path=ssl_keyfile_path,
        ssl_certfile_path=ssl_certfile_path,
        drain_timeout=drain_timeout,
    )
    raise typer.Exit(run(wish))


@app.command()
def demo() -> None:
    """Make a plain, a streamed, a tool and an image call to the built-in emulator, and one through the gateway.

    Needs no key and no network.
    """
    from litellm_lite.cli.demo import run

    raise typer.Exit(run())


@app.command()
def chat(
    prompt: Annotated[
        str | None, typer.Argument(help="What to ask. Without it, standard input or a conversation.")
    ] = None,
    model: Annotated[str, typer.Option("--model", "-m", help="provider/model")] = "meta_llama/Llama-3.3-70B-Instruct",
    system: Annotated[str | None, typer.Option(help="A system message.")] = None,
    image: Annotated[
        list[str] | None, typer.Option(help="A file or a URL to send with the first message; may be repeated.")
    ] = None,
    emulate: Annotated[
        bool, typer.Option("--emulate", help="Ask the built-in emulator instead: no key, no network, no model.")
    ] = False,
) -> None:
    """Talk to a model; its answer appears as it comes. Ctrl-C stops an answer, Ctrl-D ends a conversation."""
    from litellm_lite.cli.chat import Wish, run

    if prompt is None and not sys.stdin.isatty():
        prompt = sys.stdin.read()
    raise typer.Exit(run(Wish(model, system, tuple(image or ()), emulate), prompt))


@app.command()
def emulate(
    *,
    host: Annotated[str, typer.Option(help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any free port.")] = 8080,
    key: Annotated[str | None, typer.Option(help="The key it accepts.")] = None,
    latency: Annotated[float, typer.Option(min=0, help="Seconds before an answer begins.")] = 0.0,
    pace: Annotated[float, typer.Option(min=0, help="Seconds between two chunks of a stream.")] = 0.0,
    fault: Annotated[str | None, typer.Option(help="What every request meets, such as 'stall; after=10'.")] = None,
    faults: Annotated[bool, typer.Option("--faults", help="List the faults there are, and exit.")] = False,
    speed: Annotated[float, typer.Option(help="How many of its seconds pass in one.")] = 1.0,
    answer_tokens: Annotated[int | None, typer.Option(min=1, help="How long every text is, in tokens.")] = None,
    any_upstream: Annotated[
        bool, typer.Option("--any", help="Take any model name and any key: stand in for any provider.")
    ] = False,
) -> None:
    """Run an emulated Llama API until Ctrl-C, healthy or with a fault."""
    from litellm_lite.cli.emulate import list_faults, run

    if faults:
        raise typer.Exit(list_faults())
    raise typer.Exit(
        run(
            host=host,
            port=port,
            key=key,
            latency_s=latency,
            pace_s=pace,
            fault=fault,
            speed=speed,
            answer_tokens=answer_tokens,
            any_upstream=any_upstream,
        )
    )


@app.command()
def models(
    *,
    words: Annotated[list[str] | None, typer.Argument(help="Only names that hold all these texts.")] = None,
    features: Annotated[
        list[str] | None,
        typer.Option(
            "--filter", help="Only models with all of these: vision, tools, json, reasoning, audio, pdf, cache, chat, …"
        ),
    ] = None,
    providers: Annotated[list[str] | None, typer.Option("--provider", help="Only of these; may be repeated.")] = None,
    search: Annotated[list[str] | None, typer.Option(help="The same as a text given as an argument.")] = None,
    sort: Annotated[
        str, typer.Option(help="name, price (cheapest first), context or output (largest first), provider.")
    ] = "name",
    reverse: Annotated[bool, typer.Option("--reverse", help="The other way round; the unknown stays last.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many.")] = None,
    retired: Annotated[bool, typer.Option("--retired", help="Also models that their vendor has ended.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the models: window, longest answer, modalities, dollars per million tokens, and where that is from.

    In a pipe the cells are between tabs and nothing is shortened. `?` is not known.
    """
    from litellm_lite.cli.models import Wish, run

    wish = Wish(
        words=(*(words or ()), *(search or ())),
        features=features or (),
        providers=providers or (),
        sort=sort,
        reverse=reverse,
        limit=limit,
        retired=retired,
        as_json=as_json,
    )
    raise typer.Exit(run(wish, _now().date()))


@app.command()
def info(model: Model, *, as_json: AsJson = False) -> None:
    """Tell everything that is known of a model, and what other sources say instead."""
    from litellm_lite.cli.info import run

    raise typer.Exit(run(model, _now().date(), as_json=as_json))


@app.command()
def cost(
    model: Model,
    *,
    prompt_tokens: PromptTokens = None,
    completion_tokens: CompletionTokens = None,
    cached_tokens: CachedTokens = None,
    cache_write_tokens: CacheWriteTokens = None,
    reasoning_tokens: ReasoningTokens = None,
    usage: UsageFile = None,
    messages: Annotated[
        str | None, typer.Option(metavar="FILE", help="A chat to be, as JSON; - is standard input.")
    ] = None,
    text: Annotated[str | None, typer.Option(help="The only message of a chat to be.")] = None,
    max_tokens: MaxTokens = None,
    service_tier: ServiceTier = None,
    at: Annotated[datetime | None, typer.Option(help="When, in UTC, for prices that depend on the hour.")] = None,
    as_json: AsJson = False,
) -> None:
    """Price a usage, or tell what a call would cost at least and at most. Exits with 1 when a price is not known."""
    from litellm_lite.cli.cost import Wish, run
    from litellm_lite.cli.usage import Tokens

    counts = Tokens(prompt_tokens, completion_tokens, cached_tokens, cache_write_tokens, reasoning_tokens)
    when = at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC) if at else None
    wish = Wish(model, counts, usage, messages, text, max_tokens, service_tier, when, as_json)
    raise typer.Exit(run(wish, _now()))


@app.command()
def tokens(
    model: Model,
    file: Annotated[str, typer.Argument(help="What to count; - is standard input.")] = "-",
    *,
    messages: Annotated[
        bool, typer.Option("--messages", help="The file is JSON: a list of messages, or a whole chat request.")
    ] = False,
    max_tokens: MaxTokens = None,
    as_json: AsJson = False,
) -> None:
    """Count the tokens of a text or a chat, say how sure the count is, and whether it fits the model."""
    from litellm_lite.cli.tokens import Wish, run

    raise typer.Exit(run(Wish(model, file, messages, max_tokens, as_json)))


@app.command()
def compare(
    names: Annotated[list[str], typer.Argument(metavar="MODEL MODEL…", help="Two models or more.")],
    *,
    prompt_tokens: PromptTokens = None,
    completion_tokens: CompletionTokens = None,
    cached_tokens: CachedTokens = None,
    cache_write_tokens: CacheWriteTokens = None,
    reasoning_tokens: ReasoningTokens = None,
    usage: UsageFile = None,
    service_tier: ServiceTier = None,
    differences: Annotated[bool, typer.Option("--differences", help="Leave out what is the same.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show models side by side. With a usage, also what it would cost on each, and where it is cheapest."""
    from litellm_lite.cli.compare import Wish, run
    from litellm_lite.cli.usage import Tokens

    tokens = Tokens(prompt_tokens, completion_tokens, cached_tokens, cache_write_tokens, reasoning_tokens)
    raise typer.Exit(run(Wish(names, tokens, usage, service_tier, differences, as_json), _now()))


@app.command()
def explain(
    model: Model,
    prompt: Annotated[str | None, typer.Argument(help="The only message of the call.")] = None,
    *,
    messages: Annotated[
        str | None, typer.Option(metavar="FILE", help="Messages or a whole request, as JSON; - is standard input.")
    ] = None,
    params: Annotated[
        list[str] | None, typer.Option("--param", metavar="NAME=JSON", help="A parameter; may be repeated.")
    ] = None,
    stream: Annotated[bool, typer.Option("--stream", help="Ask for a stream.")] = False,
    api_base: Annotated[str | None, typer.Option(help="The base URL.")] = None,
    config: Annotated[
        str | None,
        typer.Option("--config", metavar="FILE", help="A Router's configuration; MODEL is one of its groups."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Tell what a call would send and cost, without making it. Exits with 1 when it would be refused."""
    from litellm_lite.cli.explain import Wish, run

    raise typer.Exit(run(Wish(model, prompt, messages, params or (), stream, api_base, as_json, config)))


@app.command()
def doctor(
    *,
    config: Annotated[
        str | None, typer.Option("--config", metavar="FILE", help="The configuration to examine, as YAML.")
    ] = None,
    model: Annotated[str | None, typer.Option("--model", metavar="GROUP", help="Whose calls; a model_name.")] = None,
    only: Annotated[str | None, typer.Option(metavar="NUMBERS", help="Only these behaviours, such as 4,8.")] = None,
    speed: Annotated[
        float | None, typer.Option(help="How many seconds of the Router pass in one; 10 where it is not said.")
    ] = None,
    as_json: AsJson = False,
    url: Annotated[
        str | None, typer.Option(metavar="URL", help="Examine the gateway that runs there, in about 100 seconds.")
    ] = None,
    key: Annotated[
        str | None, typer.Option(help="Its key; else LITELLM_LITE_KEY or OPENAI_API_KEY of the environment.")
    ] = None,
    listen: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="Where the emulated providers are; any port of this machine."),
    ] = None,
    reached_at: Annotated[
        str | None, typer.Option(metavar="URL", help="The same, where the gateway sees it elsewhere: a container.")
    ] = None,
    write_config: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Write the gateway's configuration there; without --url only that."),
    ] = None,
    wait: Annotated[
        float | None, typer.Option(min=0, help="Seconds to wait until the gateway has it; 120 where it is not said.")
    ] = None,
) -> None:
    """Play sixteen failures of providers on your configuration. Exits with 1 when it does not stand one of them.

    The providers are replaced by the built-in emulator: no key is used, and nothing leaves this machine. With --url the
    failures are played to a gateway that is running, ours or another: it is told what to configure it with.
    """
    from litellm_lite.cli.doctor import Wish, run
    from litellm_lite.cli.meeting import Meeting

    meeting = Meeting(url=url, key=key, listen=listen, reached_at=reached_at, write_config=write_config, wait_s=wait)
    raise typer.Exit(run(Wish(config, model, only, speed, as_json, meeting)))


def _now() -> datetime:
    return datetime.now(UTC)

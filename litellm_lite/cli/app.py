"""The commands and their options. What they do is in a module each, loaded when it is asked for."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

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


@app.callback()
def options(
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    pass


@app.command()
def demo() -> None:
    """Make a plain, a streamed, a tool and an image call against the built-in emulator. Needs no key and no network."""
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
    host: Annotated[str, typer.Option(help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any free port.")] = 8080,
    key: Annotated[str | None, typer.Option(help="The key it accepts.")] = None,
    latency: Annotated[float, typer.Option(min=0, help="Seconds before an answer begins.")] = 0.0,
    pace: Annotated[float, typer.Option(min=0, help="Seconds between two chunks of a stream.")] = 0.0,
) -> None:
    """Run an emulated Llama API until Ctrl-C."""
    from litellm_lite.cli.emulate import run

    raise typer.Exit(run(host=host, port=port, key=key, latency_s=latency, pace_s=pace))

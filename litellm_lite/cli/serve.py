"""`litellm-lite --config config.yaml`, or `litellm-lite serve`: the gateway, until it is told to end."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from litellm_lite.cli.show import BAD_INPUT_EXIT, UnusableError, answering, consoles, say
from litellm_lite.proxy.flaws import ConfigError
from litellm_lite.proxy.master_key import listening
from litellm_lite.proxy.server import Place, Source, check_free, serve


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the command line says of the gateway."""

    config: str | None = None
    model: str | None = None
    host: str | None = None
    port: int = 4000
    num_workers: int = 1
    check: bool = False
    debug: bool = False
    ssl_keyfile_path: Path | None = None
    ssl_certfile_path: Path | None = None
    drain_timeout: float | None = None


@answering
def run(wish: Wish) -> int:
    """Serve, or with `check` only hold the configuration against all that can be known, and return the exit code.

    0: it ended as it was told to, or the configuration is good; 2: it is not, or something cannot be used.
    """
    if wish.config is not None and wish.model is not None:
        raise UnusableError("--config and --model exclude each other: add the model to the file's model_list")
    if (wish.ssl_keyfile_path is None) != (wish.ssl_certfile_path is None):
        raise UnusableError("--ssl_keyfile_path and --ssl_certfile_path belong together; give both")
    source = Source(config=wish.config, model=wish.model, debug=wish.debug)
    try:
        config = source.read()
    except ConfigError as error:
        return _complain(error)
    out, err = consoles()
    if wish.check:
        say(out, f"{config.source} is good: {len(config.model_list)} deployments")
        return 0
    place = listening(config, wish.host)
    _check_free(place.host, wish.port)
    for notice in (*config.notices, place.notice):
        if notice:
            say(err, notice)
    scheme = "https" if wish.ssl_certfile_path else "http"
    say(err, f"RUNNING on {scheme}://{_in_url(place.host)}:{wish.port}")
    serve(
        source,
        Place(
            host=place.host,
            port=wish.port,
            workers=wish.num_workers,
            certificate=wish.ssl_certfile_path,
            key=wish.ssl_keyfile_path,
            drain_s=config.drain_s if wish.drain_timeout is None else wish.drain_timeout,
            body_s=config.body_s,
            stalled_s=config.stalled_s,
        ),
    )
    return 0


def _check_free(host: str, port: int) -> None:
    try:
        check_free(host, port)
    except OSError as error:
        msg = f"cannot listen on {host}, port {port}: {error.strerror or error}; name another with --host and --port"
        raise UnusableError(msg) from error


def _complain(error: ConfigError) -> int:
    err = consoles()[1]
    for flaw in error.flaws:
        say(err, str(flaw))
    return BAD_INPUT_EXIT


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host

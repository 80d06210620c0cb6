"""How `litellm-lite doctor --url` meets a gateway: where it is, its key, and what it must be configured with."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from litellm_lite.cli.show import UnusableError, consoles, say
from litellm_lite.doctor.client import Gateway
from litellm_lite.doctor.patient import STAND_IN, Patient
from litellm_lite.doctor.report import Report
from litellm_lite.doctor.visiting import DEFAULT_WAIT_S, NotServedError, Visit, visit
from litellm_lite.errors import APIError
from litellm_lite.resolve import environment_value, resolve

_ANY_PORT = "127.0.0.1:0"
_KEYS = ("LITELLM_LITE_KEY", "OPENAI_API_KEY")
_EVERYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 - it is refused
_HEADER = "# What `litellm-lite doctor` examines a gateway on; it may be written anew.\n"
_PLACE = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):(?P<port>[0-9]{1,5})")
_LAST_PORT = 65535
_AS_GIVEN = re.compile(r"^.*?api_base ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """What the command line says of it. Without `url` the configuration is written and that is all."""

    url: str | None = None
    key: str | None = field(default=None, repr=False)
    listen: str | None = None
    reached_at: str | None = None
    write_config: str | None = None
    wait_s: float | None = None

    @property
    def given(self) -> str:
        """The first option that makes no sense without a gateway; an empty text where there is none."""
        options = {
            "--key": self.key is not None,
            "--listen": self.listen is not None,
            "--reached-at": self.reached_at is not None,
            "--wait": self.wait_s is not None,
        }
        return next((option for option, is_given in options.items() if is_given), "")

    def held(self, patient: Patient, only: Sequence[int]) -> Report | None:
        """Examine the gateway, and return what was found; None where only the configuration was to be written.

        Raises UnusableError.
        """
        wanted = self._wanted(patient, only)
        if self.url is None:
            self._only_write(wanted)
            return None
        gateway = gateway_at(self.url, self.key)
        try:
            return visit(gateway, wanted, self._tell)
        except NotServedError as error:
            raise UnusableError(gateway.without_key(str(error))) from None
        except OSError as error:
            raise UnusableError(
                f"--listen {self.listen or _ANY_PORT}: cannot listen there: {error.strerror or error}"
            ) from None

    def _wanted(self, patient: Patient, only: Sequence[int]) -> Visit:
        found = _PLACE.fullmatch(self.listen or _ANY_PORT)
        if found is None or int(found["port"]) > _LAST_PORT:
            raise UnusableError(f"--listen takes HOST:PORT, such as 127.0.0.1:8081, not {self.listen!r}")
        host, port = found["host"].strip("[]"), int(found["port"])
        if host in _EVERYWHERE and self.reached_at is None:
            raise UnusableError(f"--listen {self.listen}: where does the gateway find that? add --reached-at http://…")
        reached_at = None if self.reached_at is None else _clean("--reached-at", self.reached_at)
        wait_s = DEFAULT_WAIT_S if self.wait_s is None else self.wait_s
        try:
            return Visit.to(patient, only, host=host, port=port, reached_at=reached_at, wait_s=wait_s)
        except ValueError as error:
            raise UnusableError(str(error)) from error

    def _only_write(self, wanted: Visit) -> None:
        if not wanted.port and wanted.reached_at is None:
            raise UnusableError("without --url, say with --listen HOST:PORT where the gateway will find the emulator")
        if self.key is not None or self.wait_s is not None:
            raise UnusableError(f"{'--key' if self.key is not None else '--wait'} is for a gateway; add --url")
        address = wanted.reached_at or f"http://{self.listen}"
        self._write(wanted.configuration(address))
        say(consoles()[0], f"{self.write_config} is written; the emulator has to be at {address} as it is used")

    def _tell(self, configuration: Mapping[str, Any], lacking: str) -> None:
        """Tell how to configure the gateway: on standard error, for standard output is the report's."""
        err = consoles()[1]
        if self.write_config is not None:
            self._write(configuration)
            where = f"with {self.write_config}:\n  litellm-lite --config {self.write_config}"
        else:
            where = f"with this:\n\n{_yaml(configuration)}"
        say(err, f"{self.url}: {lacking}. Start it {where}\nWaiting for it.")

    def _write(self, configuration: Mapping[str, Any]) -> None:
        """Write the configuration, but over no file that was not written here."""
        path = Path(self.write_config or "")
        try:
            if path.exists() and not path.read_text(encoding="utf-8").startswith(_HEADER):
                raise UnusableError(f"--write-config: {path} is a file of somebody else's; name another")
            path.write_text(_HEADER + _yaml(configuration), encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UnusableError(f"--write-config: cannot write {path}: {error}") from None


def gateway_at(url: str, key: str | None) -> Gateway:
    """Return the gateway at a URL, with the key for it. Raises UnusableError, which does not show the key.

    A key of the environment is not sent to the host of another vendor.
    """
    base = _clean("--url", url)
    if not urlsplit(base).path:
        base += "/v1"
    own = key or environment_value(_KEYS[0])
    if own is None and environment_value(_KEYS[1]) is None:
        return Gateway(base)
    try:
        _, target, _ = resolve("openai/gateway", api_base=base, api_key=own)
    except APIError as error:
        raise UnusableError(error.message) from None
    return Gateway(base, target.api_key)


def _clean(option: str, url: str) -> str:
    """Return a base URL without what does not belong there. Raises UnusableError."""
    try:
        return resolve("openai/gateway", api_base=url, api_key=STAND_IN)[1].api_base
    except APIError as error:
        raise UnusableError(_AS_GIVEN.sub(f"{option} ", error.message)) from None


def _yaml(configuration: Mapping[str, Any]) -> str:
    """Write it with a line for each deployment and each list of fallbacks."""
    lines: list[str] = []
    for section, content in configuration.items():
        lines.append(f"{section}:")
        if isinstance(content, list):
            lines += [f"  - {_line(entry)}" for entry in content]
            continue
        for name, value in content.items():
            if isinstance(value, list) and value:
                lines += [f"  {name}:", *(f"    - {_line(each)}" for each in value)]
            else:
                lines.append(f"  {name}: {_line(value)}")
    return "\n".join(lines) + "\n"


def _line(value: Any) -> str:
    written: str = yaml.safe_dump(value, default_flow_style=True, width=float("inf"), sort_keys=False)
    return written.strip().removesuffix("\n...")

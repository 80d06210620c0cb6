"""LiteLLM's `config.yaml` as it stands: files made one, `os.environ/NAME` replaced. What it means is not asked here."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from litellm_lite.params import shown
from litellm_lite.proxy.flaws import Flaw, Path, path_text
from litellm_lite.proxy.places import Places
from litellm_lite.proxy.yaml_files import File, Reading, line_of
from litellm_lite.router.checks import named

REFERENCE = "os.environ/"
VARIABLES = "environment_variables"
# The environment has texts only, and to a call "false" would be a text like any other: true.
_FLAGS = frozenset({"drop_params", "check_context", "ssl_verify"})
_BOOLEANS = {"true": True, "false": False}

Variable = Callable[[str], str | None]
"""Returns what is known of an environment variable; None where it is not set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """What the files say; a reference to a variable that is not set stays as it is.

    `files` are all that belong to it with their digests, empty for what could not be read; `flaws` what is wrong so
    far; `whole` is False where a file is missing; `secrets` are values that came from the environment.
    """

    name: str
    sections: dict[str, Any] = field(repr=False)
    places: Places = field(repr=False)
    variables: dict[str, str] = field(default_factory=dict, repr=False)
    files: Mapping[str, str] = field(default_factory=dict, repr=False)
    flaws: tuple[Flaw, ...] = ()
    whole: bool = True
    secrets: frozenset[str] = field(default=frozenset(), repr=False)


def read(name: str, environment: Mapping[str, str]) -> Raw:
    """Read a configuration and the files it includes.

    Its `environment_variables` count before `environment`; those may refer to the process's only.
    """
    files = Reading(name)
    fill = _Filling(files.flaws)
    variables = fill.variables(files.files, lambda name: environment.get(name) or None)

    def variable(name: str) -> str | None:
        return (variables[name] if name in variables else environment.get(name, "")).strip() or None

    sections: dict[str, Any] = {}
    for file in files.files:
        for section, value in file.sections.items():
            if section not in ("include", VARIABLES):
                fill.merge(sections, section, fill.filled(file, (section,), value, variable), file, (section,))
            elif section == "include":
                sections.setdefault(section, value)
    return Raw(
        name=name,
        sections=sections,
        variables=variables,
        places=Places(name, files.files),
        files=files.read,
        flaws=tuple(files.flaws),
        whole=files.whole,
        secrets=frozenset(fill.secrets),
    )


class _Filling:
    """Puts values in the place of references, and files together; adds to `flaws` what does not work."""

    def __init__(self, flaws: list[Flaw]) -> None:
        self.flaws = flaws
        self.secrets: set[str] = set()

    def variables(self, files: list[File], outside: Variable) -> dict[str, str]:
        """Return the variables that the files set."""
        own: dict[str, Any] = {}
        for file in files:
            section = file.sections.get(VARIABLES, {})
            if not isinstance(section, dict):
                self._blame(file, (VARIABLES,), f"must be a dictionary, not {shown(section)}")
                continue
            for name, value in self.filled(file, (VARIABLES,), section, outside).items():
                if isinstance(value, bool) or not isinstance(value, str | int | float):
                    self._blame(file, (VARIABLES, name), f"must be a text, in quotes, not {shown(value)}")
                elif not _may_be_set(name, str(value)):
                    self._blame(file, (VARIABLES, name), "is no variable that a process can have")
                else:
                    self.merge(own, name, str(value), file, (VARIABLES, name))
        self.secrets.update(own.values())
        return own

    def filled(self, file: File, path: Path, value: Any, variable: Variable) -> Any:
        """Return a copy of a value where each text `os.environ/NAME` is what that variable holds."""
        if isinstance(value, str):
            text = self._looked_up(file, path, value, variable) if value.startswith(REFERENCE) else value
            return _BOOLEANS.get(text.lower(), text) if path[-1] in _FLAGS else text
        if isinstance(value, dict):
            return {
                name: self.filled(file, (*path, name), inner, variable)
                for name, inner in value.items()
                if self._usual(file, path, name)
            }
        if isinstance(value, list):
            return [self.filled(file, (*path, place), inner, variable) for place, inner in enumerate(value)]
        return value

    def _looked_up(self, file: File, path: Path, value: str, variable: Variable) -> str:
        name = value.removeprefix(REFERENCE)
        found = variable(name) if name and "\0" not in name else None
        if found is None:
            what = f"refers to the environment variable {named(name)}, which is not set; set it"
            self._blame(file, path, what)
            return value
        self.secrets.add(found)
        return found

    def _usual(self, file: File, path: Path, name: Any) -> bool:
        usual = isinstance(name, str | int | float | None)
        if not usual:
            self._blame(file, path, f"must have texts as names, not {shown(name)}")
        return usual

    def merge(self, sections: dict[str, Any], name: str, value: Any, file: File, path: Path) -> None:
        """Add what a file says to what those before it said."""
        there = sections.setdefault(name, value)
        if there is value:
            return
        if isinstance(there, list) and isinstance(value, list):
            sections[name] = [*there, *value]
        elif isinstance(there, dict) and isinstance(value, dict):
            sections[name] = merged = dict(there)
            for inner, said in value.items():
                self.merge(merged, inner, said, file, (*path, inner))
        elif there != value:
            self._blame(file, path, "is set to something else in another file; leave one out")

    def _blame(self, file: File, path: Path, what: str) -> None:
        self.flaws.append(Flaw(file.name, line_of(file.node, path), path_text(path), what))


def _may_be_set(name: Any, value: str) -> bool:
    """Tell whether a process can have a variable of that name and value."""
    try:
        return isinstance(name, str) and name != "" and "=" not in name and b"\0" not in os.fsencode(name + value)
    except UnicodeEncodeError:  # pragma: no cover - half a character, which libyaml refuses, but not PyYAML without it
        return False

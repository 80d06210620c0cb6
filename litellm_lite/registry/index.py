"""The models under every name they have, and what becomes of them when rows are registered.

Knows no file and no lock. Rows stay as they were read until somebody asks for the model.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

from litellm_lite.registry.info import ModelInfo
from litellm_lite.registry.merging import merged
from litellm_lite.registry.names import canonical
from litellm_lite.registry.rows import Row, exact, implied

Name = tuple[str, str]
"""A provider, `""` for a caller that names none, and a model."""


class Entry(NamedTuple):
    """One row as it was read. A `bare` one is also found without a provider. `made` is empty, or holds the model."""

    key: str
    provider: str
    model: str
    bare: bool
    row: Row
    made: list[ModelInfo]

    @property
    def info(self) -> ModelInfo:
        """The model, made when first asked for. All threads get the same one: of two made at once the first counts."""
        if not self.made:
            row = exact(self.row)
            self.made.append(ModelInfo(self.key, self.provider, self.model, MappingProxyType({**row, **implied(row)})))
        return self.made[0]

    def aliases(self) -> list[Name]:
        """List its other names; they are found without a provider if its key is."""
        owners = (self.provider, "") if self.model == self.key else (self.provider,)
        return [(owner, alias.lower()) for alias in self.row.get("aliases") or () for owner in owners]


@dataclass(frozen=True, slots=True, eq=False)
class Index(Mapping[str, ModelInfo]):
    """Every model under its key. Readers see no change: who registers rows makes a copy first."""

    entries: dict[str, Entry] = field(default_factory=dict)
    models: dict[Name, Entry] = field(default_factory=dict)
    aliases: dict[Name, Entry] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Mapping[str, Row]) -> Index:
        index = cls()
        for key, row in rows.items():
            provider = row["litellm_provider"]
            model = model_of(key, provider)
            index.add(Entry(key, provider, model, model == key, row, []))
        return index

    def __getitem__(self, key: str) -> ModelInfo:
        return self.entries[key].info

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def __contains__(self, key: object) -> bool:
        return key in self.entries

    def copy(self) -> Index:
        return Index(self.entries.copy(), self.models.copy(), self.aliases.copy())

    def add(self, entry: Entry) -> None:
        """Put a row under all its names, in the place of an older one with this key."""
        replaced = self.entries.get(entry.key)
        for name in replaced.aliases() if replaced else ():
            if self.aliases.get(name) is replaced:
                del self.aliases[name]
        self.entries[entry.key] = entry
        self.models[entry.provider, entry.model] = entry
        if entry.bare:
            self.models["", entry.model] = entry
        for name in entry.aliases():
            self.aliases.setdefault(name, entry)

    def find(self, provider: str, model: str) -> Entry | None:
        """Find a model by the vendor's exact id, or by an alias in any case."""
        found = self.models.get((provider, model)) or self.aliases.get((provider, model.lower()))
        if found is None and (named := canonical(provider)) != provider:
            return self.find(named, model)
        return found

    def lookup(self, name: str) -> Entry | None:
        """Find a model as a caller names it: by its key, `"provider/model"` or bare."""
        if (found := self.entries.get(name)) is not None:
            return found
        head, _, tail = name.partition("/")
        return self.models.get((head, tail)) or self.find("", name) or self.find(head, tail)

    def spellings(self) -> dict[str, list[str]]:
        """Return all that callers may write, in lower case, and the keys each leads to; its own key comes first."""
        keys = {key.lower(): [key] for key in self.entries}
        for key, entry in self.entries.items():
            for name in (entry.model, *(entry.row.get("aliases") or ())):
                for spelling in (name.lower(), f"{entry.provider}/{name}".lower()):
                    keys.setdefault(spelling, []).append(key)
        return keys

    def register(self, key: str, new: Mapping[str, Any], source: str) -> None:
        """Add a checked row, or merge it into the row of the model it names. Raises ValueError when it has no place."""
        namesake = self.lookup(key)
        provider = self._provider(key, new, namesake)
        model = model_of(key, provider)
        known = self.find(provider, model)
        bare = model == key and (namesake is None or namesake is known)
        home, row = key, {**new, "source": new.get("source") or source}
        if known is not None:
            home, model, bare = known.key, known.model, bare or known.bare
            row = merged(exact(known.row), new, source)
        elif namesake is not None:
            home = self._free_key(f"{provider}/{key}", provider)
        self._check_aliases(key, home, provider, new)
        self.add(Entry(home, provider, model, bare, {**row, "litellm_provider": provider}, []))

    def _free_key(self, key: str, provider: str) -> str:
        return key if key not in self.entries else self._free_key(f"{provider}/{key}", provider)

    def _provider(self, key: str, new: Mapping[str, Any], namesake: Entry | None) -> str:
        head, slash, _ = key.partition("/")
        provider = canonical(new.get("litellm_provider") or (namesake.provider if namesake else head if slash else ""))
        if not provider or "/" in provider:
            raise ValueError(
                f"register_model: {key!r} names no provider; give a litellm_provider or a 'provider/' prefix"
            )
        if not model_of(key, provider).strip():
            raise ValueError(f"register_model: {key!r} names no model; a key is 'provider/model', or a model's name")
        return provider

    def _check_aliases(self, key: str, home: str, provider: str, new: Mapping[str, Any]) -> None:
        for alias in new.get("aliases") or ():
            owner = self.find(provider, alias) or self.find(provider, alias.lower())
            if owner is not None and owner.key != home:
                raise ValueError(f"register_model: {key!r}: aliases: {alias!r} is a name of {owner.key!r} already")


def model_of(key: str, provider: str) -> str:
    """Return the vendor's own id in a key: what follows the provider's name, if that stands before it."""
    head, slash, tail = key.partition("/")
    return tail if slash and canonical(head) == provider else key

"""One entry of a model list, on its way to a Deployment.

It is planned once, as a call to it would be: what `completion` would refuse is refused here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any

from litellm_lite.errors import APIError, AuthenticationError, BudgetExceededError, UnsupportedParamsError
from litellm_lite.options import take_options
from litellm_lite.prepare import Plan, prepare, price_info
from litellm_lite.registry import ModelInfo
from litellm_lite.registry.rows import implied, is_price
from litellm_lite.resolve import environment_value
from litellm_lite.router.checks import (
    Check,
    above_zero,
    fault,
    flag,
    limit_s,
    named,
    pause_s,
    resolved,
    table,
    text,
    texts,
    whole,
)
from litellm_lite.router.deployment import UNORDERED, Deployment, Prefill
from litellm_lite.router.names import ANY

DEFAULTS = "default_litellm_params"

_PROBE = ({"role": "user", "content": "Hi"},)

# The fields of a Deployment that are numbers, LiteLLM's names for each, and what they must be.
_NUMBERS: Mapping[str, tuple[tuple[str, ...], Check]] = {
    "weight": (("weight",), above_zero),
    "rpm": (("rpm",), whole(1)),
    "tpm": (("tpm",), whole(1)),
    "max_parallel_requests": (("max_parallel_requests",), whole(1)),
    "order": (("order",), whole(0)),
    "timeout_s": (("timeout", "request_timeout", "force_timeout"), limit_s),
    "stream_timeout_s": (("stream_timeout",), limit_s),
    "num_retries": (("num_retries", "max_retries"), whole(0)),
    "cooldown_s": (("cooldown_time",), pause_s),
    "allowed_fails": (("allowed_fails",), whole(0)),
}
# What LiteLLM finds beside litellm_params too.
_BESIDE = ("rpm", "tpm", "weight", "order", "max_parallel_requests", "tags")
_IN_MODEL_INFO = frozenset({"rpm", "tpm", "allowed_fails"})
_NAMES = ("model_name", "litellm_params", "model_info", *_BESIDE)

_RATES = (
    "input_cost_per_token", "output_cost_per_token", "cache_read_input_token_cost", "cache_creation_input_token_cost",
)  # fmt: skip
_FACTS: Mapping[str, Check] = {
    **dict.fromkeys(("max_tokens", "max_input_tokens", "max_output_tokens"), whole(1)),
    **dict.fromkeys(("supported_modalities", "supported_output_modalities"), texts),
    "mode": text,
}

_ONE_MODEL = "is not there; a deployment is one model"
_NOT_HERE: Mapping[str, str] = {
    **dict.fromkeys(("messages", "stream"), "is the caller's own for each call"),
    "budget_duration": "is not there; pass budget= to each call",
    "configurable_clientside_auth_params": "is not there; a key is the deployment's own",
    **dict.fromkeys(("fallbacks", "context_window_fallback_dict"), "is a keyword of Router, or of completion"),
    "guardrails": "is not there; check messages and answers around the call",
    "tag_regex": "is not there; name the tags",
    "use_in_pass_through": "is not there; the Router serves OpenAI's endpoints",
    **dict.fromkeys(("auto_router_config", "auto_router_config_path", "auto_router_default_model"), _ONE_MODEL),
    **dict.fromkeys(("auto_router_embedding_model", "complexity_router_config"), _ONE_MODEL),
}
_NOTHING: tuple[Any, ...] = (False, [], {}, "")


class Entry:
    """What an entry says. The Router's own words are taken out of `params`; what is left there, a call passes on."""

    def __init__(self, path: str, given: Any, defaults: Mapping[str, Any]) -> None:
        known = resolved(path, table(path, given), environment_value)
        for name in known:
            if name not in _NAMES:
                hint = "".join(f"did you mean {close!r}? " for close in get_close_matches(name, _NAMES, 1))
                raise fault(f"{path}.{name}", f"is not known; {hint}What a call passes stands in litellm_params")
        own = table(f"{path}.litellm_params", known.get("litellm_params"))
        self.path = path
        self.group = text(f"{path}.model_name", known.get("model_name"))
        self.info = table(f"{path}.model_info", known.get("model_info") or {})
        self.params = {name: value for name, value in {**defaults, **own}.items() if value is not None}
        self._beside = {name: known[name] for name in _BESIDE if known.get(name) is not None}
        self._from = dict.fromkeys(defaults.keys() - own.keys(), DEFAULTS)

    def canonical(self) -> bytes:
        """Return all of it as bytes, the same in every process. Raises BadRequestError for names without an order."""
        try:
            said = json.dumps((self.group, self.params, self.info, self._beside), sort_keys=True, default=_opaque)
        except TypeError:
            raise fault(self.path, "has names in it that are no texts") from None
        return said.encode()

    def deployment(self, id: str, rows: dict[str, ModelInfo]) -> Deployment:
        """Return the deployment; `rows` keeps those that are made here, so that what is alike shares one."""
        numbers = self._numbers()
        tags, region = self._tags(), self._region()
        model = text(self._where("model"), self.params.pop("model", None))
        self._check_words(model)
        self._take_prices()
        plan = self._plan(model)
        row = self._row(model, plan, rows)
        return Deployment(
            id=id,
            group=self.group,
            model=model,
            provider=plan.call.target.provider if plan is not None else "",
            params=self.params,
            info=self.info,
            **{"order": UNORDERED, **numbers},
            tags=tags,
            region=region,
            prefill=self._prefill(row),
            row=row,
        )

    def _where(self, name: str) -> str:
        """Return the path to a parameter of the call."""
        return f"{self._from.get(name) or f'{self.path}.litellm_params'}.{name}"

    def _taken(self, name: str) -> tuple[str, Any]:
        """Take a word of the Router's out of the parameters; return its path and its value, or None."""
        value = self.params.pop(name, None)
        if name in self._beside:
            return f"{self.path}.{name}", self._beside[name]
        if value is None and name in _IN_MODEL_INFO:
            return f"{self.path}.model_info.{name}", self.info.get(name)
        return self._where(name), value

    def _numbers(self) -> dict[str, Any]:
        numbers: dict[str, Any] = {}
        for to, (names, check) in _NUMBERS.items():
            for name in names:
                path, value = self._taken(name)
                if value is not None and to not in numbers:
                    numbers[to] = check(path, value)
        return numbers

    def _tags(self) -> frozenset[str]:
        path, value = self._taken("tags")
        return frozenset(() if value is None else texts(path, value))

    def _region(self) -> str | None:
        path, value = self._taken("region_name")
        if value is None:
            path, value = f"{self.path}.model_info.region", self.info.get("region")
        return None if value is None else text(path, value)

    def _check_words(self, model: str) -> None:
        """Raise BadRequestError for wildcards that do not go together, and for what no deployment can have."""
        inside, outside = model.count(ANY), self.group.count(ANY)
        if inside not in (0, outside):
            msg = (
                f"has {inside} asterisks, and model_name {named(self.group)} has {outside}; "
                "each stands for a part of the name that is asked for, so there must be as many, or none"
            )
            raise fault(self._where("model"), msg)
        for name in _NOT_HERE.keys() & self.params.keys():
            if self.params.pop(name) not in _NOTHING:
                raise fault(self._where(name), _NOT_HERE[name], UnsupportedParamsError)

    def _take_prices(self) -> None:
        """Put the prices and the base model of model_info where `completion` looks for them."""
        for name in (*_RATES, "base_model"):
            value = self.info.get(name)
            # LiteLLM: a base model in model_info wins, a price in litellm_params does.
            if value is not None and (name == "base_model" or name not in self.params):
                self.params[name], self._from[name] = value, f"{self.path}.model_info"
        if "base_model" in self.params:
            text(self._where("base_model"), self.params["base_model"])

    def _plan(self, model: str) -> Plan | None:
        """Plan a call to it; None where only the caller's words will tell whose the model is. Raises APIError."""
        try:
            if not model.startswith(ANY) or "custom_llm_provider" in self.params:
                return prepare(model, _PROBE, self.params, stream=False)
            take_options(self.params, stream=False)
        except BudgetExceededError as error:
            raise fault(self._where("budget"), f"is too low for any call: {error}") from None
        except APIError as error:
            raise self._located(error) from None
        if "api_key" in self.params and not self.params.keys() & {"api_base", "base_url"}:
            msg = f"would go to whichever vendor the caller names, for the model is {named(model)}; write 'provider/*'"
            raise fault(self._where("api_key"), msg)
        return None

    def _located(self, error: APIError) -> APIError:
        """Return the error with the path in front."""
        name = re.split(r"[.\[]", error.param or "", maxsplit=1)[0]
        if isinstance(error, AuthenticationError):
            name = error.param = "api_key"
        path = self._where(name) if name else f"{self.path}.litellm_params"
        about = bool(name) and error.message.startswith(name)
        error.message = path + error.message.removeprefix(name) if about else f"{path}: {error.message}"
        return error

    def _row(self, model: str, plan: Plan | None, rows: dict[str, ModelInfo]) -> ModelInfo | None:
        """Return what is known of the model, and over it what model_info says."""
        facts = self._facts()
        rates = [self.params.get(name) for name in _RATES]
        known = price_info(None, self.params) if plan is None else plan.price_info
        if not facts and not any(rate is not None for rate in rates):
            return known
        provider, name = (plan.call.target.provider, plan.call.target.model) if plan is not None else ("", model)
        key = repr((provider, name, self.params.get("base_model"), rates, sorted(facts.items())))
        if key not in rows:
            info = known if known is not None and known.key else ModelInfo(model, provider, name, {})
            said = {**(known.row if known is not None else {}), **implied(facts), **facts}
            rows[key] = replace(info, row=MappingProxyType(said))
        return rows[key]

    def _facts(self) -> dict[str, Any]:
        facts = {}
        for name, value in self.info.items():
            check = _FACTS.get(name) or (flag if name.startswith("supports_") else None)
            path = f"{self.path}.model_info.{name}"
            if value is not None and check is not None:
                facts[name] = check(path, value)
            elif is_price(name) and name not in _RATES and not isinstance(value, str | None):
                raise fault(path, "is not taken here; register_model() takes every price", UnsupportedParamsError)
        return facts

    def _prefill(self, row: ModelInfo | None) -> Prefill | None:
        """Return how it continues a text that it did not write; None where nobody said that it does."""
        given = self.info.get("assistant_prefill")
        if given is None:
            return Prefill() if row is not None and row.supports("supports_assistant_prefill") else None
        path = f"{self.path}.model_info.assistant_prefill"
        ways = table(path, given)
        for name in ways:
            if name not in ("message", "extra_body"):
                raise fault(path, f"has 'message' and 'extra_body' in it, and no {named(name)}")
        message, body = (table(f"{path}.{name}", ways.get(name) or {}) for name in ("message", "extra_body"))
        return Prefill(message, body)


def _opaque(value: Any) -> str:
    """Stand for what is no JSON: a number as it is written, anything else by its kind."""
    return str(value) if isinstance(value, Decimal) else f"{type(value).__module__}.{type(value).__qualname__}"

"""Each flaw of a configuration by itself: what is told of it, to the letter."""

from __future__ import annotations

import pytest

from tests.proxy.test_config_flaws import GOOD, entry, files, flaws  # noqa: F401 - `files` is a fixture


@pytest.mark.parametrize(
    ("text", "told"),
    [
        # the sections
        ("", "c.yaml: model_list: is missing"),
        ("model_list:", "c.yaml:1: model_list: is missing"),
        ("model_list: []", "c.yaml:1: model_list: is empty; add an entry with model_name and litellm_params.model"),
        ("model_list: 3", "c.yaml:1: model_list: must be a list"),
        (GOOD + "router_setings: {}", "c.yaml:4: router_setings: is not known; did you mean 'router_settings'?"),
        (
            GOOD + "mine: 1",
            (
                "c.yaml:4: mine: is not known; there are model_list, litellm_settings, "
                "router_settings, general_settings, "
                "environment_variables, include"
            ),
        ),
        (
            GOOD + "strange: 1",
            (
                "c.yaml:4: strange: is not known; there are model_list, litellm_settings, "
                "router_settings, general_settings, "
                "environment_variables, include"
            ),
        ),
        (GOOD + "include: [3, ' ']", "c.yaml:4: include[0]: must be a text\nc.yaml:4: include[1]: must be a text"),
        (
            GOOD + "a-b: 1",
            (
                "c.yaml:4: 'a-b': is not known; there are model_list, litellm_settings, router_settings, "
                "general_settings, environment_variables, include"
            ),
        ),
        (
            GOOD + "environment_variables: {'': a}",
            "c.yaml:4: environment_variables['']: is no variable that a process can have",
        ),
        (
            GOOD + 'environment_variables: {A: "a\\0b"}',
            "c.yaml:4: environment_variables.A: is no variable that a process can have",
        ),
        (
            GOOD + "router_settings: {1: 2}",
            "c.yaml:4: router_settings[1]: must be a text; what YAML reads as something else stands in quotes",
        ),
        (
            GOOD + "router_settings: {model_list: [1]}",
            "c.yaml:4: router_settings.model_list: is not there: it is a section of its own",
        ),
        (GOOD + "router_settings: [1]", "c.yaml:4: router_settings: must be a dictionary"),
        (
            GOOD + "include: {a: b}",
            "c.yaml:4: include: must be a list of texts, not dict",
        ),
        (
            GOOD + "guardrails: [{a: 1}]",
            "c.yaml:4: guardrails: is not there: check messages and answers in front of the gateway; leave it out",
        ),
        (
            GOOD + "guardrail: [{a: 1}]",
            (
                "c.yaml:4: guardrail: is not known; did you mean 'guardrails'? It is not there: "
                "check messages and answers in "
                "front of the gateway; leave it out"
            ),
        ),
        # an entry
        ("model_list: [3]", "c.yaml:1: model_list[0]: must be a dictionary"),
        ("model_list:\n- {model_name: a}", "c.yaml:2: model_list[0].litellm_params: is missing"),
        (
            "model_list:\n- litellm_params: {model: openai/gpt-4o, api_key: k}",
            "c.yaml:2: model_list[0].model_name: is missing",
        ),
        (
            "model_list:\n- model_name: 4\n  litellm_params: {model: openai/gpt-4o, api_key: k}",
            "c.yaml:2: model_list[0].model_name: must be a text; what YAML reads as something else stands in quotes",
        ),
        (
            "model_list:\n- model_name: a\n  litellm_params: {model: openai/gpt-4o, api_key: k}\n  modle_info: {}",
            "c.yaml:4: model_list[0].modle_info: is not known; did you mean 'model_info'?",
        ),
        (
            "model_list:\n- model_name: a\n  rpm: 0\n  litellm_params: {model: openai/gpt-4o, api_key: k}",
            "c.yaml:3: model_list[0].rpm: must be a whole number from 1, not 0",
        ),
        # what a call passes
        (entry("api_key: k"), "c.yaml:3: model_list[0].litellm_params.model: is missing"),
        (
            entry("model: openai/gpt-4o"),
            "c.yaml:3: model_list[0].litellm_params.api_key: openai: no API key; set OPENAI_API_KEY or pass api_key=",
        ),
        (
            entry("model: llama_proxy/a\n    api_key: k"),
            (
                "c.yaml:3: model_list[0].litellm_params.api_base: llama_proxy: no base URL; set "
                "LLAMA_PROXY_API_BASE or pass "
                "api_base="
            ),
        ),
        (
            entry("model: openai/gpt-4o\n    api_kye: k\n    api_key: k"),
            (
                "c.yaml:5: model_list[0].litellm_params.api_kye: is not known; did you mean "
                "'api_key'? What only the vendor "
                "knows stands in extra_body"
            ),
        ),
        (
            entry("model: openai/gpt-4o\n    api_key: k\n    cache: {a: 1}"),
            (
                "c.yaml:6: model_list[0].litellm_params.cache: needs a response cache, which there "
                "is not; drop_params=True "
                "leaves it out"
            ),
        ),
        (
            entry("model: openai/gpt-4o\n    api_key: k\n    timeout: soon"),
            "c.yaml:6: model_list[0].litellm_params.timeout: must be a number of seconds above 0, not this text",
        ),
        (
            entry("model: openai/gpt-4o\n    api_key: os.environ/NOT_SET"),
            (
                "c.yaml:5: model_list[0].litellm_params.api_key: refers to the environment variable "
                "'NOT_SET', which is not "
                "set; set it"
            ),
        ),
        # the Router's settings
        (
            GOOD + "router_settings:\n  num_retrys: 3",
            "c.yaml:5: router_settings.num_retrys: Router has no keyword 'num_retrys'; did you mean 'num_retries'?",
        ),
        (
            GOOD + "router_settings:\n  redis_host: x",
            (
                "c.yaml:5: router_settings.redis_host: is not there: limits, cooldowns and counts "
                "are this process's own; "
                "leave it out"
            ),
        ),
        (
            GOOD + "router_settings: {fallbacks: [{a: [b]}]}",
            (
                "c.yaml:4: router_settings.fallbacks[0].a[0]: there is no group 'b'; add it to "
                "model_list, or name another: "
                "there are 'a'"
            ),
        ),
        (
            GOOD + "router_settings: {routing_strategy: least-busy, routing_strategy_args: {ttl: 3}}",
            "c.yaml:4: router_settings.routing_strategy_args: has 'ttl', and 'least-busy' takes none",
        ),
        (
            GOOD + "router_settings: {default_litellm_params: [1]}",
            "c.yaml:4: router_settings.default_litellm_params: must be a dictionary, not list",
        ),
        (
            GOOD + "router_settings: {default_litellm_params: {api_key: k}}",
            (
                "c.yaml:4: router_settings.default_litellm_params.api_key: would go to every vendor; write it into the "
                "litellm_params of each"
            ),
        ),
        # LiteLLM's settings
        (
            GOOD + "litellm_settings:\n  num_retries: -1",
            "c.yaml:5: litellm_settings.num_retries: must be a whole number from 0, not -1",
        ),
        (
            GOOD + "litellm_settings:\n  request_timeout: 0",
            "c.yaml:5: litellm_settings.request_timeout: must be a number of seconds above 0, not 0",
        ),
        (
            GOOD + "litellm_settings:\n  callbacks: [prometheus]",
            (
                "c.yaml:5: litellm_settings.callbacks: is not there: read the log, one JSON line a "
                "request, or GET /metrics"
            ),
        ),
        (
            GOOD + "litellm_settings: {drop_params: 'yes'}",
            "c.yaml:4: litellm_settings.drop_params: must be true or false",
        ),
        (
            GOOD + "litellm_settings: {additional_drop_params: 3}",
            "c.yaml:4: litellm_settings.additional_drop_params: must be a list",
        ),
        (
            GOOD + "litellm_settings: {additional_drop_params: [a.b]}",
            "c.yaml:4: litellm_settings.additional_drop_params: takes names of whole parameters, not str",
        ),
        (
            GOOD + "litellm_settings: {ssl_verify: 3}",
            "c.yaml:4: litellm_settings.ssl_verify: must be true or false",
        ),
        # the gateway's
        (
            GOOD + "general_settings: {master_key: 1234}",
            "c.yaml:4: general_settings.master_key: must be a text; what YAML reads as something else stands in quotes",
        ),
        (
            GOOD + "general_settings: {master_key: ''}",
            (
                "c.yaml:4: general_settings.master_key: must be printable ASCII without a space, and "
                "not empty, or no client "
                "could send it"
            ),
        ),
        (
            GOOD + "general_settings: {max_request_size_mb: 0}",
            "c.yaml:4: general_settings.max_request_size_mb: must be a number above 0",
        ),
        (
            GOOD + "general_settings: {max_request_size_mb: 5000}",
            "c.yaml:4: general_settings.max_request_size_mb: must be a number up to 4,096",
        ),
        (
            GOOD + "general_settings: {drain_timeout: -1}",
            "c.yaml:4: general_settings.drain_timeout: must be a number from 0",
        ),
        (
            GOOD + "general_settings: {drain_timeout: .nan}",
            "c.yaml:4: general_settings.drain_timeout: must be a number",
        ),
        (
            GOOD + "general_settings: {drain_timeout: soon}",
            "c.yaml:4: general_settings.drain_timeout: must be a number",
        ),
        (GOOD + "general_settings: {drain_timeout: [1]}", "c.yaml:4: general_settings.drain_timeout: must be a number"),
        (
            GOOD + "general_settings: {database_url: x}",
            (
                "c.yaml:4: general_settings.database_url: is not there: keys, users and spend are "
                "not kept; leave it out, and "
                "let clients use general_settings.master_key"
            ),
        ),
        (
            GOOD + "general_settings: {masterkey: x}",
            "c.yaml:4: general_settings.masterkey: is not known; did you mean 'master_key'?",
        ),
    ],
)
def test_each_flaw_is_told_with_its_line_path_and_remedy(text: str, told: str) -> None:
    assert "\n".join(flaws(text)) == told

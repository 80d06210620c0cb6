"""The shape of `config.yaml`: its sections and their keys, each with what it means. Also what docs/config.md says.

What LiteLLM has and is not here stands in a table with its remedy, so that it is refused and never ignored.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictStr


class Section(BaseModel):
    """A part of the file. A key that is none of its fields is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def _spoken(value: Any) -> Any:
    """Refuse texts that pydantic would take for a boolean, and YAML's writers mean otherwise: yes, on, 1."""
    if isinstance(value, bool) or (isinstance(value, str) and value.lower() in ("true", "false")):
        return value
    raise ValueError("must be true or false")


Flag = Annotated[bool, BeforeValidator(_spoken)]
Text = StrictStr
Seconds = Annotated[float, Field(ge=0, le=1e9)]


class Deployment(Section):
    """One entry of `model_list`: a name that clients ask for, and what it leads to. A name may stand in many."""

    # What is in litellm_params and model_info, the Router reads; see router/entry.py.
    model_name: Text = Field(description="What clients write as `model`; `*` in it stands for any text.")
    litellm_params: dict[str, Any] = Field(
        description="`model`, as `provider/model`, and whatever a call passes: `api_key`, `api_base`, `timeout`, `temperature`, …"
    )
    model_info: dict[str, Any] = Field(
        default_factory=dict, description="What is known of the model: `id`, `base_model`, limits, abilities, prices."
    )
    rpm: Any = Field(None, description="Requests a minute; here or in `litellm_params`, as the four below.")
    tpm: Any = Field(None, description="Tokens a minute.")
    weight: Any = Field(None, description="Its share of the calls.")
    order: Any = Field(None, description="Those with the lowest are asked first.")
    max_parallel_requests: Any = Field(None, description="Calls at a time.")
    tags: Any = Field(None, description="Which requests it serves, where `enable_tag_filtering` is on.")


class GeneralSettings(Section):
    """How the gateway serves."""

    master_key: Text | None = Field(
        None,
        description="The key that clients must send. Without one, or with one that everybody knows, the gateway listens on loopback only. "
        "The variable `LITELLM_MASTER_KEY` counts where it is not set.",
    )
    dangerously_permit_weak_or_unset_master_key: Flag = Field(
        False,
        description="Listen everywhere even so, as LiteLLM's variable of that name in capitals, with `LITELLM_` before it, does.",
    )
    max_request_size_mb: Annotated[float, Field(gt=0, le=4096)] = Field(
        50, description="The largest body of a request; a larger one is refused with 413."
    )
    drain_timeout: Seconds = Field(
        30, description="Seconds that requests under way have to end after SIGTERM. Not LiteLLM's."
    )
    keep_alive_interval: Annotated[float, Field(gt=0, le=1e9)] = Field(
        15,
        description="Seconds of silence in a stream after which a comment is sent, so that nobody on the way hangs up. Not LiteLLM's.",
    )


class LiteLLMSettings(Section):
    """What LiteLLM has as settings of its module: here defaults of the Router, and of each call."""

    num_retries: Any = Field(None, description="As in `router_settings`.")
    request_timeout: Any = Field(None, description="`timeout` of `router_settings`.")
    fallbacks: Any = Field(None, description="As in `router_settings`; so are the five below.")
    context_window_fallbacks: Any = Field(None, description="For prompts that are too long.")
    content_policy_fallbacks: Any = Field(None, description="For requests whose content was refused.")
    default_fallbacks: Any = Field(None, description="For groups that have no list of their own.")
    allowed_fails: Any = Field(None, description="Failures a minute before a deployment rests.")
    cooldown_time: Any = Field(None, description="Seconds that it rests.")
    drop_params: Flag | None = Field(None, description="Leave out, and report, what a provider does not take.")
    additional_drop_params: list[Text] | None = Field(None, description="Parameters that are never sent.")
    ssl_verify: Flag | Text | None = Field(None, description="False, or the path of a file with CAs.")
    check_context: Flag | None = Field(
        None, description="False: do not refuse prompts that cannot fit the window. Not LiteLLM's."
    )


class ConfigFile(Section):
    """The sections."""

    model_list: list[Deployment] = Field(description="What clients can ask for, and where it leads.")
    litellm_settings: LiteLLMSettings = Field(
        default_factory=LiteLLMSettings, description="Defaults of the Router, and of each call."
    )
    router_settings: dict[str, Any] = Field(
        default_factory=dict, description="How the Router routes: every keyword of [Router](router.md)."
    )
    general_settings: GeneralSettings = Field(default_factory=GeneralSettings, description="How the gateway serves.")
    environment_variables: dict[str, Any] = Field(
        default_factory=dict, description="Variables that are set for the process before anything else is read."
    )
    include: Text | list[Text] = Field(
        default_factory=list, description="Other files, beside this one. Lists are joined, and so are sections."
    )


_NO_STORE = "keys, users and spend are not kept; leave it out, and let clients use general_settings.master_key"
_NO_CACHE = "there is no response cache; leave it out"
_NO_CALLBACKS = "read the log, one JSON line a request, or GET /metrics"
_NO_GUARDRAILS = "check messages and answers in front of the gateway; leave it out"
_NO_ALERTS = "watch GET /metrics; leave it out"
_SECRETS = "set a variable, and write os.environ/NAME"
_LIMITS = "set max_parallel_requests, rpm or tpm of a deployment, or router_settings.default_max_parallel_requests"
_PROBES = "the Router learns from every call who is well, and GET /health asks them all; leave it out"
_NO_OTHERS = "only chat, completions, responses, embeddings and moderations are served; leave it out"
_ROUTES = "every route but health needs the master key; leave it out"
_PER_CALL = "write it into the litellm_params of a deployment"
_LEVEL = "start with --debug"
_NO_IMPORTS = "the gateway runs no code of a configuration's; leave it out"

# What is done anyway, so that asking for it asks for nothing, and nobody is asked to take it out.
ANYWAY: Mapping[str, frozenset[str]] = {
    "general_settings": frozenset({"cancel_on_disconnect"}),
    "litellm_settings": frozenset({
        "json_logs", "turn_off_message_logging", "redact_messages_in_exceptions", "redact_user_api_key_info",
        "suppress_debug_info", "disable_hf_tokenizer_download", "require_auth_for_metrics_endpoint",
    }),
}  # fmt: skip

# What LiteLLM has and is not here, by section, with the remedy. Values that ask for nothing are let through.
ABSENT: Mapping[str, Mapping[str, str]] = {
    "": {
        "callback_settings": _NO_CALLBACKS,
        "credential_list": "write api_key into litellm_params, or os.environ/NAME",
        "files_settings": _NO_OTHERS,
        "finetune_settings": _NO_OTHERS,
        "guardrails": _NO_GUARDRAILS,
        "mcp_servers": "clients reach their tools themselves; leave it out",
        "vector_store_registry": _NO_OTHERS,
        "search_tools": _NO_OTHERS,
    },
    "general_settings": {
        **dict.fromkeys(
            (
                "database_url", "database_connection_pool_limit", "database_connection_timeout", "database_type",
                "database_args", "store_model_in_db", "store_prompts_in_spend_logs", "proxy_batch_write_at",
                "maximum_spend_logs_retention_period", "maximum_spend_logs_retention_interval",
                "user_api_key_cache_ttl", "use_redis_transaction_buffer", "allow_requests_on_db_unavailable",
                "disable_spend_logs", "disable_spend_updates", "disable_error_logs", "proxy_budget_rescheduler_min_time",
                "proxy_budget_rescheduler_max_time", "custom_key_generate", "default_team_disabled", "infer_model_from_keys",
                "user_header_name", "disable_adding_master_key_hash_to_db", "enable_jwt_auth", "litellm_jwtauth",
                "ui_access_mode", "disable_env_credential_login", "allow_user_auth", "role_permissions", "max_budget",
            ),
            _NO_STORE,
        ),
        **dict.fromkeys(("custom_auth", "custom_sso", "custom_ui_sso_sign_in_handler"), _NO_IMPORTS),
        **dict.fromkeys(
            ("key_management_system", "key_management_settings", "use_google_kms", "use_azure_key_vault"), _SECRETS
        ),
        **dict.fromkeys(("alerting", "alerting_threshold", "alert_types", "alert_to_webhook_url", "alerting_args"), _NO_ALERTS),
        **dict.fromkeys(
            (
                "max_parallel_requests", "global_max_parallel_requests", "max_in_flight_requests_per_worker",
                "max_queued_requests_per_worker",
            ),
            _LIMITS,
        ),
        **dict.fromkeys(
            (
                "background_health_checks", "health_check_interval", "use_shared_health_check", "health_check_details",
                "health_check_concurrency", "enable_health_check_routing",
            ),
            _PROBES,
        ),
        **dict.fromkeys(("allowed_routes", "public_routes", "admin_only_routes", "allowed_ips", "use_x_forwarded_for"), _ROUTES),
        "max_response_size_mb": "answers are passed on as they come; set max_tokens in litellm_params",
        "enforced_params": "check requests in front of the gateway; leave it out",
        "pass_through_endpoints": _NO_OTHERS,
        "forward_client_headers_to_llm_api": "clients' headers stay here; " + _PER_CALL + " as extra_headers",
        "forward_openai_org_id": _PER_CALL + " as organization",
        "litellm_key_header_name": "the key is read from Authorization, x-api-key, api-key and x-litellm-api-key; leave it out",
        "completion_model": "name the group `*` in model_list: it serves every model that no other entry does",
        "disable_reset_budget": _NO_STORE,
        "include_call_id_in_error_body": "it is in the header x-litellm-call-id; leave it out",
    },
    "litellm_settings": {
        **dict.fromkeys(("cache", "cache_params", "enable_caching_on_provider_specific_optional_params"), _NO_CACHE),
        **dict.fromkeys(
            (
                "callbacks", "success_callback", "failure_callback", "input_callback", "service_callback",
                "service_callbacks", "audit_log_callbacks", "s3_callback_params", "langfuse_default_tags",
            ),
            _NO_CALLBACKS,
        ),
        **dict.fromkeys(("guardrails", "llm_guard_mode", "presidio_ad_hoc_recognizers", "default_guardrails"), _NO_GUARDRAILS),
        **dict.fromkeys(
            (
                "max_budget", "budget_duration", "default_team_settings", "default_internal_user_params",
                "default_team_params", "default_key_generate_params", "upperbound_key_generate_params",
                "max_internal_user_budget", "internal_user_budget_duration", "max_user_budget", "key_generation_settings",
                "max_end_user_budget", "default_max_internal_user_budget",
            ),
            _NO_STORE,
        ),
        **dict.fromkeys(("set_verbose", "verbose_logger", "log_raw_request_response"), _LEVEL),
        **dict.fromkeys(("api_key", "api_base", "headers", "api_version", "organization"), _PER_CALL),
        "telemetry": "there is none; leave it out",
        "model_alias_map": "it is router_settings.model_group_alias",
        "model_group_settings": "clients' headers stay here; leave it out",
        "modify_params": "messages are sent as they are; leave it out",
        "custom_provider_map": _NO_IMPORTS,
        "network_mock": "start `litellm-lite emulate`, and name it as api_base",
        "enable_preview_features": "leave it out",
        "stream_timeout": "it is router_settings.stream_timeout",
        "public_model_groups": _ROUTES,
        "enable_json_schema_validation": "validate answers in the client; leave it out",
        "prometheus_initialize_budget_metrics": _NO_STORE,
    },
}  # fmt: skip

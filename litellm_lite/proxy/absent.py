"""What LiteLLM's configuration has and is not here, with the remedy for each: it is refused, and never ignored."""

from __future__ import annotations

from collections.abc import Mapping

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

# By section. What asks for nothing, such as false or an empty list, is let through.
ABSENT: Mapping[str, Mapping[str, str]] = {
    "": {
        "callback_settings": _NO_CALLBACKS,
        "credential_list": "write api_key into litellm_params, or os.environ/NAME",
        **dict.fromkeys("files_settings finetune_settings search_tools vector_store_registry".split(), _NO_OTHERS),
        "guardrails": _NO_GUARDRAILS,
        "mcp_servers": "clients reach their tools themselves; leave it out",
    },
    "general_settings": {
        **dict.fromkeys(
            (
                "allow_requests_on_db_unavailable allow_user_auth custom_key_generate database_args "
                "database_connection_pool_limit database_connection_timeout database_type database_url "
                "default_team_disabled disable_adding_master_key_hash_to_db disable_env_credential_login "
                "disable_error_logs disable_reset_budget disable_spend_logs disable_spend_updates enable_jwt_auth "
                "infer_model_from_keys litellm_jwtauth max_budget maximum_spend_logs_retention_interval "
                "maximum_spend_logs_retention_period proxy_batch_write_at proxy_budget_rescheduler_max_time "
                "proxy_budget_rescheduler_min_time role_permissions store_model_in_db store_prompts_in_spend_logs "
                "ui_access_mode use_redis_transaction_buffer user_api_key_cache_ttl user_header_name"
            ).split(),
            _NO_STORE,
        ),
        **dict.fromkeys("custom_auth custom_sso custom_ui_sso_sign_in_handler".split(), _NO_IMPORTS),
        **dict.fromkeys(
            "key_management_settings key_management_system use_azure_key_vault use_google_kms".split(),
            _SECRETS,
        ),
        **dict.fromkeys(
            "alert_to_webhook_url alert_types alerting alerting_args alerting_threshold".split(),
            _NO_ALERTS,
        ),
        **dict.fromkeys(
            (
                "global_max_parallel_requests max_in_flight_requests_per_worker max_parallel_requests "
                "max_queued_requests_per_worker"
            ).split(),
            _LIMITS,
        ),
        **dict.fromkeys(
            (
                "background_health_checks enable_health_check_routing health_check_concurrency health_check_details "
                "health_check_interval use_shared_health_check"
            ).split(),
            _PROBES,
        ),
        **dict.fromkeys(
            "admin_only_routes allowed_ips allowed_routes public_routes use_x_forwarded_for".split(),
            _ROUTES,
        ),
        "max_response_size_mb": "answers are passed on as they come; set max_tokens in litellm_params",
        "enforced_params": "check requests in front of the gateway; leave it out",
        "pass_through_endpoints": _NO_OTHERS,
        "forward_client_headers_to_llm_api": "clients' headers stay here; write extra_headers into litellm_params",
        "forward_openai_org_id": "write it into the litellm_params of a deployment as organization",
        "litellm_key_header_name": "Authorization, x-api-key, api-key and x-litellm-api-key are read; leave it out",
        "completion_model": "a model_list entry named '*' serves what no other does",
        "include_call_id_in_error_body": "it is in the header x-litellm-call-id; leave it out",
    },
    "router_settings": {"model_list": "it is a section of its own"},
    "litellm_settings": {
        **dict.fromkeys("cache cache_params enable_caching_on_provider_specific_optional_params".split(), _NO_CACHE),
        **dict.fromkeys(
            (
                "audit_log_callbacks callbacks failure_callback input_callback langfuse_default_tags "
                "s3_callback_params service_callback service_callbacks success_callback"
            ).split(),
            _NO_CALLBACKS,
        ),
        **dict.fromkeys(
            "default_guardrails guardrails llm_guard_mode presidio_ad_hoc_recognizers".split(),
            _NO_GUARDRAILS,
        ),
        **dict.fromkeys(
            (
                "budget_duration default_internal_user_params default_key_generate_params "
                "default_max_internal_user_budget default_team_params default_team_settings "
                "internal_user_budget_duration key_generation_settings max_budget max_end_user_budget "
                "max_internal_user_budget max_user_budget "
                "prometheus_initialize_budget_metrics upperbound_key_generate_params"
            ).split(),
            _NO_STORE,
        ),
        **dict.fromkeys("log_raw_request_response set_verbose verbose_logger".split(), _LEVEL),
        **dict.fromkeys("api_base api_key api_version headers organization".split(), _PER_CALL),
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
    },
}

# What is done anyway: who asks for it, or not, need not be told.
ANYWAY: Mapping[str, frozenset[str]] = {
    "general_settings": frozenset(["cancel_on_disconnect"]),
    "litellm_settings": frozenset(
        [
            "disable_hf_tokenizer_download",
            "json_logs",
            "redact_messages_in_exceptions",
            "redact_user_api_key_info",
            "require_auth_for_metrics_endpoint",
            "suppress_debug_info",
            "turn_off_message_logging",
        ]
    ),
}

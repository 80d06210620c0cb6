"""The shape of `config.yaml`: its sections and their keys, each with what it means. Also what docs/config.md says.

What LiteLLM has and is not here is in `absent`.
"""

from __future__ import annotations

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
Seconds = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]


class Deployment(Section):
    """One entry of `model_list`: a name that clients ask for, and what it leads to. A name may stand in many."""

    # What is in litellm_params and model_info, the Router reads; see router/entry.py.
    model_name: Text = Field(description="What clients write as `model`; `*` in it stands for any text.")
    litellm_params: dict[str, Any] = Field(
        description="`model`, as `provider/model`, and what a call passes: `api_key`, `api_base`, `timeout`, …"
    )
    model_info: dict[str, Any] = Field(
        default_factory=dict, description="What is known of the model: `id`, `base_model`, limits, abilities, prices."
    )
    rpm: Any = Field(default=None, description="Requests a minute; here or in `litellm_params`, as the four below.")
    tpm: Any = Field(default=None, description="Tokens a minute.")
    weight: Any = Field(default=None, description="Its share of the calls.")
    order: Any = Field(default=None, description="Those with the lowest are asked first.")
    max_parallel_requests: Any = Field(default=None, description="Calls at a time.")
    tags: Any = Field(default=None, description="Which requests it serves, where `enable_tag_filtering` is on.")


class GeneralSettings(Section):
    """How the gateway serves."""

    master_key: Annotated[Text, Field(pattern="^[!-~]+$")] | None = Field(
        default=None,
        description="The key that clients must send. Without a good one, only this machine is served. "
        "`LITELLM_MASTER_KEY` in the environment counts where it is not set.",
    )
    dangerously_permit_weak_or_unset_master_key: Flag = Field(
        default=False,
        description="Listen everywhere even so.",
    )
    max_request_size_mb: Annotated[float, Field(gt=0, le=4096, allow_inf_nan=False)] = Field(
        default=50.0, description="The largest body of a request; a larger one is refused with 413."
    )
    request_body_timeout: Annotated[float, Field(gt=0, le=1e9)] = Field(
        default=60.0,
        description="Seconds that the body of a request has to come, a large one more; the head has as many, and 15 at "
        "most. Not LiteLLM's.",
    )
    stalled_client_timeout: Annotated[float, Field(ge=0.001, le=1e6)] = Field(
        default=120.0,
        description="Seconds after which a client that takes nothing of its answer is let go. Not LiteLLM's.",
    )
    drain_timeout: Seconds = Field(
        default=30.0, description="Seconds that requests under way have to end after SIGTERM. Not LiteLLM's."
    )
    keep_alive_interval: Annotated[float, Field(gt=0, le=1e9, allow_inf_nan=False)] = Field(
        default=15.0,
        description="Seconds of silence in a stream after which a comment is sent. Not LiteLLM's.",
    )


class LiteLLMSettings(Section):
    """What LiteLLM has as settings of its module: here defaults of the Router, and of each call."""

    num_retries: Any = Field(default=None, description="As in `router_settings`.")
    request_timeout: Any = Field(default=None, description="`timeout` of `router_settings`.")
    fallbacks: Any = Field(default=None, description="As in `router_settings`; so are the five below.")
    context_window_fallbacks: Any = Field(default=None, description="For prompts that are too long.")
    content_policy_fallbacks: Any = Field(default=None, description="For requests whose content was refused.")
    default_fallbacks: Any = Field(default=None, description="For groups that have no list of their own.")
    allowed_fails: Any = Field(default=None, description="Failures a minute before a deployment rests.")
    cooldown_time: Any = Field(default=None, description="Seconds that it rests.")
    drop_params: Flag | None = Field(default=None, description="Leave out, and report, what a provider does not take.")
    additional_drop_params: list[Text] | None = Field(default=None, description="Parameters that are never sent.")
    ssl_verify: Flag | Text | None = Field(default=None, description="False, or the path of a file with CAs.")
    check_context: Flag | None = Field(
        default=None, description="False: do not refuse prompts that cannot fit the window. Not LiteLLM's."
    )


class ConfigFile(Section):
    """The sections."""

    model_list: list[Deployment] = Field(min_length=1, description="What clients can ask for, and where it leads.")
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
    # What it names has been read by then.
    include: Any = Field(
        default=None,
        description="Another file, or a list of them, beside this one. Lists are joined, and so are sections.",
    )

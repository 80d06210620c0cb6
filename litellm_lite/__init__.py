"""litellm_lite: one call to any language model, with OpenAI's shapes and LiteLLM's names.

    from litellm_lite import completion
    answer = completion(model="meta_llama/Llama-3.3-70B-Instruct", messages=[{"role": "user", "content": "Hi"}])

Names are resolved on first use, so importing this module loads nothing else.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_WHERE = {
    "api": "completion acompletion stream_chunk_builder get_supported_openai_params",
    "call": "Timeouts",
    "batches": (
        "abatch_completion abatch_completion_models abatch_completion_models_all_responses batch_completion "
        "batch_completion_models batch_completion_models_all_responses"
    ),
    "cost.budget": "CostEstimate",
    "context": "Fit",
    "cost": "Cost",
    "counting": "count_tokens decode encode fits token_counter",
    "embeddings": "aembedding amoderation embedding moderation",
    "errors": (
        "APIError APIConnectionError APIResponseValidationError AuthenticationError BadGatewayError BadRequestError "
        "BlockedPiiEntityError BudgetExceededError ContentPolicyViolationError ContextWindowExceededError "
        "GuardrailRaisedException ImageFetchError InternalServerError InvalidRequestError JSONSchemaValidationError "
        "LiteLLMUnknownProvider MidStreamFallbackError MockException NotFoundError PaymentRequiredError "
        "PermissionDeniedError PriceUnknown RateLimitError RejectedRequestError RetiredModelWarning "
        "ServiceUnavailableError Timeout TokenizerError UnprocessableEntityError UnsupportedEndpoint "
        "UnsupportedParamsError"
    ),
    "exceptions": "exceptions",
    "explaining": "explain",
    "explanation": "Candidate Explanation",
    "native_answers": ("AsyncResponsesStream AsyncTextCompletionStream ResponsesStream TextCompletionStream"),
    "pricing": "completion_cost cost_per_token estimate_cost",
    "registry": (
        "get_model_info get_max_tokens model_cost register_model supports_assistant_prefill supports_audio_input "
        "supports_audio_output supports_computer_use supports_embedding_image_input supports_function_calling "
        "supports_native_streaming supports_parallel_function_calling supports_pdf_input supports_prompt_caching "
        "supports_reasoning supports_response_schema supports_system_messages supports_tool_choice "
        "supports_tool_search supports_url_context supports_video_input supports_vision supports_web_search"
    ),
    "resolve": "get_llm_provider validate_environment",
    "responding": "aresponses responses",
    "router.router": "Router",
    "router.strategies": "Strategy",
    "router.stream": "AsyncRoutedStream RoutedStream",
    "router.trace": "AttemptRecord",
    "stored_responses": "adelete_responses aget_responses delete_responses get_responses",
    "text_completions": "atext_completion text_completion",
    "tokens.count": "TokenCount",
    "trimming": "trim_messages",
    "streams": "AsyncCompletionStream CompletionStream CustomStreamWrapper",
    "types.endpoints": (
        "DeleteResponseResult Embedding EmbeddingResponse ModerationResponse ModerationResult ResponseAPIUsage "
        "ResponseContent ResponseItem ResponsesAPIResponse ResponsesEvent TextChoices TextCompletionResponse"
    ),
    "types.response": (
        "ChatCompletionDeltaToolCall ChatCompletionMessageToolCall Choices CompletionTokensDetails Delta Function "
        "Message ModelResponse ModelResponseStream PromptTokensDetails StreamingChoices Usage"
    ),
}
_HOME = {name: module for module, names in _WHERE.items() for name in names.split()}

__all__ = ["__version__", *sorted(_HOME)]  # noqa: PLE0604 - all of them are texts

if TYPE_CHECKING:  # the same names, for type checkers; a test holds the two lists together
    from litellm_lite import exceptions as exceptions
    from litellm_lite.api import acompletion as acompletion
    from litellm_lite.api import completion as completion
    from litellm_lite.api import get_supported_openai_params as get_supported_openai_params
    from litellm_lite.api import stream_chunk_builder as stream_chunk_builder
    from litellm_lite.batches import abatch_completion as abatch_completion
    from litellm_lite.batches import abatch_completion_models as abatch_completion_models
    from litellm_lite.batches import abatch_completion_models_all_responses as abatch_completion_models_all_responses
    from litellm_lite.batches import batch_completion as batch_completion
    from litellm_lite.batches import batch_completion_models as batch_completion_models
    from litellm_lite.batches import batch_completion_models_all_responses as batch_completion_models_all_responses
    from litellm_lite.call import Timeouts as Timeouts
    from litellm_lite.context import Fit as Fit
    from litellm_lite.cost import Cost as Cost
    from litellm_lite.cost.budget import CostEstimate as CostEstimate
    from litellm_lite.counting import count_tokens as count_tokens
    from litellm_lite.counting import decode as decode
    from litellm_lite.counting import encode as encode
    from litellm_lite.counting import fits as fits
    from litellm_lite.counting import token_counter as token_counter
    from litellm_lite.embeddings import aembedding as aembedding
    from litellm_lite.embeddings import amoderation as amoderation
    from litellm_lite.embeddings import embedding as embedding
    from litellm_lite.embeddings import moderation as moderation
    from litellm_lite.errors import APIConnectionError as APIConnectionError
    from litellm_lite.errors import APIError as APIError
    from litellm_lite.errors import APIResponseValidationError as APIResponseValidationError
    from litellm_lite.errors import AuthenticationError as AuthenticationError
    from litellm_lite.errors import BadGatewayError as BadGatewayError
    from litellm_lite.errors import BadRequestError as BadRequestError
    from litellm_lite.errors import BlockedPiiEntityError as BlockedPiiEntityError
    from litellm_lite.errors import BudgetExceededError as BudgetExceededError
    from litellm_lite.errors import ContentPolicyViolationError as ContentPolicyViolationError
    from litellm_lite.errors import ContextWindowExceededError as ContextWindowExceededError
    from litellm_lite.errors import GuardrailRaisedException as GuardrailRaisedException
    from litellm_lite.errors import ImageFetchError as ImageFetchError
    from litellm_lite.errors import InternalServerError as InternalServerError
    from litellm_lite.errors import InvalidRequestError as InvalidRequestError
    from litellm_lite.errors import JSONSchemaValidationError as JSONSchemaValidationError
    from litellm_lite.errors import LiteLLMUnknownProvider as LiteLLMUnknownProvider
    from litellm_lite.errors import MidStreamFallbackError as MidStreamFallbackError
    from litellm_lite.errors import MockException as MockException
    from litellm_lite.errors import NotFoundError as NotFoundError
    from litellm_lite.errors import PaymentRequiredError as PaymentRequiredError
    from litellm_lite.errors import PermissionDeniedError as PermissionDeniedError
    from litellm_lite.errors import PriceUnknown as PriceUnknown
    from litellm_lite.errors import RateLimitError as RateLimitError
    from litellm_lite.errors import RejectedRequestError as RejectedRequestError
    from litellm_lite.errors import RetiredModelWarning as RetiredModelWarning
    from litellm_lite.errors import ServiceUnavailableError as ServiceUnavailableError
    from litellm_lite.errors import Timeout as Timeout
    from litellm_lite.errors import TokenizerError as TokenizerError
    from litellm_lite.errors import UnprocessableEntityError as UnprocessableEntityError
    from litellm_lite.errors import UnsupportedEndpoint as UnsupportedEndpoint
    from litellm_lite.errors import UnsupportedParamsError as UnsupportedParamsError
    from litellm_lite.explaining import explain as explain
    from litellm_lite.explanation import Candidate as Candidate
    from litellm_lite.explanation import Explanation as Explanation
    from litellm_lite.native_answers import AsyncResponsesStream as AsyncResponsesStream
    from litellm_lite.native_answers import AsyncTextCompletionStream as AsyncTextCompletionStream
    from litellm_lite.native_answers import ResponsesStream as ResponsesStream
    from litellm_lite.native_answers import TextCompletionStream as TextCompletionStream
    from litellm_lite.pricing import completion_cost as completion_cost
    from litellm_lite.pricing import cost_per_token as cost_per_token
    from litellm_lite.pricing import estimate_cost as estimate_cost
    from litellm_lite.registry import get_max_tokens as get_max_tokens
    from litellm_lite.registry import get_model_info as get_model_info
    from litellm_lite.registry import model_cost as model_cost
    from litellm_lite.registry import register_model as register_model
    from litellm_lite.registry import supports_assistant_prefill as supports_assistant_prefill
    from litellm_lite.registry import supports_audio_input as supports_audio_input
    from litellm_lite.registry import supports_audio_output as supports_audio_output
    from litellm_lite.registry import supports_computer_use as supports_computer_use
    from litellm_lite.registry import supports_embedding_image_input as supports_embedding_image_input
    from litellm_lite.registry import supports_function_calling as supports_function_calling
    from litellm_lite.registry import supports_native_streaming as supports_native_streaming
    from litellm_lite.registry import supports_parallel_function_calling as supports_parallel_function_calling
    from litellm_lite.registry import supports_pdf_input as supports_pdf_input
    from litellm_lite.registry import supports_prompt_caching as supports_prompt_caching
    from litellm_lite.registry import supports_reasoning as supports_reasoning
    from litellm_lite.registry import supports_response_schema as supports_response_schema
    from litellm_lite.registry import supports_system_messages as supports_system_messages
    from litellm_lite.registry import supports_tool_choice as supports_tool_choice
    from litellm_lite.registry import supports_tool_search as supports_tool_search
    from litellm_lite.registry import supports_url_context as supports_url_context
    from litellm_lite.registry import supports_video_input as supports_video_input
    from litellm_lite.registry import supports_vision as supports_vision
    from litellm_lite.registry import supports_web_search as supports_web_search
    from litellm_lite.resolve import get_llm_provider as get_llm_provider
    from litellm_lite.resolve import validate_environment as validate_environment
    from litellm_lite.responding import aresponses as aresponses
    from litellm_lite.responding import responses as responses
    from litellm_lite.router.router import Router as Router
    from litellm_lite.router.strategies import Strategy as Strategy
    from litellm_lite.router.stream import AsyncRoutedStream as AsyncRoutedStream
    from litellm_lite.router.stream import RoutedStream as RoutedStream
    from litellm_lite.router.trace import AttemptRecord as AttemptRecord
    from litellm_lite.stored_responses import adelete_responses as adelete_responses
    from litellm_lite.stored_responses import aget_responses as aget_responses
    from litellm_lite.stored_responses import delete_responses as delete_responses
    from litellm_lite.stored_responses import get_responses as get_responses
    from litellm_lite.streams import AsyncCompletionStream as AsyncCompletionStream
    from litellm_lite.streams import CompletionStream as CompletionStream
    from litellm_lite.streams import CustomStreamWrapper as CustomStreamWrapper
    from litellm_lite.text_completions import atext_completion as atext_completion
    from litellm_lite.text_completions import text_completion as text_completion
    from litellm_lite.tokens.count import TokenCount as TokenCount
    from litellm_lite.trimming import trim_messages as trim_messages
    from litellm_lite.types.endpoints import DeleteResponseResult as DeleteResponseResult
    from litellm_lite.types.endpoints import Embedding as Embedding
    from litellm_lite.types.endpoints import EmbeddingResponse as EmbeddingResponse
    from litellm_lite.types.endpoints import ModerationResponse as ModerationResponse
    from litellm_lite.types.endpoints import ModerationResult as ModerationResult
    from litellm_lite.types.endpoints import ResponseAPIUsage as ResponseAPIUsage
    from litellm_lite.types.endpoints import ResponseContent as ResponseContent
    from litellm_lite.types.endpoints import ResponseItem as ResponseItem
    from litellm_lite.types.endpoints import ResponsesAPIResponse as ResponsesAPIResponse
    from litellm_lite.types.endpoints import ResponsesEvent as ResponsesEvent
    from litellm_lite.types.endpoints import TextChoices as TextChoices
    from litellm_lite.types.endpoints import TextCompletionResponse as TextCompletionResponse
    from litellm_lite.types.response import ChatCompletionDeltaToolCall as ChatCompletionDeltaToolCall
    from litellm_lite.types.response import ChatCompletionMessageToolCall as ChatCompletionMessageToolCall
    from litellm_lite.types.response import Choices as Choices
    from litellm_lite.types.response import CompletionTokensDetails as CompletionTokensDetails
    from litellm_lite.types.response import Delta as Delta
    from litellm_lite.types.response import Function as Function
    from litellm_lite.types.response import Message as Message
    from litellm_lite.types.response import ModelResponse as ModelResponse
    from litellm_lite.types.response import ModelResponseStream as ModelResponseStream
    from litellm_lite.types.response import PromptTokensDetails as PromptTokensDetails
    from litellm_lite.types.response import StreamingChoices as StreamingChoices
    from litellm_lite.types.response import Usage as Usage


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        msg = f"litellm_lite has no {name!r}"
        raise AttributeError(msg)
    home = import_module(f"litellm_lite.{_HOME[name]}")
    value = home if _HOME[name] == name else getattr(home, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


_FOR_A_PROCESS = "is no setting: there are none for a whole process"
_LOGGER = "set the level of the logger 'litellm_lite'"
_REMEDIES = {
    "model_cost": "call register_model()",
    "set_verbose": _LOGGER,
    "json_logs": _LOGGER,
    "suppress_debug_info": "leave the line out, nothing is printed here",
    "telemetry": "leave the line out, there is none here",
}


class _Module(ModuleType):
    """Refuses LiteLLM's module settings: set here they would be ignored, and nothing is ignored in silence."""

    def __setattr__(self, name: str, value: object) -> None:
        if (name in _HOME and name not in _REMEDIES) or name.startswith("_") or isinstance(value, ModuleType):
            super().__setattr__(name, value)
            return
        remedy = _REMEDIES.get(name, f"pass {name}= to the call")
        msg = f"litellm_lite.{name} {_FOR_A_PROCESS}; {remedy}"
        raise AttributeError(msg)


sys.modules[__name__].__class__ = _Module

"""The exceptions under the name LiteLLM's users know: `from litellm_lite.exceptions import RateLimitError`."""

from litellm_lite.errors import *  # noqa: F403 - the same module by another name

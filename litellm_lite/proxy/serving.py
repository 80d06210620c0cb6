"""What one configuration comes to, while it is in force: a Router, the keys, the limits. Replaced as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from litellm_lite.errors import APIError, BadRequestError, NotFoundError
from litellm_lite.proxy.auth import Keys
from litellm_lite.router.request import Way, planned

if TYPE_CHECKING:
    from litellm_lite.proxy.config import GatewayConfig
    from litellm_lite.router.deployment import Deployment
    from litellm_lite.router.fleet import Stop
    from litellm_lite.router.router import Router


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """A configuration in force. Requests under way keep the one they came under."""

    router: Router
    keys: Keys
    max_request_bytes: int = 50 << 20
    keep_alive_s: float = 15.0

    @classmethod
    def of(cls, config: GatewayConfig) -> Serving:
        """Return what a configuration comes to. Raises BadRequestError where no Router can be made of it."""
        return cls(
            router=config.router(),
            keys=Keys(config.master_key),
            max_request_bytes=config.max_request_bytes,
            keep_alive_s=config.keep_alive_s,
        )

    def model_of(self, name: str) -> str:
        """Return the model that a name leads to first, "provider/model". Raises NotFoundError."""
        stop = self.find(name)
        return stop.model or stop.group.standings[0].deployment.model

    def way(self, model: str, messages: Any, params: Mapping[str, Any], *, stream: bool) -> Way:
        """Return the way of a chat completion. Raises NotFoundError for a model that leads nowhere."""
        try:
            return planned(self.router._fleet, model, messages, params, stream=stream)
        except BadRequestError as error:
            raise _not_found(error) from None

    def find(self, model: str) -> Stop:
        """Return where a name leads. Raises NotFoundError for one that leads nowhere."""
        try:
            return self.router._fleet.find(model)
        except BadRequestError as error:
            raise _not_found(error) from None

    def deployments(self, model: str | None = None) -> list[Deployment]:
        """Return all deployments, or those of a group."""
        found = map(self.router.get_deployment, self.router.get_model_ids(model))
        return [each for each in found if each is not None]


def _not_found(error: BadRequestError) -> APIError:
    """Return the error for a model that leads nowhere as OpenAI tells it; another error as it is."""
    if error.param != "model" or type(error) is not BadRequestError:
        return error
    return NotFoundError(error.message, code="model_not_found", param="model")

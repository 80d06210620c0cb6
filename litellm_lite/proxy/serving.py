"""What one configuration comes to, while it is in force: a Router, the keys, the limits. Replaced as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from litellm_lite.asking import wants_chat
from litellm_lite.errors import APIError, BadRequestError, NotFoundError
from litellm_lite.proxy.auth import Keys
from litellm_lite.proxy.exchange import BODY_S

if TYPE_CHECKING:
    from litellm_lite.call import Endpoint
    from litellm_lite.proxy.config import GatewayConfig
    from litellm_lite.proxy.stored import Store
    from litellm_lite.router.deployment import Deployment
    from litellm_lite.router.request import Way
    from litellm_lite.router.router import Router


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """A configuration in force. Requests under way keep the one they came under."""

    router: Router
    keys: Keys
    store: Store
    max_request_bytes: int = 50 << 20
    body_s: float = BODY_S
    keep_alive_s: float = 15.0
    drop_params: bool = False

    @classmethod
    def of(cls, config: GatewayConfig, store: Store) -> Serving:
        """Return what a configuration comes to. Raises BadRequestError where no Router can be made of it."""
        defaults = config.router_arguments.get("default_litellm_params") or {}
        return cls(
            router=config.router(),
            keys=Keys(config.master_key),
            store=store,
            max_request_bytes=config.max_request_bytes,
            body_s=config.body_s,
            keep_alive_s=config.keep_alive_s,
            drop_params=bool(defaults.get("drop_params")),
        )

    def way(
        self, model: str, messages: Any, params: Mapping[str, Any], *, stream: bool = False, endpoint: Endpoint = "chat"
    ) -> Way:
        """Return the way of a call. Raises NotFoundError for a model that leads nowhere."""
        try:
            return self.router.route(endpoint, model, params, messages=messages, stream=stream)
        except BadRequestError as error:
            raise _not_found(error) from None

    def serves(self, model: str, endpoint: Endpoint, params: Mapping[str, Any]) -> bool:
        """Whether all who are called by a name serve an endpoint, so that it is asked in its own words.

        Raises NotFoundError for a model that leads nowhere.
        """
        try:
            return not wants_chat(params) and self.router.serves(model, endpoint)
        except BadRequestError as error:
            raise _not_found(error) from None

    def drops(self, params: Mapping[str, Any]) -> bool:
        """Whether a request goes without what cannot be carried."""
        told = params.get("drop_params")
        return self.drop_params if told is None else bool(told)

    def only_group(self) -> str | None:
        """Return the name of the only group there is; None where there are several."""
        names = self.router.get_model_names()
        return names[0] if len(names) == 1 else None

    def model_of(self, name: str) -> str:
        """Return the model that a name leads to first, "provider/model". Raises NotFoundError."""
        try:
            return self.router.model_of(name)
        except BadRequestError as error:
            raise _not_found(error) from None

    def led_to(self, name: str) -> tuple[tuple[Deployment, ...], str | None]:
        """Return whom a name leads to, as `Router.led_to` does. Raises NotFoundError for one that leads nowhere."""
        try:
            return self.router.led_to(name)
        except BadRequestError as error:
            raise _not_found(error) from None

    def deployments(self, model: str | None = None) -> list[Deployment]:
        """Return all deployments, or those of a group."""
        found = map(self.router.get_deployment, self.router.get_model_ids(model))
        return [each for each in found if each is not None]


def _not_found(error: BadRequestError) -> APIError:
    """Return the error for a model that leads nowhere as OpenAI tells it; another error as it is."""
    if error.code != "model_not_found":
        return error
    return NotFoundError(error.message, code="model_not_found", param="model")

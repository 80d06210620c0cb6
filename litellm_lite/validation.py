"""A vendor's JSON as a model, or an error that names the fields in its way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from litellm_lite.errors import APIResponseValidationError
from litellm_lite.transformer import ANSWERS

if TYPE_CHECKING:
    from litellm_lite.prepare import Plan
    from litellm_lite.transformer import JSON


def validated(kind: Any, plan: Plan, body: JSON) -> Any:
    """Return a body as a model. Raises APIResponseValidationError that names the fields in its way."""
    try:
        return kind.model_validate(body)
    except ValidationError as error:
        where = "; ".join(f"{'.'.join(map(str, flaw['loc']))}: {flaw['msg']}" for flaw in error.errors()[:3])
        target = plan.call.target
        what = ANSWERS[plan.call.endpoint]
        msg = f"{target.provider}: the answer does not have the shape of a {what}: {where}"
        raise APIResponseValidationError(msg, target.provider, target.model) from None

"""The gateway in this process, asked without a server: what is off the hot path needs none."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import unquote

from litellm_lite.proxy.app import Gateway
from litellm_lite.proxy.auth import Keys
from litellm_lite.proxy.cold import Cold
from litellm_lite.proxy.metrics import Metrics
from litellm_lite.proxy.serving import Serving
from litellm_lite.proxy.sharing import Shared
from litellm_lite.proxy.stored import Store
from litellm_lite.proxy.telling import Record
from litellm_lite.proxy.visit import Now
from litellm_lite.router import Router
from tests.proxy.running import MASTER_KEY, Answer, ask

UPSTREAM_KEY = "sk-upstream-canary"
BEARER = {"Authorization": f"Bearer {MASTER_KEY}"}
TODAY = date(2026, 11, 20)


def deployment(name: str, model: str, info: Mapping[str, Any] | None = None, **params: Any) -> dict[str, Any]:
    own = {"model": model, "api_key": UPSTREAM_KEY, **params}
    return {"model_name": name, "litellm_params": own, "model_info": dict(info or {})}


class House:
    """A gateway of some deployments; `noted` are the requests that it told of."""

    def __init__(self, *entries: Mapping[str, Any], key: str | None = MASTER_KEY, **settings: Any) -> None:
        self.metrics = Metrics()
        self.noted: list[Record] = []
        self.ending = False
        self.serving = Serving(router=Router(list(entries), **settings), keys=Keys(key), store=Store())
        self.shared = Shared(
            self.metrics, None, in_flight=lambda: self.app.in_flight, reports=self.serving.router.get_deployments
        )
        now = Now(lambda: self.serving, self.shared.total, lambda: self.ending, lambda: TODAY)
        self.app = Gateway(self.serving, self._note, Cold(now, self._note))

    def _note(self, record: Record) -> None:
        self.metrics.note(record)
        self.noted.append(record)

    def ask(
        self, method: str, target: str, body: Any = b"", headers: Mapping[str, str] | None = None, *, key: bool = True
    ) -> Answer:
        """Send a request as it stands in its first line: with a query, and percent-encoded."""
        path, _, query = target.partition("?")

        async def app(scope: Any, receive: Any, send: Any) -> None:
            await self.app({**scope, "path": unquote(path), "query_string": query.encode()}, receive, send)

        return asyncio.run(ask(app, path, body, {**(BEARER if key else {}), **(headers or {})}, method=method))

    def get(self, target: str, **more: Any) -> Answer:
        return self.ask("GET", target, **more)


def error_of(answer: Answer) -> dict[str, Any]:
    """Return the error in an answer, which must have OpenAI's shape and the call's id."""
    assert set(answer.json) == {"error"}
    assert set(answer.json["error"]) == {"message", "type", "param", "code"}
    assert answer.headers["x-litellm-call-id"]
    error: dict[str, Any] = answer.json["error"]
    return error

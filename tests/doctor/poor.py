"""A gateway that is poor on purpose, scripted on the wire: it passes on what comes, and tells nothing of it.

It tries all deployments that a model may have, each as often as it is told and at once; it says `[DONE]` at the end of
every stream, however that ended; and its errors are web pages.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from tests.wire import DONE, Request, Steps, page, reply, stream


class Heard(NamedTuple):
    """What an upstream answered, as far as it came."""

    status: int
    body: bytes


@dataclass
class PoorGateway:
    """Its configuration is the doctor's; `tries` is how often it asks each deployment of a group."""

    tries: int = 1
    with_fallbacks: bool = True
    headers: Mapping[str, str] = field(default_factory=dict)
    configuration: dict[str, Any] = field(default_factory=lambda: {"model_list": [], "router_settings": {}})

    def __call__(self, request: Request) -> Steps:
        if request.method == "GET":
            names = dict.fromkeys(entry["model_name"] for entry in self.configuration["model_list"])
            return reply({"object": "list", "data": [{"id": name} for name in names]})
        heard = self._asked(request.json)
        if heard.status != 200:
            return page(heard.status, "Something went wrong")
        if not request.json.get("stream"):
            return reply(heard.body, headers=self.headers)
        return stream([heard.body.replace(DONE, b"") + DONE], self.headers)

    def _asked(self, body: dict[str, Any]) -> Heard:
        heard = Heard(404, b"")
        for name in self._groups(body["model"]):
            for entry in self.configuration["model_list"]:
                for _ in range(self.tries if entry["model_name"] == name else 0):
                    heard = _forwarded(entry["litellm_params"], body)
                    if heard.status == 200:
                        return heard
        return heard

    def _groups(self, name: str) -> list[str]:
        fallbacks = self.configuration["router_settings"].get("fallbacks", []) if self.with_fallbacks else []
        return [name, *(target for each in fallbacks for target in each.get(name, []))]


def _forwarded(params: Mapping[str, Any], body: dict[str, Any]) -> Heard:
    place = urlsplit(params["api_base"])
    connection = http.client.HTTPConnection(place.netloc, timeout=20)
    try:
        asked = json.dumps({**body, "model": params["model"].partition("/")[2]})
        connection.request("POST", f"{place.path}/chat/completions", asked, {"content-type": "application/json"})
        answer = connection.getresponse()
        try:
            return Heard(answer.status, answer.read())
        except http.client.IncompleteRead as cut:
            return Heard(answer.status, cut.partial)
    except (OSError, http.client.HTTPException):
        return Heard(502, b"")
    finally:
        connection.close()

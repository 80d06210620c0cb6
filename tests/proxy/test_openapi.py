"""The document describes what is served, all of it and nothing else."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from litellm_lite.proxy.cold import PLACES, served
from litellm_lite.proxy.openapi.operations import OPERATIONS
from tests.proxy.cold_calls import House, deployment, error_of
from tests.proxy.running import MASTER_KEY

LLAMA = "meta_llama/Llama-3.3-70B-Instruct"


@pytest.fixture(scope="module")
def house() -> House:
    return House(deployment("fast", LLAMA))


@pytest.fixture(scope="module")
def document(house: House) -> Any:
    return house.get("/openapi.json").json


def operations(document: Any) -> Iterator[tuple[str, str, Any]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def test_what_is_served_is_described_and_what_is_described_is_served(document: Any) -> None:
    assert {(method, path) for method, path, _ in operations(document)} == set(served())
    assert {(method, path.removeprefix("/v1")) for method, path in served()} == set(OPERATIONS)


def test_every_path_is_there_with_and_without_v1_but_anthropics(document: Any) -> None:
    paths = set(document["paths"])
    short = {path for path in paths if not path.startswith("/v1/")}
    messages = {path for path in paths if path.startswith("/v1/messages")}
    assert {f"/v1{path}" for path in short} == paths - short - messages
    assert len(messages) == 2


def test_what_is_described_answers_and_other_methods_are_refused(house: House, document: Any) -> None:
    for path, methods in document["paths"].items():
        at = re.sub(r"\{\w+\}", "fast", path)
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            status = house.ask(method, at, b"[]").status
            assert (status == 405) == (method.lower() not in methods), (method, path, status)


def test_the_document_is_an_openapi_document(document: Any) -> None:
    assert document["openapi"].startswith("3.1.")
    assert len({each["operationId"] for _, _, each in operations(document)}) == len(list(operations(document)))
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    for _, path, operation in operations(document):
        named = {each["name"] for each in operation["parameters"] if each["in"] == "path"}
        assert named == set(re.findall(r"\{(\w+)\}", path))
        assert operation["summary"]
        assert "200" in operation["responses"]


def test_every_reference_leads_to_a_schema_and_every_schema_is_used(document: Any) -> None:
    found = set(re.findall(r"'#/components/schemas/(\w+)'", str(document)))
    assert found == set(document["components"]["schemas"])


def test_security_is_told_as_it_is(document: Any) -> None:
    for method, path, operation in operations(document):
        is_open = method == "GET" and PLACES.get(path.removeprefix("/v1"), PLACES["/models"]).open
        assert (operation.get("security") == []) == is_open
        assert ("401" in operation["responses"]) != is_open
    names = {each.get("name") for each in document["components"]["securitySchemes"].values()}
    assert names == {None, "x-api-key", "api-key", "x-litellm-api-key"}


def validated(document: Any, name: str, value: Any) -> None:
    whole = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    Draft202012Validator(whole).validate(value)


@pytest.mark.parametrize(
    ("path", "schema"),
    [
        ("/models", "Models"),
        ("/models/fast", "Model"),
        ("/model/info", "ModelInfo"),
        ("/health?model=fast", "Health"),
        ("/health/liveliness", "Alive"),
        ("/health/readiness", "Ready"),
        ("/openapi.json", "OpenAPI"),
        ("/nowhere", "Error"),
    ],
)
def test_answers_are_as_the_document_says(document: Any, path: str, schema: str) -> None:
    dead = deployment("fast", LLAMA, api_base="http://127.0.0.1:9/v1")
    validated(document, schema, House(dead).get(path).json)


def test_a_count_of_tokens_is_as_the_document_says(house: House, document: Any) -> None:
    body = {"model": "fast", "messages": [{"role": "user", "content": "Hi"}]}
    validated(document, "TokenCountRequest", body)
    validated(document, "TokenCount", house.ask("POST", "/utils/token_counter", body).json)


def test_the_page_shows_every_path_and_schema_and_asks_nobody_for_anything(house: House, document: Any) -> None:
    answer = house.get("/docs")
    text = answer.body.decode()
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; ")
    assert all(path in text for path in document["paths"])
    assert all(f'id="{name}"' in text for name in document["components"]["schemas"])
    assert set(re.findall(r"<(\w+)", text)) <= set(
        "html head meta title style body h1 h2 p a code pre details summary span table tr th td".split()
    )
    assert {link for link in re.findall(r'(?:href|src)="([^"]*)"', text) if not link.startswith("#")} == {
        "openapi.json"
    }
    assert all(f'id="{name}"' in text for name in re.findall(r'href="#(\w+)"', text))


def test_the_page_opens_in_a_browser_with_the_key_as_password(house: House) -> None:
    answer = house.get("/docs", key=False)
    assert answer.status == 401
    assert 'Basic realm="' in answer.headers["www-authenticate"]
    for password, status in ((MASTER_KEY, 200), ("sk-wrong", 401)):
        word = base64.b64encode(f"anybody:{password}".encode()).decode()
        for path in ("/docs", "/v1/openapi.json"):
            assert house.get(path, headers={"Authorization": f"Basic {word}"}, key=False).status == status


def test_a_password_is_no_key_elsewhere_and_nonsense_is_none_anywhere(house: House) -> None:
    word = base64.b64encode(f"anybody:{MASTER_KEY}".encode()).decode()
    assert house.get("/models", headers={"Authorization": f"Basic {word}"}, key=False).status == 401
    answer = house.get("/docs", headers={"Authorization": "Basic ===="}, key=False)
    assert (answer.status, error_of(answer)["code"]) == (401, "invalid_api_key")

"""OpenAI's client asks which models there are."""

from __future__ import annotations

from collections.abc import Iterator

import openai
import pytest
from openai import OpenAI

from tests.proxy.clients.backends import Backend


@pytest.fixture
def client(backend: Backend) -> Iterator[OpenAI]:
    with OpenAI(base_url=backend.base_url, api_key=backend.key, max_retries=0) as made:
        yield made


def test_models_are_listed(client: OpenAI, backend: Backend) -> None:
    listed = list(client.models.list())
    assert backend.model in [model.id for model in listed]
    assert {model.object for model in listed} == {"model"}
    assert all(model.created for model in listed)
    assert all(model.owned_by for model in listed)


def test_one_model_is_described_though_its_name_has_slashes(client: OpenAI, backend: Backend) -> None:
    assert client.models.retrieve(backend.model).id == backend.model


def test_a_model_that_is_not_there_is_not_found(client: OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        client.models.retrieve("nobody/knows-it")
    assert caught.value.code == "model_not_found"


def test_the_list_needs_the_key(backend: Backend) -> None:
    stranger = OpenAI(base_url=backend.base_url, api_key="sk-wrong", max_retries=0)
    with stranger as client, pytest.raises(openai.AuthenticationError):
        client.models.list()

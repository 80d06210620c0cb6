"""OpenAI's client at /v1/embeddings, answered by llama.cpp, and at /v1/moderations, answered by OpenAI's own words."""

from __future__ import annotations

import math
from collections.abc import Iterator

import openai
import pytest
from openai import OpenAI

from tests.proxy.clients.backends import Backend


@pytest.fixture
def client(emulated: Backend) -> Iterator[OpenAI]:
    with OpenAI(base_url=emulated.base_url, api_key=emulated.key, max_retries=0) as made:
        yield made


@pytest.fixture
def real_client(real: Backend) -> Iterator[OpenAI]:
    with OpenAI(base_url=real.base_url, api_key=real.key, max_retries=0) as made:
        yield made


@pytest.mark.integration
def test_each_input_gets_a_vector_of_length_one(real_client: OpenAI) -> None:
    answer = real_client.embeddings.create(model="vectors", input=["Hello", "Hello", "Something else"])
    assert [each.index for each in answer.data] == [0, 1, 2]
    first, again, other = (each.embedding for each in answer.data)
    assert math.hypot(*first) == pytest.approx(1, abs=1e-3)
    assert first == pytest.approx(again, abs=1e-4)
    assert first != pytest.approx(other, abs=1e-2)
    assert answer.usage.prompt_tokens > 0


@pytest.mark.integration
def test_a_vector_may_be_asked_for_in_floats(real_client: OpenAI) -> None:
    """Without being told so, the client asks for base64 and reads it itself."""
    told = real_client.embeddings.create(model="vectors", input="Hello", encoding_format="float").data[0].embedding
    assert told == pytest.approx(real_client.embeddings.create(model="vectors", input="Hello").data[0].embedding)


def test_who_has_no_embeddings_says_so(client: OpenAI, emulated: Backend) -> None:
    with pytest.raises(openai.APIStatusError) as caught:
        client.embeddings.create(model=emulated.model, input="Hello")
    assert 400 <= caught.value.status_code < 500
    assert "embeddings" in caught.value.message


def test_a_text_is_judged(client: OpenAI) -> None:
    answer = client.moderations.create(model="judge", input="I want to hurt myself.")
    (verdict,) = answer.results
    assert verdict.flagged
    assert verdict.categories.self_harm_intent
    assert verdict.category_scores.self_harm_intent == 0.9
    assert answer.model == "omni-moderation-latest"

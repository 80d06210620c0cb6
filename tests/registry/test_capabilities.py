"""What a model can do: nineteen questions, and the answer of its row."""

import inspect
import pickle

import pytest

from litellm_lite import registry as room
from litellm_lite.registry import get_model_info, register_model, registry

SCOUT = "meta_llama/Llama-4-Scout-17B-16E-Instruct-FP8"
LLAMA = "meta_llama/Llama-3.3-70B-Instruct"


@pytest.fixture(autouse=True)
def _fresh():
    registry().reset()
    yield
    registry().reset()


FLAGS = sorted(name for name in vars(room) if name.startswith("supports_"))


def test_there_is_one_question_for_each_capability():
    """LiteLLM's nineteen."""
    assert len(FLAGS) == 19
    assert set(FLAGS) <= set(room.ALWAYS_ANSWERED)
    assert set(FLAGS) <= set(room.__all__)


@pytest.mark.parametrize("name", FLAGS)
def test_a_capability_answers_what_the_row_says_and_false_when_nothing_is_known(name):
    supports = getattr(room, name)
    for key, info in registry().models.items():
        assert supports(key) is supports(info.model, info.provider) is (info.row.get(name) is True)
    assert supports("nobody/nothing") is False


@pytest.mark.parametrize("name", FLAGS)
def test_a_capability_question_has_a_name_a_docstring_and_a_signature(name):
    supports = getattr(room, name)
    assert supports.__name__ == supports.__qualname__ == name
    assert supports.__doc__.startswith("Tell whether the model ")
    assert list(inspect.signature(supports).parameters) == ["model", "custom_llm_provider"]
    assert pickle.loads(pickle.dumps(supports)) is supports


@pytest.mark.parametrize(
    ("field", "modality", "flag"),
    [
        ("supported_modalities", "image", "supports_vision"),
        ("supported_modalities", "audio", "supports_audio_input"),
        ("supported_modalities", "pdf", "supports_pdf_input"),
        ("supported_modalities", "video", "supports_video_input"),
        ("supported_output_modalities", "audio", "supports_audio_output"),
    ],
)
@pytest.mark.parametrize(("said", "answer"), [({}, True), (None, True), (False, False), (True, True)])
def test_a_modality_answers_for_a_flag_that_says_nothing(field, modality, flag, said, answer):
    flags = said if said == {} else {flag: said}
    register_model({"local/tiny": {field: ["text", modality], **flags}})
    info = registry().models["local/tiny"]
    assert getattr(room, flag)("local/tiny") is info.supports(flag) is get_model_info("local/tiny")[flag] is answer
    silent = {name for name in FLAGS if info.supports(name) is None}
    assert silent == {*FLAGS} - {flag}


@pytest.mark.parametrize("modalities", [None, [], ["text"], ["smell"]])
def test_modalities_that_name_nothing_of_the_kind_answer_nothing(modalities):
    register_model({"local/tiny": {"supported_modalities": modalities}})
    assert registry().models["local/tiny"].supports("supports_vision") is None


def test_llama_4_sees_and_keeps_to_a_schema_where_litellm_says_no():
    for model in (SCOUT, "meta_llama/llama-4-maverick"):
        assert room.supports_vision(model) is room.supports_response_schema(model) is True
    assert room.supports_vision(LLAMA) is False
    assert room.supports_response_schema(LLAMA) is room.supports_function_calling(LLAMA) is True

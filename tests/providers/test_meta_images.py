"""Images are held against the Llama API's rules before they travel, by their bytes and not by their label."""

from __future__ import annotations

import base64
import io
from typing import Any

import pytest

from litellm_lite import images
from litellm_lite.errors import BadRequestError
from litellm_lite.registry import ModelInfo, registry
from tests.providers.values import PNG_PIXEL, body, call, llama

SCOUT = "Llama-4-Scout-17B-16E-Instruct-FP8"
LLAMA_33 = "Llama-3.3-70B-Instruct"


def picture(url: Any) -> list[dict[str, Any]]:
    return [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}]


def data_url(data: bytes, media_type: str = "image/png") -> str:
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


def seen(url: Any, model: str = SCOUT) -> dict[str, Any]:
    return body(call("meta_llama", model=model, info=llama(model), messages=picture(url)))


@pytest.mark.parametrize(("kind", "label"), [("PNG", "png"), ("JPEG", "jpeg"), ("GIF", "gif"), ("ICO", "x-icon")])
def test_the_four_formats_are_taken(kind: str, label: str) -> None:
    pillow = pytest.importorskip("PIL.Image")
    file = io.BytesIO()
    pillow.new("RGB", (32, 32)).save(file, kind)
    url = data_url(file.getvalue(), f"image/{label}")
    assert seen(url)["messages"] == picture(url)


def test_the_registry_and_the_reader_of_bytes_call_the_formats_the_same() -> None:
    known = {media_type.removeprefix("image/") for media_type, _, _ in images._FORMATS}
    rules = [info.image_rules for info in registry().models.values() if info.image_rules is not None]
    assert rules
    assert all(set(each["formats"]) <= known for each in rules)


def test_the_bytes_decide_and_not_the_label() -> None:
    webp = b"RIFF\x16\0\0\0WEBPVP8 \x0a\0\0\0\x30\x01\0\x9d\x01\x2a\x10\0\x10\0"
    with pytest.raises(BadRequestError, match=f"{SCOUT} cannot take image 0: it is webp, and this API takes jpeg, png"):
        seen(data_url(webp, "image/png"))
    assert seen(data_url(base64.b64decode(PNG_PIXEL), "image/webp"))


@pytest.mark.parametrize(
    ("url", "flaw"),
    [
        ("data:image/png;base64,iVBORw0KGgo!", "invalid base64"),
        ("data:image/png;base64," + PNG_PIXEL[:-1], "invalid base64"),
        ("data:image/png;base64,AAAA", "the bytes are neither JPEG, PNG, GIF, ICO nor WEBP"),
        ("data:image/png," + PNG_PIXEL, "';base64' is missing"),
        (PNG_PIXEL, "it does not start with 'data:'; pass an https:// address or data:image/jpeg;base64,"),
        ("file:///etc/passwd", "not a data URL"),
        ("", "not a data URL"),
        (None, "its url is no text"),
        (5, "its url is no text"),
    ],
)
def test_an_image_that_is_none_is_refused(url: Any, flaw: str) -> None:
    with pytest.raises(BadRequestError, match=flaw) as caught:
        seen(url)
    assert (caught.value.provider, caught.value.model, caught.value.param) == ("meta_llama", SCOUT, "messages")
    assert PNG_PIXEL not in str(caught.value)


@pytest.mark.parametrize("url", ["https://a.example/x.webp", "http://a.example/x", "HTTPS://A.example/?q=1"])
def test_an_address_is_the_vendors_to_judge(url: str) -> None:
    assert seen(url)["messages"] == picture(url)


@pytest.mark.parametrize("image", ["https://a.example/x.png", None, 5])
def test_an_image_without_an_object_around_its_url_is_understood_or_refused(image: Any) -> None:
    messages = [{"role": "user", "content": [{"type": "image_url", "image_url": image}, 5, {"type": "text"}]}]
    made = call("meta_llama", model=SCOUT, info=llama(SCOUT), messages=messages)
    if isinstance(image, str):
        assert body(made)
    else:
        with pytest.raises(BadRequestError, match="its url is no text"):
            body(made)


def test_a_text_only_model_takes_no_image() -> None:
    with pytest.raises(BadRequestError, match=f"{LLAMA_33} takes text only, .*; use a Llama 4 model"):
        seen("https://a.example/x.png", LLAMA_33)


def test_nine_images_pass_and_ten_do_not() -> None:
    parts = picture("https://a.example/x.png")[0]["content"]
    made = [
        call("meta_llama", model=SCOUT, info=llama(SCOUT), messages=[{"role": "user", "content": parts * count}])
        for count in (9, 10)
    ]
    assert body(made[0])
    with pytest.raises(BadRequestError, match="takes 9 images a request, not 10"):
        body(made[1])


def test_an_image_of_25_mb_passes_and_one_byte_more_does_not() -> None:
    head = base64.b64decode(PNG_PIXEL)
    assert seen(data_url(head.ljust(26_214_400, b"\0")))
    with pytest.raises(BadRequestError, match="it has 26214401 bytes, and at most 26214400 are allowed"):
        seen(data_url(head.ljust(26_214_401, b"\0")))


def test_an_image_of_30_mb_is_refused_without_being_decoded() -> None:
    url = "data:image/png;base64," + "!" * 40_000_000  # no base64 at all, and nobody looks
    made = call("meta_llama", model=SCOUT, info=llama(SCOUT), messages=picture(url))
    with pytest.raises(BadRequestError, match="it has some 30000016 bytes, and at most 26214400 are allowed"):
        body(made)


@pytest.mark.parametrize("info", [None, ModelInfo("k", "meta_llama", "new", {})])
def test_what_the_registry_does_not_know_is_not_checked(info: ModelInfo | None) -> None:
    assert body(call("meta_llama", info=info, messages=picture("data:,")))

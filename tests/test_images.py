"""Images are judged by their bytes. Real files come from Pillow where it is there, headers by hand elsewhere."""

from __future__ import annotations

import base64
import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litellm_lite.images import Image, parse_data_url, sniff

PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBB", 13, b"IHDR", 640, 480, 8, 2, 0, 0, 0) + b"\0\0\0\0"
GIF = b"GIF89a" + struct.pack("<HHBBB", 320, 200, 0, 0, 0) + b";"
JPEG = (
    b"\xff\xd8\xff\xe0\x00\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0"
    b"\xff\xff\xfe\x00\x04hi"
    b"\xff\xc2\x00\x11\x08" + struct.pack(">HH", 123, 456) + b"\x03\x01\x22\x00\x02\x11\x01\x03\x11\x01\xff\xda"
)
ICO = struct.pack("<HHH", 0, 1, 2) + b"".join(
    struct.pack("<BBBBHHII", side, side, 0, 0, 1, 32, 4, 38) for side in (16, 0)
)
ICO += b"bits"
VP8 = b"RIFF\x16\0\0\0WEBPVP8 \x0a\0\0\0\x30\x01\0\x9d\x01\x2a" + struct.pack("<HH", 0x4000 | 300, 150)
VP8L = b"RIFF\x11\0\0\0WEBPVP8L\x05\0\0\0\x2f" + struct.pack("<I", (300 - 1) | (150 - 1) << 14)
VP8X = b"RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0" + (300 - 1).to_bytes(3, "little") + (150 - 1).to_bytes(3, "little")

SAMPLES = {
    "png": (PNG, "image/png", 640, 480),
    "gif": (GIF, "image/gif", 320, 200),
    "jpeg": (JPEG, "image/jpeg", 456, 123),
    "ico": (ICO, "image/x-icon", 256, 256),
    "webp lossy": (VP8, "image/webp", 300, 150),
    "webp lossless": (VP8L, "image/webp", 300, 150),
    "webp extended": (VP8X, "image/webp", 300, 150),
}


def url(data: bytes, media_type: str = "image/png") -> str:
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


@pytest.mark.parametrize("name", SAMPLES)
def test_format_and_sides_are_read_from_the_header(name: str) -> None:
    data, media_type, width, height = SAMPLES[name]
    assert sniff(data) == Image(media_type, len(data), width, height)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "ICO", "WEBP"])
def test_files_another_program_wrote_are_understood(kind: str) -> None:
    pillow = pytest.importorskip("PIL.Image")
    file = io.BytesIO()
    pillow.new("RGB", (64, 48)).save(file, kind, **({"sizes": [(64, 48)]} if kind == "ICO" else {}))
    image = sniff(file.getvalue())
    assert (image.width, image.height) == (64, 48)


def test_a_progressive_jpeg_with_a_thumbnail_gives_its_own_sides() -> None:
    pillow = pytest.importorskip("PIL.Image")
    file = io.BytesIO()
    exif = b"Exif\0\0" + b"\xff\xd8\xff\xc0\x00\x11\x08\x00\x01\x00\x01" * 9
    pillow.new("RGB", (33, 77)).save(file, "JPEG", progressive=True, exif=exif)
    assert (sniff(file.getvalue()).width, sniff(file.getvalue()).height) == (33, 77)


def test_a_jpeg_may_leave_its_height_open() -> None:
    open_height = JPEG.replace(struct.pack(">HH", 123, 456), struct.pack(">HH", 0, 456))
    assert sniff(open_height).height is None


@pytest.mark.parametrize("marker", [b"\xda", b"\xd9"])
def test_a_jpeg_without_a_frame_header_has_no_sides(marker: bytes) -> None:
    assert sniff(b"\xff\xd8\xff\xd0\xff" + marker) == Image("image/jpeg", 6, None, None)


def test_a_gif_with_an_empty_screen_has_no_sides() -> None:
    assert sniff(b"GIF87a\0\0\0\0\0\0\0").width is None


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not an image"),
        (b"%PDF-1.7", "not an image"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not an image"),
        (b"BM" + bytes(60), "not an image"),
        (PNG[:12] + b"JUNK" + PNG[16:], "IHDR"),
        (PNG[:16] + bytes(8) + PNG[24:], "without width"),
        (PNG[:20], "cut short"),
        (JPEG[:4] + b"\0\2JUNK", "segments"),
        (JPEG[:30], "cut short"),
        (b"\0\0\1\0\0\0", "without pictures"),
        (ICO[:-2], "outside"),
        (ICO[:12], "cut short"),
        (VP8.replace(b"VP8 ", b"ALPH"), "picture chunk"),
        (VP8.replace(b"\x9d\x01\x2a", b"\0\0\0"), "start code"),
        (VP8L.replace(b"\x2f", b"\0"), "signature"),
        (VP8X[:-1], "cut short"),
    ],
)
def test_what_is_no_sound_image_is_named(data: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        sniff(data)


@given(st.sampled_from([b"", *(sample[0][:n] for sample in SAMPLES.values() for n in (3, 12, 30))]), st.binary())
def test_no_bytes_raise_anything_but_value_error(start: bytes, rest: bytes) -> None:
    try:
        image = sniff(start + rest)
    except ValueError:
        return
    assert image.size == len(start + rest)


@pytest.mark.parametrize("name", SAMPLES)
def test_every_truncation_is_an_image_or_a_value_error(name: str) -> None:
    data = SAMPLES[name][0]
    for end in range(len(data)):
        try:
            sniff(data[:end])
        except ValueError:
            continue


def test_a_data_url_gives_its_declared_type_and_its_bytes() -> None:
    assert parse_data_url(url(b"abc", "Image/PNG")) == ("image/png", b"abc")


def test_parameters_and_case_of_a_data_url_do_not_matter() -> None:
    assert parse_data_url("DATA:image/png;name=a.png;BASE64,YWJj") == ("image/png", b"abc")


def test_a_data_url_without_a_type_is_plain_text() -> None:
    assert parse_data_url("data:;base64,YWJj") == ("text/plain", b"abc")


def test_the_declared_type_is_not_believed() -> None:
    declared, data = parse_data_url(url(GIF, "image/png"))
    assert (declared, sniff(data).media_type) == ("image/png", "image/gif")


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ("https://example.com/a.png", "does not start with"),
        ("data:image/png;base64", "no comma"),
        ("data:image/png,abc", "only base64"),
        ("data:,abc", "only base64"),
        ("data:image;base64,YWJj", "type/subtype"),
        ("data:image/png;base64,YWJ", "invalid base64"),
        ("data:image/png;base64,YW Jj", "invalid base64"),
        ("data:image/png;base64,YQ==YQ==", "invalid base64"),
        ("data:image/png;base64,YW\u00e9j", "outside ASCII"),
    ],
)
def test_a_malformed_data_url_is_named(bad: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_data_url(bad)


@given(st.binary(), st.sampled_from(["image/png", "image/svg+xml", ""]))
def test_any_bytes_survive_a_data_url(data: bytes, media_type: str) -> None:
    assert parse_data_url(url(data, media_type))[1] == data


@given(st.text())
def test_no_text_raises_anything_but_value_error(text: str) -> None:
    for candidate in (text, "data:" + text, "data:image/png;base64," + text):
        try:
            parse_data_url(candidate)
        except ValueError:
            continue

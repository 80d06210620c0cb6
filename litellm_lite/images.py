"""What an image is, read from its own bytes: its format, its size, its width and height.

Standard library only, no I/O. The declared media type of a data URL is returned but never believed:
`sniff` looks at the bytes. No pixel is decoded; only headers are read.
"""

from __future__ import annotations

import binascii
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass

_MEDIA_TYPE = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+\Z", re.ASCII)

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"

# JPEG markers, ITU-T T.81 table B.1: frame headers are C0-CF without C4 (Huffman tables), C8 (reserved)
# and CC (arithmetic conditioning). 01 and D0-D8 stand alone, D9 ends the image, DA starts the scan.
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_LONE = frozenset({0x01, *range(0xD0, 0xD9)})
_JPEG_PAST_HEADERS = frozenset({0xD9, 0xDA})

_Sides = tuple[int | None, int | None]


@dataclass(frozen=True, slots=True)
class Image:
    """One image as its bytes describe it.

    `size` is in bytes, `width` and `height` in pixels; a side is None where the format leaves it open
    (a JPEG may give its height after the first scan, a GIF may have an empty logical screen).
    """

    media_type: str
    size: int
    width: int | None
    height: int | None


def parse_data_url(url: str) -> tuple[str, bytes]:
    """Return the declared media type, in lower case, and the decoded bytes of a base64 data URL.

    An absent media type is `text/plain` (RFC 2397). Raises ValueError for anything else than a data URL
    with strictly valid base64: no white space, no missing padding, nothing after it.
    """
    if url[:5].lower() != "data:":
        raise ValueError("not a data URL: it does not start with 'data:'")
    header, comma, payload = url[5:].partition(",")
    if not comma:
        raise ValueError("malformed data URL: no comma between its type and its data")
    media_type, *parameters = header.split(";")
    if not parameters or parameters[-1].strip().lower() != "base64":
        raise ValueError("malformed data URL: only base64 is understood, ';base64' is missing before the comma")
    if media_type and not _MEDIA_TYPE.match(media_type):
        raise ValueError("malformed data URL: its media type is not of the form type/subtype")
    return media_type.lower() or "text/plain", _decode(payload)


def sniff(data: bytes) -> Image:
    """Describe the image in `data`, recognised as JPEG, PNG, GIF, ICO or WEBP by its first bytes.

    Raises ValueError when it is none of these, or when its headers are cut short or contradict themselves.
    """
    for media_type, is_it, read_sides in _FORMATS:
        if is_it(data):
            try:
                width, height = read_sides(data)
            except (struct.error, IndexError):
                raise ValueError(f"damaged image: its {media_type} header is cut short") from None
            return Image(media_type, len(data), width, height)
    raise ValueError("not an image: the bytes are neither JPEG, PNG, GIF, ICO nor WEBP")


def _decode(payload: str) -> bytes:
    try:
        return binascii.a2b_base64(payload.encode("ascii"), strict_mode=True)
    except UnicodeEncodeError:
        raise ValueError("malformed data URL: its base64 holds a character outside ASCII") from None
    except binascii.Error as error:
        raise ValueError(f"malformed data URL: invalid base64 ({error})") from None


def _png(data: bytes) -> _Sides:
    if data[12:16] != b"IHDR"[: len(data[12:16])]:
        raise ValueError("damaged image: a PNG that does not begin with its IHDR chunk")
    width, height = struct.unpack_from(">II", data, 16)
    if not width or not height:
        raise ValueError("damaged image: a PNG without width or height")
    return width, height


def _gif(data: bytes) -> _Sides:
    width, height = struct.unpack_from("<HH", data, 6)
    return width or None, height or None


def _jpeg(data: bytes) -> _Sides:
    at = 2
    while True:
        if data[at] != 0xFF:
            raise ValueError("damaged image: a JPEG whose segments do not follow one another")
        while data[at] == 0xFF:
            at += 1
        marker = data[at]
        at += 1
        if marker in _JPEG_PAST_HEADERS:
            return None, None
        if marker in _JPEG_LONE:
            continue
        if marker in _JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", data, at + 3)
            return width or None, height or None
        (length,) = struct.unpack_from(">H", data, at)
        at += max(length, 2)


def _ico(data: bytes) -> _Sides:
    (count,) = struct.unpack_from("<H", data, 4)
    if not count:
        raise ValueError("damaged image: an ICO without pictures")
    sides = []
    for index in range(count):
        width, height, *_, size, offset = struct.unpack_from("<BBBBHHII", data, 6 + 16 * index)
        if not size or offset < 6 + 16 * count or offset + size > len(data):
            raise ValueError("damaged image: an ICO whose directory points outside the file")
        # One byte holds a side, and 0 stands for 256.
        sides.append((width or 256, height or 256))
    return max(sides, key=lambda side: side[0] * side[1])


def _webp(data: bytes) -> _Sides:
    read = _WEBP_CHUNKS.get(data[12:16])
    if read is None:
        raise ValueError("damaged image: a WEBP without a picture chunk")
    return read(data)


def _webp_lossy(data: bytes) -> _Sides:
    # RFC 6386 9.1: three bytes of frame tag, the start code, then two sides of 14 bits and a 2-bit scale.
    if data[23:26] != b"\x9d\x01\x2a":
        raise ValueError("damaged image: a WEBP whose key frame has no start code")
    width, height = struct.unpack_from("<HH", data, 26)
    return width & 0x3FFF or None, height & 0x3FFF or None


def _webp_lossless(data: bytes) -> _Sides:
    if data[20] != 0x2F:
        raise ValueError("damaged image: a lossless WEBP without its signature")
    (bits,) = struct.unpack_from("<I", data, 21)
    return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1


def _webp_extended(data: bytes) -> _Sides:
    width, height = struct.unpack_from("<I", data, 24)[0], struct.unpack_from("<I", data[27:30] + b"\0")[0]
    return (width & 0xFFFFFF) + 1, height + 1


_WEBP_CHUNKS: dict[bytes, Callable[[bytes], _Sides]] = {
    b"VP8 ": _webp_lossy,
    b"VP8L": _webp_lossless,
    b"VP8X": _webp_extended,
}

_FORMATS: tuple[tuple[str, Callable[[bytes], bool], Callable[[bytes], _Sides]], ...] = (
    ("image/jpeg", lambda data: data[:3] == b"\xff\xd8\xff", _jpeg),
    ("image/png", lambda data: data[:8] == _PNG_SIGNATURE, _png),
    ("image/gif", lambda data: data[:6] in (b"GIF87a", b"GIF89a"), _gif),
    ("image/webp", lambda data: data[:4] == b"RIFF" and data[8:12] == b"WEBP", _webp),
    ("image/x-icon", lambda data: data[:4] == b"\0\0\1\0", _ico),
)

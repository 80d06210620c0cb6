"""Which proxy lies on the way: the environment's, and whom it leaves out."""

from __future__ import annotations

from typing import Any

import pytest

from litellm_lite.errors import BadRequestError
from litellm_lite.transport.proxies import Proxies

BOTH = {"http": "http://plain:1", "https": "http://secure:2"}


@pytest.mark.parametrize(
    ("known", "url", "proxy"),
    [
        ({}, "http://a.example/v1", None),
        (BOTH, "http://a.example/v1", "http://plain:1"),
        (BOTH, "https://a.example/v1", "http://secure:2"),
        ({"https": "http://secure:2"}, "http://a.example/v1", None),
        ({"all": "http://any:3"}, "https://a.example/v1", "http://any:3"),
        ({**BOTH, "all": "http://any:3"}, "https://a.example/v1", "http://secure:2"),
        ({"http": "bare:8080"}, "http://a.example/v1", "http://bare:8080"),
        ({"http": "HTTPS://tls:1"}, "http://a.example/v1", "HTTPS://tls:1"),
        ({"http": ""}, "http://a.example/v1", None),
    ],
)
def test_each_scheme_has_its_proxy(known: dict[str, str], url: str, proxy: str | None) -> None:
    assert Proxies(known).of(url) == proxy


@pytest.mark.parametrize(
    ("outside", "url", "left_out"),
    [
        ("a.example", "http://a.example/v1", True),
        ("A.Example", "http://a.EXAMPLE/v1", True),
        ("a.example", "http://b.a.example/v1", True),
        (".a.example", "http://b.a.example/v1", True),
        (".a.example", "http://a.example/v1", True),
        ("*.a.example", "http://b.a.example/v1", True),
        ("a.example", "http://ba.example/v1", False),
        ("a.example:8080", "http://a.example:8080/v1", True),
        ("a.example:8080", "http://a.example/v1", False),
        ("a.example:80", "http://a.example/v1", True),
        ("*", "http://a.example/v1", True),
        ("b.example, *", "http://a.example/v1", True),
        ("b.example ,, a.example", "http://a.example/v1", True),
        ("localhost", "http://localhost:8000/v1", True),
        ("127.0.0.1", "http://127.0.0.1:8000/v1", True),
        ("10.0.0.0/8", "http://10.1.2.3/v1", True),
        ("10.0.0.0/8", "http://11.1.2.3/v1", False),
        ("10.0.0.0/8", "http://a.example/v1", False),
        ("::1", "http://[::1]:8000/v1", True),
        ("[::1]:8000", "http://[::1]:8000/v1", True),
        ("[::1]:8001", "http://[::1]:8000/v1", False),
        ("10.0.0.0/8", "http://[::1]:8000/v1", False),
        ("", "http://a.example/v1", False),
    ],
)
def test_some_hosts_are_left_out(outside: str, url: str, left_out: bool) -> None:
    assert (Proxies({**BOTH, "no": outside}).of(url) is None) is left_out


def test_a_proxy_of_an_unknown_kind_is_refused_without_its_password() -> None:
    known: dict[str, Any] = {"all": "socks5://bob:secret@socks.example:1080"}
    with pytest.raises(BadRequestError, match=r"socks5:// proxy.*NO_PROXY") as caught:
        Proxies(known).of("https://a.example/v1")
    assert "secret" not in str(caught.value)

"""A price file is read exactly, or refused by name before it can do harm."""

import json
import os
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import litellm_lite
from litellm_lite.registry import model_cost, register_model, registry
from litellm_lite.registry.files import bundled, from_file
from litellm_lite.registry.rows import checked, exact


@pytest.fixture(autouse=True)
def _fresh():
    registry().reset()
    yield
    registry().reset()


@pytest.fixture
def price_file(tmp_path):
    """Write a file of these bytes, or of this text."""

    def write(content):
        path = tmp_path / "prices.json"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.mark.parametrize("kind", [str, Path, os.fsencode])
def test_a_file_of_litellms_format_is_read_exactly_and_named_as_the_source(price_file, kind):
    rows = (
        '{"sample_spec": {"max_tokens": "a word"}, "fallback_generalizations": {"rules": []},'
        ' "local/tiny": {"input_cost_per_token": 1.1e-06, "rpm": 1000.0, "regional_uplift": 1.10}}'
    )
    path = price_file(rows)
    register_model(kind(path))
    info = registry().models["local/tiny"]
    assert (info.input_cost_per_token, info.source) == (Decimal("0.0000011"), str(path))
    assert (info.limit("rpm"), str(info.row["regional_uplift"])) == (1000, "1.10")
    assert "sample_spec" not in model_cost
    assert "fallback_generalizations" not in model_cost


def test_a_file_may_begin_with_a_byte_order_mark(price_file):
    register_model(price_file(b'\xef\xbb\xbf{"local/tiny": {}}'))
    assert "local/tiny" in model_cost


@pytest.mark.parametrize(
    ("content", "flaw"),
    [
        (b"", "is not JSON in UTF-8: Expecting value"),
        (b"{", "is not JSON in UTF-8: Expecting property name"),
        (b"\x80", "is not JSON in UTF-8: .* can't decode byte 0x80"),
        ('{"a/b": {"rpm": 1}}'.encode("utf-16"), "is not JSON in UTF-8"),
        (b"[]", "must hold one object with a row for each model"),
        (b"null", "must hold one object"),
        (b'{"a/b": {"input_cost_per_token": NaN}}', "holds NaN, which is no number of JSON"),
        (b'{"a/b": {"rpm": Infinity}}', "holds Infinity, which"),
        (b'{"a/b": {"anything": [-Infinity]}}', "holds -Infinity, which"),
        (b'{"a/b": {"rpm": 1}, "c/d": {}, "a/b": {"rpm": 2}}', "holds 'a/b' twice"),
        (b'{"c/d": {}, "a/b": {"rpm": 1, "tpm": 1, "rpm": 2}}', "holds 'a/b' > 'rpm' twice"),
        (b'{"a/b": {"x": {"y": 1, "y": 1}}}', "holds 'a/b' > 'x' > 'y' twice"),
        (b'{"a/b": 1' + b"0" * 5000 + b"}", "is not JSON"),
        (b'{"a/b": {"rpm": 1e-99999999999999999999}}', "holds 1e-99999999999999999999, which no number here can be"),
        (b"[" * 200_000, "is nested too deep for a price file"),
        (b'{"a/b": ' * 200_000, "is nested too deep for a price file"),
    ],
)
def test_a_file_that_is_no_price_file_is_refused_by_name(price_file, content, flaw):
    with pytest.raises(ValueError, match=rf"^register_model: '[^']*prices\.json' {flaw}"):
        register_model(price_file(content))


@pytest.mark.parametrize(
    ("content", "flaw"),
    [
        ('{"a/b": {"input_cost_per_token": 1e999}}', "'a/b': input_cost_per_token must be US dollars"),
        ('{"a/b": {"input_cost_per_token": -0.1}}', "'a/b': input_cost_per_token must be US dollars"),
        ('{"a/b": {"tpm": 1e999999999}}', "'a/b': tpm must be a whole number"),
        ('{"a/b": {"anything": 1e999999999}}', "'a/b': anything must be "),
        ('{"a/b": {"anything": [{"x": 1, "x": 2}]}}', r"'a/b': anything\[0\] must be .*Twice"),
        ('{"a/b": ' + '{"x": ' * 40 + "1" + "}" * 41, "is nested deeper than 16 levels"),
    ],
)
def test_a_flawed_row_of_a_file_is_refused_like_one_of_a_dict(price_file, content, flaw):
    with pytest.raises(ValueError, match=flaw):
        register_model(price_file(content))
    assert "a/b" not in model_cost


def test_a_missing_file_and_a_folder_are_refused_by_name(tmp_path):
    with pytest.raises(ValueError, match=r"nothing\.json' cannot be read: No such file"):
        register_model(tmp_path / "nothing.json")
    with pytest.raises(ValueError, match=r"cannot be read: Is a directory"):
        register_model(tmp_path)


def test_a_file_of_100_mb_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "prices.json"
    with path.open("wb") as file:
        file.truncate(100 * 2**20)
    with pytest.raises(ValueError, match=r"prices\.json' is larger than 32 MB, too large for a price file"):
        register_model(path)


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="there is no endless device here")
def test_a_device_without_end_is_cut_off():
    with pytest.raises(ValueError, match=r"is larger than 32 MB"):
        register_model("/dev/zero")


def test_a_url_is_refused_because_nothing_is_downloaded():
    with pytest.raises(ValueError, match="nothing is downloaded"):
        register_model("https://example.com/prices.json")


@settings(deadline=None)
@given(
    st.binary(max_size=40) | st.recursive(st.text(), lambda inner: st.dictionaries(st.text(), inner)).map(json.dumps)
)
def test_any_file_is_read_or_refused(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "any.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    try:
        rows, flaw = from_file(str(path)), ""
    except ValueError as error:
        rows, flaw = {}, str(error)
    assert "any.json" in flaw or rows == json.loads(path.read_bytes())


def test_the_bundled_file_passes_every_check_a_users_file_has_to():
    for key, row in bundled().items():
        assert checked(key, row) == exact(row)


def test_the_bundled_file_is_exact_though_it_is_read_as_floats():
    """A number whose shortest text as a float is another one may not stand in the file."""
    written = Path(litellm_lite.__file__).with_name("model_prices.json").read_bytes()
    as_written = json.loads(written, parse_float=Decimal)
    assert [key for key, row in bundled().items() if exact(row) != exact(as_written[key])] == []

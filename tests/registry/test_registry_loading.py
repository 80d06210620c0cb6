"""The registry is read once, when first asked, whatever threads do; it stays quick when it is large."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from threading import Barrier

from litellm_lite.registry import Registry, registry
from litellm_lite.registry.files import bundled

ROOT = Path(__file__).resolve().parents[2]


def _counting_registry():
    """A registry of one model, and the list of times that it was read."""
    reads = []

    def read():
        reads.append("read")
        return {"a/b": {"litellm_provider": "a"}}

    return Registry(read), reads


def test_the_file_is_read_once_and_only_when_asked():
    own, reads = _counting_registry()
    assert reads == []
    assert own.find("a", "b") is own.find("a", "b") is own.models["a/b"]
    own.register({"a/c": {}}, "test")
    own.reset()
    assert own.find("a", "c") is None
    assert own.find("a", "b") is not None
    assert reads == ["read"]


def test_many_threads_read_the_file_once_and_lose_no_registration():
    own, reads = _counting_registry()

    def work(number):
        assert own.find("a", "b") is not None
        own.register({f"a/{number}": {"rpm": number}}, "test")
        return own.find("a", str(number))

    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(work, range(200)))
    assert reads == ["read"]
    assert [info and info.limit("rpm") for info in found] == list(range(200))
    assert len(own.models) == 201


def test_a_row_becomes_a_model_when_it_is_first_asked_for():
    own = Registry(
        lambda: {"a/b": {"litellm_provider": "a", "input_cost_per_token": 1.1e-06}, "a/c": {"litellm_provider": "a"}}
    )
    info = own.find("a", "b")
    assert info is not None
    assert info.input_cost_per_token == Decimal("0.0000011")
    assert {key: len(entry.made) for key, entry in own._loaded().entries.items()} == {"a/b": 1, "a/c": 0}


def test_every_thread_gets_the_same_model_while_rows_are_registered():
    own = Registry(lambda: {f"a/{number}": {"litellm_provider": "a", "rpm": number} for number in range(50)})
    together = Barrier(9)

    def read(_):
        together.wait()
        found = [own.find("a", str(number)) for _ in range(20) for number in range(50)]
        rows = [dict(own.models) for _ in range(5)]
        return found[:50], rows

    with ThreadPoolExecutor(9) as pool:
        reads = [pool.submit(read, number) for number in range(8)]
        together.wait()
        for number in range(30):
            own.register({f"b/{number}": {"rpm": 1}, f"c/{number}": {"rpm": 2}}, "test")
        answers = [read.result() for read in reads]
    for found, rows in answers:
        assert all(mine is first for mine, first in zip(found, answers[0][0], strict=True))
        # Each registration is seen whole or not at all.
        assert {len(models) % 2 for models in rows} == {0}


def _many():
    """1500 rows, as large as those of the file."""
    rows = list(bundled().items())
    return {
        f"{row['litellm_provider']}/{key}-{number}": {
            **row,
            "aliases": [f"{key}-alias-{number}-{at}" for at in range(3)],
        }
        for number, (key, row) in ((number, rows[number % len(rows)]) for number in range(1500))
    }


def _seconds(task):
    """The quickest of five runs."""
    runs = []
    for _ in range(5):
        started = time.perf_counter()
        task()
        runs.append(time.perf_counter() - started)
    return min(runs)


def test_1500_rows_are_quick_to_index_to_find_and_to_describe():
    """Ten times the targets and more: what would fail is another order of growth, not a busy machine."""
    rows = _many()
    own = Registry(lambda: rows)
    last = list(rows)[-1]

    assert _seconds(lambda: Registry(lambda: rows).find("", "")) < 0.4
    few = Registry(lambda: dict(list(rows.items())[-10:]))

    def describe(registry):
        return _seconds(lambda: [registry.lookup(last).describe() for _ in range(1000)])

    quick = describe(few)
    assert describe(own) < min(10 * quick, 0.1)
    assert _seconds(lambda: own.suggest("meta_llama/Lama-3.3-70B")) < 0.5
    assert _seconds(lambda: own.suggest("x" * 1_000_000)) < 0.5
    assert _seconds(lambda: [info.plain_row() for info in own.models.values()]) < 1


def test_the_price_file_is_opened_by_the_first_question_not_by_the_import():
    script = (
        "import sys\n"
        "sys.addaudithook(lambda event, args: event == 'open' and 'model_prices' in str(args[0]) and print(args[0]))\n"
        "import litellm_lite.registry, litellm_lite.cost\n"
        "print('imported')\n"
        "litellm_lite.registry.get_model_info('gpt-4o')\n"
    )
    run = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    first, second = run.stdout.split()
    assert first == "imported"
    assert second.endswith("model_prices.json")


def test_every_price_of_the_bundled_file_is_a_decimal_wherever_it_stands():
    for info in registry().models.values():
        assert {type(value) for value in _money(info.row)} <= {Decimal, type(None)}
        assert not any(isinstance(value, float) for value in _leaves(info.row))


def _money(value, money=False):
    if isinstance(value, list):
        value = dict(enumerate(value))
    if not hasattr(value, "items"):
        return [value] if money else []
    return [leaf for name, inner in value.items() for leaf in _money(inner, money or "cost" in str(name))]


def _leaves(value):
    if isinstance(value, list):
        value = dict(enumerate(value))
    return [leaf for inner in value.values() for leaf in _leaves(inner)] if hasattr(value, "items") else [value]

"""A configuration that changes: what is good is taken over, what is bad is told and changes nothing. On real files."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from litellm_lite.errors import BadRequestError
from litellm_lite.proxy.config import GatewayConfig, load
from litellm_lite.proxy.flaws import ConfigError
from litellm_lite.proxy.reload import Reload, folders_of, watch

LONGEST_S = 20


def good(name: str, more: str = "") -> str:
    return f"model_list: [{{model_name: {name}, litellm_params: {{model: openai/gpt-4o, api_key: k}}}}]\n{more}"


def named(config: GatewayConfig) -> str:
    return ", ".join(entry["model_name"] for entry in config.model_list)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(good("one"))
    return path


@pytest.fixture(autouse=True)
def _environment() -> Iterator[None]:
    """Forget what a configuration has set."""
    before = dict(os.environ)
    yield
    for name in os.environ.keys() - before.keys():
        del os.environ[name]


def begun(file: Path, taken: list[str]) -> Reload:
    """Return one that has begun, and adds the names of every configuration that counts to `taken`."""
    reload = Reload(lambda: load(file), lambda config: taken.append(named(config)))
    reload.begin()
    return reload


def test_a_good_file_is_handed_over(file: Path) -> None:
    taken: list[str] = []
    reload = begun(file, taken)
    file.write_text(good("two"))
    assert reload.stale()
    assert reload.again()
    assert (taken, named(reload.config), reload.stale()) == (["one", "two"], "two", False)


def test_a_bad_file_at_the_start_is_raised(file: Path) -> None:
    file.write_text("model_list: 3")
    with pytest.raises(ConfigError, match="model_list: must be a list"):
        begun(file, [])


def test_a_bad_file_keeps_what_there_is_and_every_flaw_is_logged_once(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    taken: list[str] = []
    reload = begun(file, taken)
    file.write_text("model_list: 3\nmoddel_list: 1")
    assert not reload.again()
    assert (taken, named(reload.config), reload.stale()) == (["one"], "one", False)
    said = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert said == [
        f"the changed configuration is not used: {file}:1: model_list: must be a list",
        f"the changed configuration is not used: {file}:2: moddel_list: is not known; did you mean 'model_list'?",
    ]


def test_what_cannot_be_applied_keeps_what_there_is(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    def apply(config: GatewayConfig) -> None:
        if named(config) == "two":
            raise BadRequestError("there is no room")

    reload = Reload(lambda: load(file), apply)
    reload.begin()
    file.write_text(good("two"))
    assert not reload.again()
    assert (named(reload.config), reload.stale()) == ("one", False)
    assert "the changed configuration is not used: there is no room" in caplog.text


def test_variables_are_those_of_the_configuration_that_counts(file: Path) -> None:
    file.write_text(good("one", "environment_variables: {OF_ONE: a}"))
    seen: list[str | None] = []
    reload = Reload(lambda: load(file), lambda _: seen.append(os.environ.get("OF_ONE")))
    reload.begin()
    file.write_text(good("bad", "mine: os.environ/OF_ONE"))
    assert not reload.again()
    assert os.environ["OF_ONE"] == "a"
    file.write_text(good("two"))
    assert reload.again()
    assert (seen, os.environ.get("OF_ONE")) == (["a", None], None)


def test_what_an_old_configuration_set_is_not_there_for_a_new_one(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    file.write_text(good("one", "environment_variables: {OF_ONE: a}"))
    reload = begun(file, [])
    file.write_text(good("two", "general_settings: {master_key: os.environ/OF_ONE}"))
    assert not reload.again()
    assert "refers to the environment variable 'OF_ONE', which is not set" in caplog.text


Next = Callable[[], Awaitable[str]]


@asynccontextmanager
async def watched(file: Path) -> AsyncIterator[tuple[Reload, Next]]:
    """Watch a file; gives what awaits the name of the next configuration that is handed over."""
    taken: asyncio.Queue[str] = asyncio.Queue()
    reload = Reload(lambda: load(file), lambda config: taken.put_nowait(named(config)))
    reload.begin()
    assert await taken.get() == "one"
    stop = asyncio.Event()
    watching = asyncio.create_task(watch(reload, stop))
    for _ in range(3):  # until it watches
        await asyncio.sleep(0)
    try:
        async with asyncio.timeout(LONGEST_S):
            yield reload, taken.get
            stop.set()
            await watching
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


@pytest.fixture
def errors() -> Iterator[asyncio.Queue[str]]:
    """Return where the errors are that are logged."""
    told: asyncio.Queue[str] = asyncio.Queue()

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            told.put_nowait(record.getMessage())

    handler = Handler(logging.ERROR)
    logger = logging.getLogger("litellm_lite.proxy.reload")
    logger.addHandler(handler)
    yield told
    logger.removeHandler(handler)


def write(file: Path, text: str) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)


def remove(file: Path) -> None:
    file.unlink()


def put_in_place(file: Path, text: str) -> None:
    """Write as editors do: another file, and then its name."""
    other = file.with_name(".config.swp")
    other.write_text(text)
    other.replace(file)


def test_a_file_that_is_written_or_replaced_is_read_anew(file: Path) -> None:
    async def play() -> None:
        async with watched(file) as (_, taken):
            write(file, good("two"))
            assert await taken() == "two"
            put_in_place(file, good("three"))
            assert await taken() == "three"
            put_in_place(file, good("four"))
            assert await taken() == "four"

    asyncio.run(play())


def test_a_change_before_the_first_look_is_seen(file: Path) -> None:
    async def play() -> None:
        reload = Reload(lambda: load(file), lambda config: taken.put_nowait(named(config)))
        taken: asyncio.Queue[str] = asyncio.Queue()
        reload.begin()
        write(file, good("two"))
        watching = asyncio.create_task(watch(reload, asyncio.Event()))
        assert [await taken.get(), await taken.get()] == ["one", "two"]
        watching.cancel()
        with pytest.raises(asyncio.CancelledError):
            await watching

    asyncio.run(asyncio.wait_for(play(), LONGEST_S))


def test_a_bad_file_is_told_and_the_next_good_one_is_used(file: Path, errors: asyncio.Queue[str]) -> None:
    async def play() -> None:
        async with watched(file) as (reload, taken):
            put_in_place(file, "model_list: 3")
            assert "model_list: must be a list" in await errors.get()
            assert named(reload.config) == "one"
            remove(file)
            assert "cannot read" in await errors.get()
            write(file, good("two"))
            assert await taken() == "two"

    asyncio.run(play())


def test_a_file_that_is_touched_or_stands_beside_is_no_change(file: Path) -> None:
    async def play() -> None:
        async with watched(file) as (_, taken):
            os.utime(file)
            put_in_place(file, good("one"))
            write(file.with_name("another.txt"), "x")
            write(file, good("two"))
            assert await taken() == "two"

    asyncio.run(play())


def test_an_included_file_is_watched_where_it_is(file: Path, errors: asyncio.Queue[str]) -> None:
    async def play() -> None:
        more = file.parent / "more" / "two.yaml"
        async with watched(file) as (_, taken):
            write(file, good("one", "include: more/two.yaml"))
            assert "cannot read 'more/two.yaml'" in await errors.get()
            write(more, good("two"))
            assert await taken() == "one, two"
            write(more, good("three"))
            assert await taken() == "one, three"

    asyncio.run(play())


def test_a_mounted_map_of_kubernetes_is_followed(tmp_path: Path) -> None:
    """The file is a link into `..data`, which is a link to a folder; with a change another link takes its name."""

    def mount(name: str, text: str) -> None:
        folder = tmp_path / name
        folder.mkdir()
        (folder / "config.yaml").write_text(text)
        (tmp_path / "..data_tmp").symlink_to(name)
        (tmp_path / "..data_tmp").rename(tmp_path / "..data")

    async def play() -> None:
        async with watched(tmp_path / "config.yaml") as (_, taken):
            mount("..2", good("two"))
            assert await taken() == "two"
            shutil.rmtree(tmp_path / "..1")
            mount("..3", good("three"))
            assert await taken() == "three"

    mount("..1", good("one"))
    (tmp_path / "config.yaml").symlink_to("..data/config.yaml")
    asyncio.run(play())


def test_a_folder_that_is_gone_and_comes_back_is_found_again(tmp_path: Path, errors: asyncio.Queue[str]) -> None:
    file = tmp_path / "etc" / "config.yaml"

    async def play() -> None:
        async with watched(file) as (_, taken):
            shutil.rmtree(file.parent)
            assert "cannot read" in await errors.get()
            write(file, good("two"))
            assert await taken() == "two"

    file.parent.mkdir()
    file.write_text(good("one"))
    asyncio.run(play())


def test_without_a_file_there_is_nothing_to_watch() -> None:
    reload = Reload(lambda: GatewayConfig(source="the environment", model_list=()), lambda _: None)
    reload.begin()
    asyncio.run(asyncio.wait_for(watch(reload, asyncio.Event()), LONGEST_S))


def test_links_that_lead_in_a_circle_end(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    assert [folder for folder, _ in folders_of([str(tmp_path / "a")])] == [str(tmp_path)]

"""The rules of the house: who may know whom, who may read a clock or the environment, how long a thing may be.

Each rule is a table and a small checker that reads the syntax tree; nothing is imported. A breach is told as
`file:line: rule`. At the end every checker is shown a planted breach, so that none of them sleeps.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# A room is the first name under litellm_lite: a module, or a package with all that is in it.
NOUNS = {"call", "errors", "types"}
EDGES = {"__main__", "cli", "doctor", "emulator", "proxy"}

MAY_KNOW = {
    "call": NOUNS,
    "errors": NOUNS,
    "types": NOUNS,
    "providers": NOUNS
    | {"images", "params", "providers", "retry_after", "sse", "tokens", "transformer", "vendor_errors"},
}
MAY_NAME_AS_TYPE = {"call": {"registry"}, "providers": {"registry", "streams"}}

CLIENT_HOMES = {
    "aiohttp": "litellm_lite.transport.aiohttp_engine",
    "httpx": "litellm_lite.transport.httpx_engine",
    "pyreqwest": "litellm_lite.transport.pyreqwest_engine",
}

ENVIRONMENT = {"os.environ", "os.environb", "os.getenv", "os.getenvb"}
READS_ENVIRONMENT = {"litellm_lite.resolve", "litellm_lite.proxy.config"}

CLOCKS = {
    "time",
    "asyncio.sleep",
    "asyncio.timeout",
    "asyncio.timeout_at",
    "asyncio.wait_for",
    "anyio.fail_after",
    "anyio.move_on_after",
    "anyio.sleep",
    "datetime.datetime.now",
    "datetime.datetime.utcnow",
    "datetime.date.today",
    "threading.Timer",
}
KNOWS_CLOCK = {"retries", "router", "transport"} | EDGES

LONGEST_FILE = 400
LONGEST_FUNCTION = 40
NO_SUCH_NAMES = {"common", "helper", "helpers", "manager", "managers", "misc", "util", "utils"}
TABLES_WHEN_FILLED = {"bytearray", "dict", "list", "set"}
ALWAYS_STATE = {"Counter", "OrderedDict", "WeakKeyDictionary", "WeakSet", "WeakValueDictionary", "defaultdict", "deque"}

HEAVY = {"aiohttp", "httpx", "pydantic", "pyreqwest", "tenacity", "tiktoken"}


@dataclass(frozen=True)
class Import:
    """One imported module or name, by its full dotted path."""

    path: str
    line: int
    type_only: bool

    @property
    def room(self) -> str | None:
        """The room of ours that is imported, if it is ours."""
        top, _, rest = self.path.partition(".")
        return rest.partition(".")[0] if top == "litellm_lite" and rest else None


@dataclass(frozen=True)
class Module:
    """One source file and what its syntax tree tells."""

    file: str
    name: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.file)

    @property
    def room(self) -> str:
        return self.name.removeprefix("litellm_lite").lstrip(".").partition(".")[0]

    @cached_property
    def imports(self) -> list[Import]:
        return list(_imports(self.tree, type_only=False))

    def uses(self) -> Iterator[tuple[str, int]]:
        """Yield every outside name that is imported or reached through an import, as a dotted path with its line."""
        bound = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                prefix = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
                for alias in node.names:
                    bound[alias.asname or alias.name] = prefix + alias.name
                    yield prefix + alias.name, node.lineno
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Attribute) and (path := _dotted(node)) is not None:
                head, _, rest = path.partition(".")
                if head in bound:
                    yield f"{bound[head]}.{rest}", node.lineno


def _imports(node: ast.AST, *, type_only: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (Import(alias.name, child.lineno, type_only) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            yield from (Import(f"{child.module}.{alias.name}", child.lineno, type_only) for alias in child.names)
        elif isinstance(child, ast.If) and ast.unparse(child.test).removeprefix("typing.") == "TYPE_CHECKING":
            yield from _imports(ast.Module(child.body, []), type_only=True)
            yield from _imports(ast.Module(child.orelse, []), type_only=type_only)
        else:
            yield from _imports(child, type_only=type_only)


def _dotted(node: ast.expr) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (head := _dotted(node.value)) is not None:
        return f"{head}.{node.attr}"
    return None


def _sources() -> list[Module]:
    """Every source file, by the name it is imported under; providers/ is reached from the root."""
    found = []
    for top, package in (("litellm_lite", "litellm_lite"), ("providers", "litellm_lite.providers")):
        for path in sorted((ROOT / top).rglob("*.py")):
            parts = path.relative_to(ROOT / top).with_suffix("").parts
            name = ".".join((package, *(part for part in parts if part != "__init__")))
            if top == "providers" or not name.startswith("litellm_lite.providers"):
                found.append(Module(str(path.relative_to(ROOT)), name, path.read_text(encoding="utf-8")))
    return found


def rooms_know_only_their_neighbours(module: Module) -> Iterator[tuple[int, str]]:
    if module.room not in MAY_KNOW:
        return
    allowed, as_type = MAY_KNOW[module.room], MAY_NAME_AS_TYPE.get(module.room, set())
    for imported in module.imports:
        room = imported.room
        if room is None or room in allowed or (room in as_type and imported.type_only):
            continue
        only = " outside TYPE_CHECKING" if room in as_type else ""
        yield imported.line, f"{module.room} may not import {room}{only}; it knows {', '.join(sorted(allowed))}"


def only_edges_know_edges(module: Module) -> Iterator[tuple[int, str]]:
    if module.room in EDGES:
        return
    for imported in module.imports:
        if imported.room in EDGES:
            yield imported.line, f"nothing but {', '.join(sorted(EDGES))} may import {imported.room}"


def one_engine_knows_its_client(module: Module) -> Iterator[tuple[int, str]]:
    if module.room in EDGES:
        return
    for imported in module.imports:
        client = imported.path.partition(".")[0]
        home = CLIENT_HOMES.get(client, module.name)
        if home != module.name and not imported.type_only:  # a type costs nothing
            yield imported.line, f"only {home} imports {client}"


def few_read_the_environment(module: Module) -> Iterator[tuple[int, str]]:
    if module.name in READS_ENVIRONMENT:
        return
    for path, line in module.uses():
        if any(path == name or path.startswith(f"{name}.") for name in ENVIRONMENT):
            yield line, f"{path}: only {', '.join(sorted(READS_ENVIRONMENT))} read the environment"


def few_know_a_clock(module: Module) -> Iterator[tuple[int, str]]:
    if module.room in KNOWS_CLOCK:
        return
    for path, line in module.uses():
        if any(path == name or path.startswith(f"{name}.") for name in CLOCKS):
            yield line, f"{path}: only {', '.join(sorted(KNOWS_CLOCK))} know a clock; elsewhere it is an argument"


def files_are_short(module: Module) -> Iterator[tuple[int, str]]:
    lines = module.text.count("\n")
    if lines > LONGEST_FILE:
        yield lines, f"{lines} lines; at most {LONGEST_FILE}"


def functions_are_short(module: Module) -> Iterator[tuple[int, str]]:
    """The parameters count as one line: LiteLLM's signatures are tables of forty names."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = 1 + (node.end_lineno or node.lineno) - (node.body[0].lineno - 1)
            if length > LONGEST_FUNCTION:
                yield node.lineno, f"{node.name} has {length} lines; at most {LONGEST_FUNCTION}"


def names_say_what_is_inside(module: Module) -> Iterator[tuple[int, str]]:
    if module.name.rpartition(".")[2].lstrip("_") in NO_SUCH_NAMES:
        yield 1, f"a module named {module.name.rpartition('.')[2]} says nothing; name it after what is inside"


def no_state_lives_in_a_module(module: Module) -> Iterator[tuple[int, str]]:
    """A filled literal is a table; an empty one waits to be changed."""
    for node in module.tree.body:
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        if value is not None and _is_state(value):
            yield node.lineno, "mutable state in a module; put it into an object that someone owns"


def _is_state(value: ast.expr) -> bool:
    match value:
        case ast.Dict(keys=[]) | ast.List(elts=[]):
            return True
        case ast.Call(func=func):
            called = (_dotted(func) or "").rpartition(".")[2]
            return called in ALWAYS_STATE or (called in TABLES_WHEN_FILLED and not value.args and not value.keywords)
    return False


Rule = Callable[[Module], Iterator[tuple[int, str]]]
RULES: list[Rule] = [
    rooms_know_only_their_neighbours,
    only_edges_know_edges,
    one_engine_knows_its_client,
    few_read_the_environment,
    few_know_a_clock,
    files_are_short,
    functions_are_short,
    names_say_what_is_inside,
    no_state_lives_in_a_module,
]


def breaches(rule: Rule, modules: list[Module]) -> list[str]:
    return [f"{module.file}:{line}: {what}" for module in modules for line, what in rule(module)]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_house_keeps_its_rules(rule: Rule) -> None:
    found = breaches(rule, _sources())
    assert not found, "\n" + "\n".join(found)


def test_every_table_names_modules_that_stand() -> None:
    """A rule about a module that was renamed would hold for ever."""
    standing = {module.name for module in _sources()}
    later = {"litellm_lite.proxy.config"}
    named = {*CLIENT_HOMES.values(), *READS_ENVIRONMENT, *(f"litellm_lite.{room}" for room in MAY_KNOW)}
    assert named - later <= standing


def test_importing_the_library_loads_no_client_and_no_models() -> None:
    script = "import sys, litellm_lite; print(*{name.partition('.')[0] for name in sys.modules})"
    run = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not HEAVY & set(run.stdout.split())


@pytest.mark.parametrize(
    ("rule", "name", "text", "line", "what"),
    [
        (rooms_know_only_their_neighbours, "errors", "from litellm_lite import api", 1, "errors may not import api"),
        (rooms_know_only_their_neighbours, "call", "from litellm_lite.registry import x", 1, "outside TYPE_CHECKING"),
        (rooms_know_only_their_neighbours, "providers.a", "\nimport litellm_lite.transport", 2, "import transport"),
        (only_edges_know_edges, "api", "def f():\n    from litellm_lite.cli import app", 2, "may import cli"),
        (one_engine_knows_its_client, "transport", "import httpx", 1, "httpx_engine imports httpx"),
        (one_engine_knows_its_client, "api", "from pyreqwest.client import x", 1, "engine imports pyreqwest"),
        (few_read_the_environment, "api", "import os\nos.environ.get('A')", 2, "os.environ.get: only"),
        (few_read_the_environment, "api", "from os import getenv as g", 1, "os.getenv: only"),
        (few_know_a_clock, "api", "import time", 1, "time: only"),
        (few_know_a_clock, "api", "import asyncio as a\nawait_ = a.sleep", 2, "asyncio.sleep: only"),
        (few_know_a_clock, "cost", "from datetime import datetime\nx = datetime.now()", 2, "datetime.datetime.now"),
        (files_are_short, "api", "x = 1\n" * 401, 401, "401 lines"),
        (functions_are_short, "api", "def f(\n  a,\n):\n" + "  a = 1\n" * 40, 1, "f has 41 lines"),
        (names_say_what_is_inside, "router._utils", "", 1, "named _utils"),
        (no_state_lives_in_a_module, "api", "cache: dict[str, int] = {}", 1, "mutable state"),
        (
            no_state_lives_in_a_module,
            "api",
            "import collections\nqueue = collections.deque(maxlen=3)",
            2,
            "mutable state",
        ),
    ],
)
def test_a_planted_breach_is_found(rule: Rule, name: str, text: str, line: int, what: str) -> None:
    found = breaches(rule, [Module("planted.py", f"litellm_lite.{name}", text)])
    assert len(found) >= 1
    assert found[0].startswith(f"planted.py:{line}: ")
    assert what in found[0]


@pytest.mark.parametrize(
    ("rule", "name", "text"),
    [
        (rooms_know_only_their_neighbours, "call", "if TYPE_CHECKING:\n    from litellm_lite.registry import x"),
        (rooms_know_only_their_neighbours, "providers.b", "from litellm_lite.providers import a\nimport orjson"),
        (rooms_know_only_their_neighbours, "api", "from litellm_lite import transport, registry"),
        (only_edges_know_edges, "cli.demo", "from litellm_lite.emulator import serve"),
        (one_engine_knows_its_client, "transport.httpx_engine", "import httpx"),
        (one_engine_knows_its_client, "api", "if TYPE_CHECKING:\n    import httpx"),
        (few_read_the_environment, "resolve", "import os\nos.environ"),
        (few_read_the_environment, "api", "import os.path\nos.path.join"),
        (few_know_a_clock, "transport.pools", "import time"),
        (few_know_a_clock, "api", "from datetime import datetime\nwhen: datetime\nresult.time"),
        (functions_are_short, "api", "def f(\n" + "  a,\n" * 40 + "):\n" + "  a = 1\n" * 39),
        (no_state_lives_in_a_module, "api", "TABLE = {'a': 1}\nNAMES = set('abc')\nNONE = frozenset()\nEMPTY = ()"),
    ],
)
def test_what_is_allowed_passes(rule: Rule, name: str, text: str) -> None:
    assert breaches(rule, [Module("planted.py", f"litellm_lite.{name}", text)]) == []

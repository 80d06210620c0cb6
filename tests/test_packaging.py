"""What a user installs is what stands in the checkout: one top-level package, the providers and the prices inside it.

The root folders reach `litellm_lite` by two links in a checkout and by setuptools' map in a wheel; the two must agree.
"""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LINKS = {"providers": "../providers", "model_prices.json": "../model_prices.json"}
SOURCES = ("LICENSE", "README.md", "litellm_lite", "model_prices.json", "providers", "pyproject.toml")


def declared_version() -> str:
    tree = ast.parse((ROOT / "litellm_lite" / "__init__.py").read_text(encoding="utf-8"))
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id="__version__")]) | ast.AnnAssign(target=ast.Name(id="__version__")):
                assert node.value is not None
                return str(ast.literal_eval(node.value))
    pytest.fail("litellm_lite/__init__.py has no literal __version__")


def package_files() -> set[str]:
    """Every file under litellm_lite as it stands in the checkout, through the links."""
    found = {"litellm_lite/model_prices.json"}
    for folder, prefix in (("litellm_lite", "litellm_lite"), ("providers", "litellm_lite/providers")):
        top = ROOT / folder
        for path in top.rglob("*"):
            inside = path.relative_to(top)
            if path.is_file() and "__pycache__" not in inside.parts and inside.parts[0] not in LINKS:
                found.add(f"{prefix}/{inside.as_posix()}")
    return found


@pytest.mark.parametrize(("name", "target"), LINKS.items())
def test_the_link_is_committed_and_leads_to_the_root(name: str, target: str) -> None:
    link = ROOT / "litellm_lite" / name
    assert link.is_symlink(), f"{link} is no link; on Windows: git config core.symlinks true, then check out again"
    assert link.readlink() == Path(target)
    assert link.resolve(strict=True) == ROOT / name


def test_every_folder_of_code_is_declared_as_a_package() -> None:
    folders = {Path(name).parent.as_posix().replace("/", ".") for name in package_files() if name.endswith(".py")}
    assert set(PYPROJECT["tool"]["setuptools"]["packages"]) == folders


def test_every_package_has_an_init_file() -> None:
    inits = {name.removesuffix("/__init__.py") for name in package_files() if name.endswith("/__init__.py")}
    assert {name.replace(".", "/") for name in PYPROJECT["tool"]["setuptools"]["packages"]} == inits


def test_the_changelog_leads_with_this_version_or_with_what_is_unreleased() -> None:
    headings = re.findall(r"^## \[?([^\]\s]+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    releases = [heading for heading in headings if heading != "Unreleased"]
    assert headings[0] in {"Unreleased", declared_version()}
    assert not releases or releases[0] == declared_version()


def test_every_pin_is_exact_and_tells_no_address() -> None:
    lines = (ROOT / "requirements-dev.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    odd = [line for line in pins if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+", line)]
    assert pins
    assert not odd


def test_every_requirement_is_pinned_inside_its_bounds() -> None:
    requirements = pytest.importorskip("packaging.requirements")
    project = PYPROJECT["project"]
    wanted = [
        *project["dependencies"],
        *(line for extra in project["optional-dependencies"].values() for line in extra),
    ]
    lines = (ROOT / "requirements-dev.txt").read_text(encoding="utf-8").splitlines()
    pinned = {_plain(name): version for name, _, version in (line.partition("==") for line in lines)}
    for requirement in map(requirements.Requirement, wanted):
        assert requirement.specifier.contains(pinned[_plain(requirement.name)]), str(requirement)


def test_core_requirements_have_a_lower_and_an_upper_bound() -> None:
    loose = [line for line in PYPROJECT["project"]["dependencies"] if ">=" not in line or ",<" not in line]
    assert not loose


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _copy_sources(to: Path) -> Path:
    """Copy what a build reads, so that no build leaves anything in the checkout and nothing stale gets in."""
    to.mkdir()
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            skip = shutil.ignore_patterns("__pycache__", "*.egg-info")
            shutil.copytree(source, to / name, symlinks=True, ignore=skip)
        else:
            shutil.copy2(source, to / name)
    return to


def _build(source: Path, out: Path, *what: str) -> None:
    command = [sys.executable, "-I", "-m", "build", "--no-isolation", "--outdir", str(out), *what, str(source)]
    run = subprocess.run(command, cwd=out.parent, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "Warning: " not in run.stdout + run.stderr, run.stderr  # setuptools: something is deprecated or missing


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an sdist and the wheel that was built from that sdist."""
    top = tmp_path_factory.mktemp("built")
    _build(_copy_sources(top / "source"), top / "dist")
    return top / "dist"


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    (found,) = built.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an empty environment with the wheel; its requirements are lent by this environment."""
    top = tmp_path_factory.mktemp("installed") / "venv"
    venv.create(top, symlinks=True)
    python = top / "bin" / "python"
    pip = [sys.executable, "-I", "-m", "pip", "--python", str(python), "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "-q", "--no-deps", "--no-index", str(wheel)], check=True, capture_output=True)
    lent = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    # A path in a .pth file is searched, but .pth files there are not read: an editable checkout stays out of sight.
    (_site_packages(top) / "lent.pth").write_text("\n".join(sorted(lent)), encoding="utf-8")
    return python


def _site_packages(top: Path) -> Path:
    (found,) = top.glob("lib/python3.*/site-packages")
    return found


def _run(python: Path, script: str) -> str:
    run = subprocess.run(
        [str(python), "-I", "-c", script], cwd=python.parent, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


def _names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.mark.slow
def test_the_wheel_holds_the_checkout_and_nothing_else(wheel: Path) -> None:
    version = declared_version()
    code = {name for name in _names(wheel) if not name.startswith(f"litellm_lite-{version}.dist-info/")}
    assert wheel.name == f"litellm_lite-{version}-py3-none-any.whl"
    assert code == package_files()


@pytest.mark.slow
def test_the_wheel_carries_the_real_prices_and_the_licence(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        prices = archive.read("litellm_lite/model_prices.json")
        metadata = archive.read(f"litellm_lite-{declared_version()}.dist-info/METADATA").decode()
    assert prices == (ROOT / "model_prices.json").read_bytes()
    assert "License-Expression: MIT" in metadata
    assert "Requires-Python: >=3.11" in metadata
    assert f"litellm_lite-{declared_version()}.dist-info/licenses/LICENSE" in _names(wheel)


@pytest.mark.slow
def test_the_sdist_mirrors_the_root(built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"providers/__init__.py", "model_prices.json", "pyproject.toml", "README.md", "LICENSE"} <= names
    assert not {name for name in names if name.startswith("litellm_lite/providers/")}


@pytest.mark.slow
def test_an_archive_that_turned_links_into_text_still_builds_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    """Python's zipfile and Windows without symlinks write a link as a small text file."""
    source = _copy_sources(tmp_path / "source")
    for name, target in LINKS.items():
        (source / "litellm_lite" / name).unlink()
        (source / "litellm_lite" / name).write_text(target, encoding="utf-8")
    _build(source, tmp_path / "dist", "--wheel")
    (other,) = (tmp_path / "dist").glob("*.whl")
    with zipfile.ZipFile(other) as archive:
        assert archive.read("litellm_lite/model_prices.json") == (ROOT / "model_prices.json").read_bytes()
    assert _names(other) == _names(wheel)


@pytest.mark.slow
def test_installing_adds_only_litellm_lite(installed: Path) -> None:
    there = {path.name for path in _site_packages(installed.parents[1]).iterdir()} - {"lent.pth"}
    assert there == {"litellm_lite", f"litellm_lite-{declared_version()}.dist-info"}
    assert (installed.parent / "litellm-lite").is_file()


@pytest.mark.slow
def test_an_installed_copy_is_imported_from_where_it_was_installed(installed: Path) -> None:
    script = "import litellm_lite; print(litellm_lite.__file__, litellm_lite.__version__)"
    file, version = _run(installed, script).split()
    assert Path(file).is_relative_to(installed.parents[1])
    assert version == declared_version()


@pytest.mark.slow
def test_an_installed_copy_has_no_top_level_providers(installed: Path) -> None:
    script = "import importlib.util; print(importlib.util.find_spec('providers'))"
    assert _run(installed, script) == "None"


@pytest.mark.slow
def test_an_installed_copy_finds_its_prices(installed: Path) -> None:
    script = (
        "import importlib.resources as r; print((r.files('litellm_lite') / 'model_prices.json').read_text('utf-8'))"
    )
    assert json.loads(_run(installed, script)) == json.loads((ROOT / "model_prices.json").read_text("utf-8"))


@pytest.mark.slow
def test_every_module_of_an_installed_copy_can_be_imported(installed: Path) -> None:
    script = """
import importlib, json, pkgutil, litellm_lite
def stop(name): raise
names = [m.name for m in pkgutil.walk_packages(litellm_lite.__path__, 'litellm_lite.', stop)]
names = [name for name in names if not name.endswith('__main__')]
for name in names: importlib.import_module(name)
print(json.dumps(sorted(names)))
"""
    expected = {
        name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        for name in package_files()
        if name.endswith(".py") and not name.endswith("__main__.py")
    }
    assert set(json.loads(_run(installed, script))) == expected - {"litellm_lite"}

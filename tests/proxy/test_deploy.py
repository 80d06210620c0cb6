"""What is in deploy/: held against the rules of its kind, and run as far as that goes without an engine."""

from __future__ import annotations

import configparser
import fnmatch
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest
import yaml
from dockerfile_parse import DockerfileParser

from litellm_lite.proxy import config
from litellm_lite.proxy.schema import GeneralSettings
from tests.proxy.running import Gateway

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
KEYS = {"LLAMA_API_KEY": "llama-canary", "LITELLM_MASTER_KEY": "sk-0123456789abcdef-canary"}
DRAIN_S = GeneralSettings().drain_timeout


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The instructions of the Dockerfile, as a parser that others wrote reads them. It may write, so it gets a copy."""
    folder = tmp_path_factory.mktemp("image")
    shutil.copy(DEPLOY / "Dockerfile", folder)
    structure: list[dict[str, Any]] = DockerfileParser(str(folder)).structure
    return [step for step in structure if step["instruction"] != "COMMENT"]


@pytest.fixture(scope="module")
def compose() -> Any:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))


def last_stage(steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    begin = max(place for place, step in enumerate(steps) if step["instruction"] == "FROM")
    return steps[begin:]


def values(steps: list[dict[str, Any]], instruction: str) -> list[str]:
    return [step["value"] for step in steps if step["instruction"] == instruction]


def words_of(steps: list[dict[str, Any]], instruction: str) -> Any:
    """Return the words of an instruction that may stand once, in its exec form: no shell swallows a signal."""
    (value,) = values(steps, instruction)
    return json.loads(value)


def test_the_image_knows_only_instructions_that_it_needs(steps: list[dict[str, Any]]) -> None:
    found = {step["instruction"] for step in steps}
    needed = "FROM WORKDIR COPY RUN ENV USER EXPOSE STOPSIGNAL HEALTHCHECK ENTRYPOINT CMD".split()
    assert found == set(needed)  # so no ADD, no SHELL, no VOLUME, no MAINTAINER


def test_every_base_is_slim_and_names_its_version_and_its_distribution(steps: list[dict[str, Any]]) -> None:
    bases = [value.split()[0] for value in values(steps, "FROM")]
    assert len(set(bases)) == 1
    assert len(bases) == 2
    assert re.fullmatch(r"python:3\.\d+-slim-[a-z]+", bases[0])


def test_the_python_of_the_image_is_one_that_the_project_takes(steps: list[dict[str, Any]]) -> None:
    (minor,) = {re.findall(r"python:3\.(\d+)", value)[0] for value in values(steps, "FROM")}
    assert f"Programming Language :: Python :: 3.{minor}" in (ROOT / "pyproject.toml").read_text("utf-8")


def test_the_last_stage_builds_nothing_and_is_nobodys_root(steps: list[dict[str, Any]]) -> None:
    last = last_stage(steps)
    assert values(last, "RUN") == []
    assert all(value.startswith("--from=build ") for value in values(last, "COPY"))
    (user,) = values(last, "USER")
    number, _, group = user.partition(":")
    assert int(number) >= 10000
    assert int(group) >= 10000


def test_signals_reach_the_gateway(steps: list[dict[str, Any]]) -> None:
    last = last_stage(steps)
    assert words_of(last, "ENTRYPOINT") == ["litellm-lite"]
    assert words_of(last, "CMD") == ["--config", "/etc/litellm-lite/config.yaml"]
    assert values(last, "STOPSIGNAL") == ["SIGTERM"]
    assert values(last, "EXPOSE") == ["4000"]


def test_no_secret_and_no_folder_as_a_whole_gets_into_the_image(steps: list[dict[str, Any]]) -> None:
    copied = [word for value in values(steps, "COPY") if "--from" not in value for word in value.split()[:-1]]
    assert all((ROOT / word).exists() for word in copied)
    rules = [line for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if not line.startswith("#")]
    assert rules[0] == "*"
    assert {rule[1:] for rule in rules if rule.startswith("!")} == set(copied)
    assert not any(fnmatch.fnmatch(name, word) for word in copied for name in (".git", ".env", "deploy", "tests"))
    for step in steps:
        assert not re.search(r"(?i)(api_?key|token|secret|password)\s*=", step["value"])


def test_commands_clean_up_and_name_what_they_install(steps: list[dict[str, Any]]) -> None:
    for command in values(steps, "RUN"):
        assert "sudo" not in command
        assert "apt-get" not in command
        assert "curl" not in command
        for each in re.split(r"&&|;", command):
            if "pip" in each and re.search(r"\b(install|wheel)\b", each):
                assert "--no-cache-dir" in each
                assert "--constraint requirements-dev.txt" in each or "--no-index" in each


def health_check(steps: list[dict[str, Any]]) -> list[str]:
    (value,) = values(last_stage(steps), "HEALTHCHECK")
    flags, command = re.fullmatch(r"((?:--[a-z-]+=\S+\s+)+)CMD (.*)", value, re.DOTALL).groups()  # type: ignore[union-attr]
    assert {flag.partition("=")[0] for flag in flags.split()} == {
        "--interval",
        "--timeout",
        "--start-period",
        "--retries",
    }
    words: list[str] = json.loads(command)
    return words


def test_image_and_compose_ask_for_health_in_the_same_way(steps: list[dict[str, Any]], compose: Any) -> None:
    assert compose["services"]["gateway"]["healthcheck"]["test"] == ["CMD", *health_check(steps)]


@pytest.mark.slow
def test_the_health_check_tells_a_gateway_that_lives_from_one_that_does_not(steps: list[dict[str, Any]]) -> None:
    python, option, script = health_check(steps)
    assert (python, option) == ("python", "-c")
    with Gateway((DEPLOY / "config" / "config.yaml").read_text("utf-8"), environment=KEYS) as gateway:
        here = script.replace(":4000", f":{gateway.port}")
        assert here != script
        proxied = {**os.environ, "http_proxy": "http://127.0.0.1:9"}
        assert subprocess.run([sys.executable, "-c", here], env=proxied, check=False).returncode == 0
    gone = subprocess.run([sys.executable, "-c", here], capture_output=True, check=False)
    assert gone.returncode == 1


@pytest.mark.slow
def test_the_commands_of_the_image_build_a_gateway_that_takes_the_example(
    steps: list[dict[str, Any]], tmp_path: Path
) -> None:
    """The RUN lines as they stand, with other paths, and with requirements that this environment lends."""
    source, wheels, opt = tmp_path / "source", tmp_path / "wheels", tmp_path / "opt"
    source.mkdir()
    for value in values(steps, "COPY"):
        if "--from" not in value:
            *names, target = value.split()
            for name in names:
                _copy(ROOT / name, source / target / name if target.endswith("/") else source / target)
    offline = {"PIP_NO_INDEX": "1", "PIP_NO_DEPS": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_QUIET": "1"}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for command in values(steps, "RUN"):
        here = command.replace("/wheels", str(wheels)).replace("/opt/litellm-lite", str(opt))
        run = subprocess.run(
            here, shell=True, cwd=source, env={**os.environ, **offline, "PATH": path}, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        assert run.returncode == 0, run.stderr
    (site,) = opt.glob("lib/python3.*/site-packages")
    assert (site / "litellm_lite" / "model_prices.json").is_file()
    assert not list(site.glob("pip*"))
    lent = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (site / "lent.pth").write_text("\n".join(sorted(lent)), encoding="utf-8")
    check = subprocess.run(
        [str(opt / "bin" / "litellm-lite"), "--config", str(DEPLOY / "config" / "config.yaml"), "--check"],
        cwd=tmp_path, env={"PATH": path, **KEYS}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (check.returncode, check.stderr) == (0, "")
    assert "is good: 2 deployments" in " ".join(check.stdout.split())


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    else:
        shutil.copy2(source, target)


# Compose's own words that are used here, and what each must be. Anything else is a slip.
# https://github.com/compose-spec/compose-spec, read 2026-11-27.
_SECONDS = re.compile(r"\d+s")
_SERVICE: dict[str, type] = {
    "image": str,
    "build": dict,
    "command": list,
    "env_file": list,
    "ports": list,
    "volumes": list,
    "tmpfs": list,
    "read_only": bool,
    "init": bool,
    "cap_drop": list,
    "security_opt": list,
    "pids_limit": int,
    "restart": str,
    "stop_grace_period": str,
    "healthcheck": dict,
}
_INSIDE: dict[str, dict[str, type]] = {
    "build": {"context": str, "dockerfile": str},
    "healthcheck": {"test": list, "interval": str, "timeout": str, "start_period": str, "retries": int},
}


def test_compose_says_what_compose_knows(compose: Any) -> None:
    assert set(compose) == {"name", "services"}  # no `version`: it is obsolete
    assert list(compose["services"]) == ["gateway"]
    service = compose["services"]["gateway"]
    assert {name: type(value) for name, value in service.items()} == _SERVICE
    for name, known in _INSIDE.items():
        assert {key: type(value) for key, value in service[name].items()} == known
    (mount,) = service["volumes"]
    assert set(mount) == {"type", "source", "target", "read_only", "bind"}
    (file,) = service["env_file"]
    assert set(file) == {"path", "required"}
    for name in ("interval", "timeout", "start_period"):
        assert _SECONDS.fullmatch(service["healthcheck"][name])


def test_compose_gives_the_gateway_no_more_than_it_needs(compose: Any) -> None:
    service = compose["services"]["gateway"]
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert all(mount["read_only"] for mount in service["volumes"])
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert all(place.startswith("/tmp:") and "noexec" in place for place in service["tmpfs"])
    assert not {"privileged", "network_mode", "pid", "ipc", "devices", "cap_add", "user", "environment"} & set(service)


def test_compose_names_files_that_are_there_and_gives_streams_time_to_end(compose: Any) -> None:
    service = compose["services"]["gateway"]
    assert (DEPLOY / service["build"]["context"] / service["build"]["dockerfile"]).is_file()
    (mount,) = service["volumes"]
    assert (DEPLOY / mount["source"] / "config.yaml").is_file()
    assert service["command"][1] == f"{mount['target']}/config.yaml"
    assert (DEPLOY / f"{service['env_file'][0]['path']}.example").is_file()
    assert int(service["stop_grace_period"].rstrip("s")) > DRAIN_S


def test_the_example_configuration_is_good_and_holds_no_secret() -> None:
    path = DEPLOY / "config" / "config.yaml"
    assert config.check(path, KEYS) == ()
    made = config.load(path, KEYS)
    assert made.master_key == KEYS["LITELLM_MASTER_KEY"]
    assert [each["model_name"] for each in made.model_list] == [
        "meta_llama/Llama-3.3-70B-Instruct",
        "meta_llama/Llama-3.3-8B-Instruct",
    ]
    asked = set(re.findall(r"os\.environ/(\w+)", path.read_text("utf-8")))
    lines = (DEPLOY / "gateway.env.example").read_text("utf-8").splitlines()
    assert {line for line in lines if not line.startswith("#")} == {f"{name}=" for name in asked}


def unit() -> dict[str, dict[str, list[str]]]:
    """Return the sections of the unit; a key may stand there several times."""

    class Several(dict[str, Any]):
        def __setitem__(self, key: str, value: Any) -> None:
            if isinstance(value, list) and isinstance(self.get(key), list):
                self[key].extend(value)
            else:
                super().__setitem__(key, value)

    parser = configparser.RawConfigParser(
        strict=False, dict_type=Several, delimiters=("=",), comment_prefixes=("#", ";"), empty_lines_in_values=False
    )
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string((DEPLOY / "litellm-lite.service").read_text("utf-8"))
    return {name: {key: value.split("\n") for key, value in parser.items(name)} for name in parser.sections()}


# Of systemd.unit, systemd.service, systemd.exec, systemd.kill and systemd.resource-control, what is used here.
_KNOWN = {
    "Unit": "Description After Wants StartLimitIntervalSec StartLimitBurst",
    "Service": """
        Type DynamicUser ConfigurationDirectory EnvironmentFile ExecStartPre ExecStart ExecReload Restart RestartSec
        KillMode KillSignal TimeoutStopSec LimitNOFILE UMask NoNewPrivileges CapabilityBoundingSet AmbientCapabilities
        ProtectSystem ProtectHome ProtectProc ProtectClock ProtectHostname ProtectKernelLogs ProtectKernelModules
        ProtectKernelTunables ProtectControlGroups PrivateTmp PrivateDevices PrivateUsers RemoveIPC
        RestrictAddressFamilies RestrictNamespaces RestrictRealtime RestrictSUIDSGID LockPersonality
        SystemCallArchitectures SystemCallFilter SystemCallErrorNumber
    """,
    "Install": "WantedBy",
}


def test_the_unit_says_what_systemd_knows() -> None:
    assert {name: set(section) for name, section in unit().items()} == {
        name: set(known.split()) for name, known in _KNOWN.items()
    }


def test_the_unit_reloads_drains_and_starts_only_what_is_good() -> None:
    service = unit()["Service"]
    (start,), (check,) = service["ExecStart"], service["ExecStartPre"]
    assert start.split()[:3] == check.split()[:3]
    assert check.endswith(" --check")
    assert service["ExecReload"] == ["/bin/kill -HUP $MAINPID"]
    assert (service["KillSignal"], service["KillMode"]) == (["SIGTERM"], ["mixed"])
    assert int(service["TimeoutStopSec"][0]) > DRAIN_S


def test_the_unit_is_hardened_and_names_no_secret() -> None:
    service = unit()["Service"]
    wanted = {"DynamicUser": "yes", "ProtectSystem": "strict", "ProtectHome": "yes", "NoNewPrivileges": "yes"}
    assert {name: service[name][0] for name in wanted} == wanted
    assert service["CapabilityBoundingSet"] == [""]
    assert "Environment" not in service
    assert service["EnvironmentFile"] == ["/etc/litellm-lite/gateway.env"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze on this machine")
def test_systemd_finds_nothing_wrong_and_little_exposed(tmp_path: Path) -> None:
    text = (DEPLOY / "litellm-lite.service").read_text("utf-8")
    program = tmp_path / "litellm-lite"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    copy = tmp_path / "litellm-lite.service"
    copy.write_text(text.replace("/opt/litellm-lite/bin/litellm-lite", str(program)))
    verified = subprocess.run(["systemd-analyze", "verify", str(copy)], capture_output=True, text=True, check=False)
    assert (verified.returncode, verified.stderr) == (0, "")
    scored = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=20", str(copy)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert scored.returncode == 0, scored.stdout + scored.stderr


def test_the_page_names_files_and_routes_that_are_there() -> None:
    text = (DEPLOY / "README.md").read_text("utf-8")
    for name in re.findall(r"\]\(([^)]+)\)", text):
        assert (DEPLOY / name).is_file(), name
    for name in set(re.findall(r"deploy/[\w./-]+\w", text)) - {"deploy/gateway.env"}:
        assert (ROOT / name).exists(), name

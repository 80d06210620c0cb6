"""Schemathesis reads what the gateway says it serves and tries it, well and badly: no answer is a 5xx or undescribed.

The gateway has no key, leads every name to the emulator and leaves out what Meta's API lacks, so that tries go deep.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from litellm_lite.emulator import Emulator, Settings
from tests.proxy.running import ROOT, Gateway

CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
    "response_schema_conformance,unsupported_method,allow_header_conformance"
)
# What is there without /v1 too is tried with it only.
FLAGS = (
    f"--checks {CHECKS} --phases examples,coverage,fuzzing --max-examples 5 --seed 1 --generation-database none "
    "--warnings off --no-color --exclude-path-regex ^/(chat|completions|responses|embeddings|moderations|models|utils)"
)
_LIMIT_S = 240  # on a machine that is busy; alone it takes 15 s
_CALLED = {"/v1/chat/completions", "/v1/completions", "/v1/responses", "/v1/messages"}


@pytest.mark.slow
def test_nothing_that_the_document_permits_is_a_failure_of_the_gateway(tmp_path: Path) -> None:
    with Emulator(Settings(any_upstream=True, answer_tokens=5)) as emulator:
        place = {"model": "meta_llama/*", "api_base": emulator.compat_url, "api_key": emulator.api_key}
        config = {
            "model_list": [{"model_name": "*", "litellm_params": place}],
            "litellm_settings": {"num_retries": 0, "request_timeout": 30, "drop_params": True},
        }
        with Gateway(config) as gateway:
            done = _run(gateway, tmp_path)
        assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    tried = re.search(r"Tested:\s+(\d+)", done.stdout)
    assert tried is not None
    assert int(tried[1]) > 15


def _run(gateway: Gateway, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("schemathesis")), "run", f"{gateway.url}/openapi.json"]
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "SCHEMATHESIS_HOOKS": "tests.proxy.clients.schemathesis_hooks",
    }
    done = subprocess.run(
        [*command, *FLAGS.split()],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=_LIMIT_S,
        check=False,
    )
    answered = Counter(line["route"] for line in gateway.log() if line["status"] == 200 and line.get("model"))
    assert set(answered) >= _CALLED, answered  # else nothing was tried but refusals
    return done

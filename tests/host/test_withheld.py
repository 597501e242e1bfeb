"""Which variables of this process other people's packages do not get."""

from __future__ import annotations

from pathlib import Path

import pytest

from perf.host.stack import inspect_python
from perf.host.withheld import without_secrets
from tests.builders.runs import SILLY_PYTHON


def test_secrets_are_withheld_and_settings_are_not() -> None:
    secret = (
        "HF_TOKEN HUGGING_FACE_HUB_TOKEN GITHUB_ENV GITHUB_TOKEN ACTIONS_RUNTIME_URL AWS_PROFILE api_key CI_JOB_TOKEN"
    )
    secret += " DB_PASSWORD SSH_AUTH_SOCK TOKEN GOOGLE_APPLICATION_CREDENTIALS MY_SECRET_1 GH_PAT"
    needed = "PATH HOME TOKENIZERS_PARALLELISM OMP_NUM_THREADS HF_HOME LD_LIBRARY_PATH PATTERN KEYBOARD https_proxy"
    environment = dict.fromkeys([*secret.split(), *needed.split()], "x")
    assert sorted(without_secrets(environment)) == sorted(needed.split())


def test_a_look_at_a_stack_does_not_show_it_a_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "secret")
    spy = tmp_path / "python"
    spy.write_text(f'#!/bin/sh\nenv > {tmp_path / "seen"}\nexec {SILLY_PYTHON} "$@"\n')
    spy.chmod(0o755)
    assert inspect_python("current", spy).packages["torch"]
    assert "HF_TOKEN" not in (tmp_path / "seen").read_text()

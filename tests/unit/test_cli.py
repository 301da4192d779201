"""What people type, and what they get back when it is wrong: a message and an exit code."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest

from crayfish_contract.runconfig import RunConfig
from crayfish_ctl import cli
from crayfish_ctl.commands.running import exit_code
from crayfish_ctl.plan import Plan, estimate_seconds
from tests.unit.outsider import write_root
from tests.unit.report.experiments import BASE, Folder

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.commandline import Done

ROOT = Path(__file__).parents[2]


def test_the_installed_command_is_this_one() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from crayfish_ctl.cli import main; main()", "plan", "input-rat"],
        cwd=ROOT,
        env={**os.environ, "DOCKER_HOST": "unix:///nonexistent.sock"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert "did you mean input-rate" in done.stderr
    assert done.stdout == ""


def test_plan_shows_every_run(crayfish: Callable[..., Done], mine: str) -> None:
    done = crayfish("plan", mine)
    assert done.code == 0, done.err
    rows = [line.split("│") for line in done.out.splitlines() if "-flink-python-onnx-" in line]
    shown = [[word.strip() for word in row if word.strip()] for row in rows]
    # The first run warms a cold stack up: 15 s at 2000/s; the others 6 s at their own rate.
    assert [row[:5] for row in shown] == [
        ["01-flink-python-onnx-10-r1", "flink python onnx", "10/s", "30,000", "30"],
        ["02-flink-python-onnx-max-r1", "flink python onnx", "max", "3,000", "150,000"],
        ["03-flink-python-onnx-10-r2", "flink python onnx", "10/s", "60", "30"],
        ["04-flink-python-onnx-max-r2", "flink python onnx", "max", "3,000", "150,000"],
    ]
    assert "4 runs, about " in done.out


def test_a_plan_lasts_as_long_as_its_runs(
    crayfish: Callable[..., Done], monkeypatch: pytest.MonkeyPatch, mine: str
) -> None:
    seen: list[Plan] = []
    monkeypatch.setattr(cli, "_show_plans", lambda made: seen.extend(made.plans))
    assert crayfish("plan", mine, "--rate", "10", "--seconds", "3").code == 0
    (made,) = seen
    cold, warm = [estimate_seconds(run) for run in made.runs]
    assert cold - warm == 15 - 6
    assert warm > 6 + 3
    assert made.seconds > cold + warm


def test_every_flag_reaches_the_plan(
    crayfish: Callable[..., Done], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Plan] = []
    monkeypatch.setattr(cli, "_show_plans", lambda made: seen.extend(made.plans))
    done = crayfish(
        "plan", "input-rate", "--profile", "debug", "--sp", "flink", "--runtime", "python",
        "--tool", "noop", "--model", "ffnn", "--reps", "3", "--rate", "7", "--rate", "8,max",
        "--batch", "4", "--seconds", "2.5", "--count", "9", "--warmup", "1",
        "--parallelism", "1-2-1", "--unchained", "--format", "json",
        "--delivery", "exactly-once", "--tool-option", "service_time_ms=2",
        "--processor-option", "bundle_size=10", "--points", "random:50", "--seed", "5",
        "--max-reps", "6", "--precision", "0.2", "--arrivals", "poisson",
        "--cpu-limit", "short-quota", "--call", "blocking",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert seen[0].choices.model_dump(mode="json") == {
        "experiment": "input-rate",
        "profile": "debug",
        "cpu_limit": "short-quota",
        "processors": ["flink"],
        "runtimes": ["python"],
        "tools": ["noop"],
        "model": "ffnn",
        "repetitions": 3,
        "max_repetitions": 6,
        "precision": 0.2,
        "arrivals": "poisson",
        "trace": None,
        "trace_speed": 1.0,
        "trace_column": None,
        "trace_start": "first",
        "trace_sort": False,
        "calls": [
            {"mode": "blocking", "in_flight": 1, "ordered": False, "records": 1, "wait_ms": None}
        ],
        "servers": {},
        "server_tls": {},
        "kafka": None,
        "kafka_tls": None,
        "kafka_sasl": None,
        "kafka_protocol": None,
        "pipeline": None,
        "rates": [7.0, 8.0, "max"],
        "batch_size": 4,
        "seconds": 2.5,
        "count": 9,
        "warmup_seconds": 1.0,
        "parallelism": [1, 2, 1],
        "chained": False,
        "record_format": "json",
        "delivery": "exactly-once",
        "tool_options": {"service_time_ms": 2},
        "processor_options": {"bundle_size": 10},
        "points": "random:50",
        "seed": 5,
    }


def test_ls_shows_what_there_is(crayfish: Callable[..., Done]) -> None:
    done = crayfish("ls")
    assert done.code == 0, done.err
    for name in ("flink", "onnx", "noop", "ffnn", "laptop", "input-rate"):
        assert name in done.out


@pytest.mark.parametrize("command", ["plan", "run"])
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("input-rat",), "did you mean input-rate"),
        (("input-rate", "--sp", "flnk"), "did you mean flink"),
        (("input-rate", "--tool", "onx"), "did you mean onnx"),
        (("input-rate", "--profile", "laptp"), "did you mean laptop"),
        (
            ("input-rate", "--sp", "kafka-streams", "--runtime", "python"),
            "has no runtime 'python': Kafka Streams is a Java",
        ),
        (("input-rate", "--rate", "0"), "--rate 0.0: must be records per second from 0.0001"),
        (("input-rate", "--rate", "fast"), "--rate fast"),
        (("input-rate", "--rate", "0.1", "--seconds", "1"), "no record is due"),
        (("input-rate", "--warmup", "inf"), "--warmup inf"),
        (("input-rate", "--parallelism", "²"), "--parallelism ²"),
        (("input-rate", "--tool-option", "threads"), "--tool-option threads"),
        (("no/such/file.yaml",), "no/such/file.yaml: No such file"),
        (("input-rate", "--points", "/none.npy"), "/none.npy: No such file"),
        (("input-rate", "--points", "random:0"), "--points random:0"),
    ],
)
def test_bad_input_is_a_message_before_anything_starts(
    crayfish: Callable[..., Done], command: str, arguments: tuple[str, ...], said: str
) -> None:
    done = crayfish(command, *arguments)
    assert done.code == 2, done.err
    assert said in done.err
    assert "Traceback" not in done.err
    assert done.out == ""


@pytest.mark.parametrize(
    "arguments", [("plan",), ("bench",), ("plan", "input-rate", "--reps", "x")]
)
def test_a_usage_error_is_exit_code_2(
    crayfish: Callable[..., Done], arguments: tuple[str, ...]
) -> None:
    done = crayfish(*arguments)
    assert done.code == 2
    assert "Usage: crayfish" in done.err


def test_a_typo_in_a_config_is_named_by_file_and_field(
    crayfish: Callable[..., Done], root: Path
) -> None:
    path = root / "configs" / "tools" / "onnx.yaml"
    path.write_text(path.read_text().replace("kind:", "knid:"))
    done = crayfish("ls")
    assert done.code == 2
    assert f"{path}: knid: unknown field; did you mean kind?" in done.err
    assert f"{path}: kind: is required" in done.err


def test_a_model_that_is_not_the_described_one_is_named(
    crayfish: Callable[..., Done], root: Path
) -> None:
    path = root / "models" / "ffnn" / "ffnn.onnx"
    path.write_bytes(b"something else")
    done = crayfish("plan", "input-rate")
    assert done.code == 2
    assert f"{path}: is not the file that configs/models/ffnn.yaml describes" in done.err


def test_a_folder_without_configs_says_what_to_do(
    crayfish: Callable[..., Done], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRAYFISH_ROOT", str(tmp_path))
    done = crayfish("ls")
    assert done.code == 2
    assert f"{tmp_path / 'configs'}: not there" in done.err
    assert "CRAYFISH_ROOT" in done.err


def test_words_in_brackets_are_shown_as_they_are(crayfish: Callable[..., Done]) -> None:
    """The console's own markup must not swallow a part of what the user typed."""
    assert "[red]x.yaml" in crayfish("plan", "[red]x.yaml").err


def test_a_report_of_no_results_is_exit_code_2(
    crayfish: Callable[..., Done], tmp_path: Path
) -> None:
    done = crayfish("report", str(tmp_path / "none"))
    assert done.code == 2
    assert str(tmp_path / "none") in done.err


def test_an_engine_that_does_not_answer_is_exit_code_3(
    crayfish: Callable[..., Done], monkeypatch: pytest.MonkeyPatch
) -> None:
    # However full the disk of this machine is, that is not what the test asks.
    room = shutil.disk_usage("/")._replace(free=2**40)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: room)
    done = crayfish("run", "input-rate")
    assert done.code == 3, done.err
    assert "nonexistent.sock" in done.err
    assert "Traceback" not in done.err


def test_a_search_ends_well_if_one_rate_was_confirmed(tmp_path: Path) -> None:
    """That a higher one was not is what the search found out."""
    rate = replace(BASE, rate=400.0, service_ms=1.0)
    overloaded = replace(BASE, rate=1100.0, service_ms=1.0)
    folder = Folder(tmp_path / "search", "sustainable")
    folder.add(overloaded, purpose="probe")
    folder.add(overloaded, purpose="confirm")
    assert {run.verdict.state.value for run in folder.runs} == {"INVALID"}
    assert exit_code(folder.results()) == 5
    folder.add(rate, purpose="confirm")
    assert folder.runs[-1].verdict.state.value == "VALID"
    assert exit_code(folder.results()) == 0


def test_ctrl_c_is_exit_code_130(
    crayfish: Callable[..., Done], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: Plan) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_show_plans", interrupted)
    done = crayfish("plan", "input-rate")
    assert done.code == 130
    assert "Traceback" not in done.err


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EROFS])
def test_what_the_disk_says_is_exit_code_3(
    crayfish: Callable[..., Done], monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def full(_: Plan) -> None:
        raise OSError(number, os.strerror(number), "/data/x")

    monkeypatch.setattr(cli, "_show_plans", full)
    done = crayfish("plan", "input-rate")
    assert done.code == 3
    assert f"/data/x: {os.strerror(number)}" in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("kind", ["run-config", "run", "manifest"])
def test_schemas_are_schemas(crayfish: Callable[..., Done], kind: str) -> None:
    done = crayfish("schema", kind)
    assert done.code == 0, done.err
    schema = json.loads(done.out)
    jsonschema.Draft202012Validator.check_schema(schema)
    titles = {"run-config": "RunConfig", "run": "RunResult", "manifest": "Manifest"}
    assert schema["title"] == titles[kind]


def test_the_schema_is_the_run_configs_unless_another_is_asked_for(
    crayfish: Callable[..., Done],
) -> None:
    assert json.loads(crayfish("schema").out) == RunConfig.model_json_schema()
    assert crayfish("schema", "records").code == 2


@pytest.mark.parametrize("flag", ["--rounds", "--records", "--rate", "--seconds"])
def test_perf_measures_something(crayfish: Callable[..., Done], flag: str) -> None:
    done = crayfish("perf", flag, "0")
    assert done.code == 2
    assert flag in done.err


def test_roots_beside_the_checkout_come_by_flag_or_by_environment(
    crayfish: Callable[..., Done], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside = write_root(tmp_path / "beside")
    assert "there is no configs/experiments/ours.yaml" in crayfish("plan", "ours").err
    assert "mine python doubled" in crayfish("plan", "ours", "--with", str(beside)).out
    monkeypatch.setenv("CRAYFISH_PATH", str(beside))
    assert crayfish("plan", "ours").code == 0
    assert str(beside) in crayfish("ls").out
    monkeypatch.setenv("CRAYFISH_PATH", str(tmp_path / "none"))
    done = crayfish("ls")
    assert (done.code, "none: not a folder" in done.err) == (2, True)

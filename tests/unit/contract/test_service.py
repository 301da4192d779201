import json
from pathlib import Path

import pytest

from crayfish_contract.service import ServiceExit, json_logger


def test_a_line_is_one_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    log = json_logger("thing")
    log.info("two\nlines", extra={"fields": {"count": 3, "code": ServiceExit.NOT_READY}})
    try:
        raise ValueError("why")  # noqa: TRY301
    except ValueError:
        log.exception("broken")
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first["component"], first["level"], first["msg"]) == ("thing", "info", "two\nlines")
    assert (first["count"], first["code"]) == (3, 4)
    assert first["ts"].endswith("Z")
    assert "ValueError: why" in second["exception"]


def test_making_it_twice_writes_once(capsys: pytest.CaptureFixture[str]) -> None:
    json_logger("thing")
    json_logger("thing").info("once")
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_a_workers_log_goes_where_the_environment_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRAYFISH_LOG", str(tmp_path / "log"))
    log = json_logger("worker")
    log.warning("a")
    log.handlers[0].close()
    assert json.loads((tmp_path / "log").read_text())["msg"] == "a"
    monkeypatch.setenv("CRAYFISH_LOG", str(tmp_path / "no" / "log"))
    json_logger("worker").warning("b")
    assert json.loads(capsys.readouterr().out)["msg"] == "b"

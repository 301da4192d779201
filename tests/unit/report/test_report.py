from __future__ import annotations

import json
from dataclasses import replace
from html.parser import HTMLParser
from io import StringIO
from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go
import pytest
from rich.console import Console

from crayfish_ctl.analysis import collect_run, failed_run
from crayfish_ctl.analysis.estimate import estimate
from crayfish_ctl.report import print_results, write_report
from crayfish_ctl.report.figures.base import interval
from crayfish_ctl.report.numbers import NOTHING, centre_text, estimate_text, number, seconds, size
from crayfish_ctl.report.page import render
from crayfish_ctl.report.series import bin_seconds
from crayfish_ctl.results import load_results
from crayfish_ctl.results.nodes import NodeUse
from tests.unit.report import experiments
from tests.unit.results import synthetic

if TYPE_CHECKING:
    from pathlib import Path

_LOADING = {"src", "href", "data", "poster", "action", "srcset"}


class Page(HTMLParser):
    """Collects what a browser would fetch, the scripts and the text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.fetched: list[str | None] = []
        self.ids: set[str | None] = set()
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.text = ""
        self._script = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.fetched += [value for name, value in attrs if name in _LOADING]
        self.ids |= {given["id"]} if "id" in given else set()
        self._script = tag == "script"
        if self._script:
            self.scripts.append((given, ""))

    def handle_endtag(self, tag: str) -> None:
        self._script = False

    def handle_data(self, data: str) -> None:
        if self._script:
            self.scripts[-1] = (self.scripts[-1][0], self.scripts[-1][1] + data)
        else:
            self.text += data


@pytest.fixture(scope="module")
def results_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("results") / "20260921-141300-input-rate"
    path.mkdir()
    for spec in synthetic.write_experiment(path):
        collect_run(path / spec.run_id, spec, synthetic.REFERENCE)
    (path / "99-failed").mkdir()
    spec = synthetic.Scenario(rate=1300.0).spec("99-failed", 99)
    failed_run(
        path / "99-failed", spec, "flink-taskmanager", "exited", log_tail=["</script><b>OOM</b>"]
    )
    return path


@pytest.fixture(scope="module")
def html(results_dir: Path) -> str:
    return write_report(results_dir).read_text()


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def test_a_page_has_the_hosts_where_somebody_looked_at_them(results_dir: Path, page: Page) -> None:
    assert "nodes" not in page.ids
    results = load_results(results_dir)
    two = (NodeUse(name="n1", cores=4, mean_busy_share=0.125), NodeUse(name="n2"))
    runs = tuple(run.model_copy(update={"nodes": two}) for run in results.runs)
    shown = Page(render(replace(results, runs=runs)))
    assert "nodes" in shown.ids
    assert shown.text.count("12.50 %") == shown.text.count("n2") >= 1


@pytest.fixture(scope="module")
def figures(page: Page) -> dict[str, Any]:
    (text,) = [text for attrs, text in page.scripts if attrs.get("id") == "figures"]
    drawn: dict[str, Any] = json.loads(text)
    return drawn


def test_the_page_fetches_nothing(page: Page, html: str) -> None:
    assert [target for target in page.fetched if not (target or "").startswith("#")] == []
    assert "@import" not in html.split("</style>", maxsplit=1)[0]
    assert "url(" not in html.split("</style>", maxsplit=1)[0]


def test_plotly_is_in_the_page_once(html: str) -> None:
    assert html.count("plotly.js v") == 1
    assert len(html) < 6_000_000


def test_it_says_what_was_run_and_how_to_repeat_it(page: Page) -> None:
    for text in (
        "input-rate",
        "where is the limit?",
        "A Simulated CPU",
        "20.10.24",
        "0123456789ab",
    ):
        assert text in page.text
    assert "crayfish run input-rate --profile laptop" in page.text


def test_of_a_cluster_it_names_every_node_and_what_it_was_for(results_dir: Path) -> None:
    manifest = results_dir / "manifest.json"
    before = manifest.read_text()
    nodes = [
        {"node": "n1", "roles": ["load", "monitor"], "cores": 4, "memory_bytes": 8 << 30},
        {"node": "n2", "roles": ["processor"], "cores": 8},
    ]
    manifest.write_text(json.dumps({**json.loads(before), "target": "swarm", "nodes": nodes}))
    try:
        text = " ".join(Page(write_report(results_dir).read_text()).text.split())
    finally:
        manifest.write_text(before)
    for said in ("laptop, swarm", "Node n1", "load, monitor; 4 cores", "Node n2", "processor; 8"):
        assert said in text


def test_verdicts_stand_with_their_reasons(page: Page) -> None:
    for text in ("VALID 3/3", "NOT SUSTAINED 1/1", "FAILED 1/1", "BACKLOG_GROWING", "OOM"):
        assert text in page.text


def test_text_from_logs_is_escaped(html: str) -> None:
    assert "<b>OOM</b>" not in html


def test_no_figure_can_end_its_script_element(page: Page) -> None:
    (text,) = [text for attrs, text in page.scripts if attrs.get("id") == "figures"]

    assert "<" not in text


def test_every_figure_is_there_and_has_its_place(page: Page, figures: dict[str, Any]) -> None:
    assert {name.rsplit("-", 1)[0] for name in figures} == {
        "latency-by-rate",
        "throughput",
        "distribution",
        "stages",
        "cost",
        "latency-over-time",
        "backlog",
        "cpu",
        "steps",
    }
    assert set(figures) <= page.ids


def test_every_figure_is_one_that_plotly_accepts(figures: dict[str, Any]) -> None:
    for panel in figures.values():
        text = json.dumps(panel)
        for name in sorted({part.split(")")[0] for part in text.split("var(")[1:]}, key=len)[::-1]:
            text = text.replace(f"var({name})", "#000000")
        go.Figure(json.loads(text))


def test_every_colour_is_defined_in_both_themes(html: str, figures: dict[str, Any]) -> None:
    style = html.split("</style>", maxsplit=1)[0]
    used = {part.split(")")[0] for part in json.dumps(figures).split("var(")[1:]}
    assert used
    for name in used:
        assert f"{name}:" in style


def test_an_interval_is_cut_at_zero() -> None:
    wide, two = estimate([1.0, 2.0, 40.0]), estimate([1.0, 2.0])
    assert wide is not None
    bars = interval([wide, two, None])
    assert bars["arrayminus"][0] == pytest.approx(wide.centre - (wide.low or 0))
    assert 0 < bars["arrayminus"][0] < wide.centre
    assert bars["array"][0] > 100 * bars["arrayminus"][0], "it reaches further up than down"
    assert bars["array"][1:] == bars["arrayminus"][1:] == [None, None]


def test_no_bar_stands_without_an_interval(figures: dict[str, Any]) -> None:
    for name, panel in figures.items():
        if name.startswith("steps"):
            continue  # a log of what happened, not an estimate
        for trace in panel["data"]:
            if trace["type"] == "bar":
                error = trace.get("error_x") or trace["error_y"]
                assert len(error["array"]) == len(trace["x"])
                assert not any("1000/s" in str(label) for label in trace["x"] + trace["y"])


def test_grouped_marks_move_along_the_axis_of_names(figures: dict[str, Any]) -> None:
    """Plotly shifts the marks of a group along their position axis: never along the values."""
    for panel in figures.values():
        if panel["layout"].get("scattermode") == "group":
            for trace in panel["data"]:
                names = trace["y"] if trace.get("orientation") == "h" else trace["x"]
                assert all(isinstance(name, str) for name in names)


def test_figures_are_thinned(figures: dict[str, Any]) -> None:
    for panel in figures.values():
        for trace in panel["data"]:
            assert len(trace["x"]) <= 400


def test_the_tables_can_be_copied_as_numbers(page: Page) -> None:
    columns = ("", "_geometric_mean", "_low", "_high", "_cv")
    assert "\t".join(f"latency_p99_ms{column}" for column in columns) in page.text
    assert {"results-tsv", "runs-tsv"} <= page.ids


def test_the_console_shows_cells_and_reasons(results_dir: Path) -> None:
    text = StringIO()

    print_results(load_results(results_dir), Console(file=text, width=140))

    for part in ("flink python onnx", "700/s", "VALID 3/3", "BACKLOG_GROWING", "exited"):
        assert part in text.getvalue()


def test_a_folder_in_which_every_run_failed_has_a_report(tmp_path: Path) -> None:
    spec = synthetic.Scenario().spec()
    (tmp_path / spec.run_id).mkdir()
    failed_run(tmp_path / spec.run_id, spec, "kafka", "was not ready within 120 s")
    (tmp_path / "manifest.json").write_text(synthetic.manifest().model_dump_json())

    text = Page(write_report(tmp_path).read_text()).text

    assert "was not ready within 120 s" in text
    assert "FAILED 1/1" in text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, NOTHING),
        (0, "0"),
        (0.001234, "0.00123"),
        (2.6, "2.60"),
        (17.06, "17.1"),
        (100.0, "100"),
        (1759.77, "1,760"),
    ],
)
def test_numbers(value: float | None, text: str) -> None:
    assert number(value) == text


def test_units() -> None:
    assert (seconds(3.42), seconds(72)) == ("3.42 s", "1 min 12 s")
    assert (size(None), size(512), size(1.5 * 1024**3)) == (NOTHING, "512 B", "1.50 GiB")


def test_an_interval_is_shown_by_its_ends_and_two_runs_by_themselves() -> None:
    three, two, one = estimate([900.0, 1000.0, 1100.0]), estimate([26.0, 318.0]), estimate([1500.0])
    assert estimate_text(three) == "997 (777 to 1,279)"
    assert estimate_text(two) == centre_text(two) == "26 and 318"
    assert (estimate_text(one), estimate_text(None)) == ("1,500", NOTHING)
    assert estimate_text(estimate([2000.1, 2000.2, 2000.3])) == "2,000 (1,999.95 to 2,000.45)"


def test_bins_are_wide_enough_for_a_p99_and_few_enough_to_read() -> None:
    assert bin_seconds(10, 100_000, 368) == 0.1
    assert bin_seconds(10, 1_000, 368) == 1.0
    assert bin_seconds(900, 1_000_000, 368) == 10.0
    assert bin_seconds(24 * 3600, 100_000_000, 368) == 1800.0
    assert bin_seconds(10, 36_799, 368) == 0.2, "99 bins of 368 are wider than a tenth"


def test_a_kafka_of_others_is_named(tmp_path: Path) -> None:
    folder = experiments.Folder(tmp_path / "outside", "outside")
    kafka = {"kafka": "k.example:9092", "kafka_protocol": "SASL_SSL"}
    folder.add(synthetic.Scenario(seconds=4.0), cell=kafka)
    said = "external Kafka k.example:9092 (SASL_SSL)"
    page = write_report(folder.path).read_text()
    assert said in page
    console = Console(file=StringIO(), width=300)
    print_results(load_results(folder.path), console)
    assert said in console.file.getvalue()  # type: ignore[attr-defined]


def test_ones_own_is_not(html: str) -> None:
    assert "external Kafka" not in html

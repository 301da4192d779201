"""What each experiment's page shows, against queues whose numbers are known."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go
import polars as pl
import pytest

from crayfish_ctl.analysis.search import objective_text, searches
from crayfish_ctl.report import write_report
from crayfish_ctl.report.distribution import MAX_POINTS, latency_curve, thin
from crayfish_ctl.report.figures import all_figures, over_time
from crayfish_ctl.report.figures.base import left_out
from crayfish_ctl.report.figures.pairs import pipeline_pairs
from crayfish_ctl.report.headline import headlines
from crayfish_ctl.report.series import latency_series, rate_series
from crayfish_ctl.report.view import view_cells
from crayfish_ctl.results import load_results, write_model
from tests.unit.report.experiments import BASE, EXPERIMENTS, FLOOD, Folder

if TYPE_CHECKING:
    from pathlib import Path

    from crayfish_ctl.report.figures import Figure
    from crayfish_ctl.report.headline import Card

Drawn = dict[str, "dict[str, Figure]"]

_ALWAYS = {"cost", "cpu", "steps"}
_PACED = {"distribution", "stages", "latency-over-time"}


@pytest.mark.parametrize(
    ("experiment", "anchors"),
    [
        ("scalability", {"scaling", "throughput", "backlog"}),
        ("batch-size", {"batch-size", "throughput", "backlog"} | _PACED),
        ("bursty", {"bursts", "backlog"} | _PACED),
        (
            "kafka-overhead",
            {"kafka-overhead", "latency-by-rate", "throughput", "efficiency", "backlog"} | _PACED,
        ),
        ("sustainable", {"search", "latency-by-rate", "throughput", "backlog"} | _PACED),
        ("stall", {"coordinated-omission", "backlog"} | _PACED),
        ("arrivals", {"latency-by-rate", "throughput"} | _PACED),
        (
            "servers",
            {
                "server-curve",
                "embedded-or-external",
                "call-parts",
                "executions-by-size",
                "throughput",
                "efficiency",
                "backlog",
            },
        ),
    ],
)
def test_the_data_decide_which_figures_there_are(
    drawn: Drawn, experiment: str, anchors: set[str]
) -> None:
    assert set(drawn[experiment]) == anchors | _ALWAYS


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_the_page_of_each_experiment_is_whole_and_light(
    folders: dict[str, Path], drawn: Drawn, experiment: str
) -> None:
    html = write_report(folders[experiment]).read_text()

    assert len(html) < 6_000_000
    for figure in drawn[experiment].values():
        assert figure.caption.endswith(".")
        assert f'<a href="#{figure.anchor}">' in html
        assert f'<h2 id="{figure.anchor}">' in html
        for row in figure.table.rows if figure.table else ():
            assert len(row) == len(figure.table.head if figure.table else ())


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_plotly_accepts_every_panel(drawn: Drawn, experiment: str) -> None:
    for figure in drawn[experiment].values():
        for panel in figure.panels:
            assert panel.data
            text = json.dumps({"data": panel.data, "layout": panel.layout}, allow_nan=False)
            for name in {part.split(")")[0] for part in text.split("var(")[1:]}:
                text = text.replace(f"var({name})", "#000000")
            go.Figure(json.loads(text))
            for trace in panel.data:
                assert len(trace["x"]) == len(trace["y"]) <= MAX_POINTS


def rows(figure: Figure) -> list[tuple[str, ...]]:
    assert figure.table is not None
    return list(figure.table.rows)


def number(text: str) -> float:
    return float(text.split(" ", maxsplit=1)[0].replace(",", ""))


def cards(folder: Path) -> dict[str, Card]:
    results = load_results(folder)
    return {card.label: card for card in headlines(results, view_cells(results))}


# Scaling


def test_speed_up_and_efficiency_are_those_of_the_service_times(drawn: Drawn) -> None:
    """0.82, 0.47 and 0.32 ms for each record with one, two and four scorers."""
    lines = {(row[0], row[1]): row for row in rows(drawn["scalability"]["scaling"])}
    chained, separate = "flink python onnx · N-N-N", "flink python onnx · 1-N-1 unchained"

    assert set(lines) == {*((chained, n) for n in "124"), (separate, "1"), (separate, "2")}
    assert number(lines[chained, "2"][3]) == pytest.approx(0.82 / 0.47, rel=0.01)
    assert number(lines[chained, "4"][3]) == pytest.approx(0.82 / 0.32, rel=0.01)
    assert number(lines[chained, "4"][5]) == pytest.approx(100 * 0.82 / 0.32 / 4, rel=0.01)
    assert number(lines[separate, "2"][3]) == pytest.approx(1.02 / 0.72, rel=0.01)


def test_the_ideal_doubles_with_the_scorers(drawn: Drawn) -> None:
    ideal, measured, *_ = drawn["scalability"]["scaling"].panels[0].data

    assert (ideal["x"], measured["x"]) == ([1, 4], [1, 2, 4])
    assert ideal["y"] == [measured["y"][0], 4 * measured["y"][0]]


def test_the_card_shows_the_largest_speed_up(folders: dict[str, Path]) -> None:
    card = cards(folders["scalability"])["largest speed-up, with 4 scorers"]

    assert number(card.value) == pytest.approx(0.82 / 0.32, rel=0.01)


# Batch size


def test_points_are_records_times_the_batch_size(drawn: Drawn) -> None:
    latency, points = drawn["batch-size"]["batch-size"].panels

    assert [trace["x"] for trace in latency.data] == [[1, 32, 128]] * 2
    (capacity,) = points.data
    # jitter adds 0.3 ms to the service of each record
    expected = [1000 * size / ms for size, ms in ((1, 0.8), (32, 1.5), (128, 3.3))]
    assert capacity["y"] == pytest.approx(expected, rel=0.03)
    assert capacity["error_y"]["array"] == [None] * 3, "two runs have no interval"


# Bursts


def test_bursts_are_shaded_and_recovery_is_marked(drawn: Drawn) -> None:
    figure = drawn["bursty"]["bursts"]
    rates, latency, backlog = figure.panels
    spans = [shape for shape in rates.layout["shapes"] if shape["type"] == "rect"]
    marks = [shape for shape in rates.layout["shapes"] if shape["type"] == "line"]

    assert [(span["x0"], span["x1"]) for span in spans] == [(6.0, 8.0), (14.0, 16.0)]
    # 800 records wait at the end of a burst, and 292 of them leave each second
    assert [mark["x0"] for mark in marks] == pytest.approx([8 + 2.75, 16 + 2.75], abs=0.5)
    assert len(latency.layout["shapes"]) == len(rates.layout["shapes"]) + 1
    assert max(backlog.data[0]["y"]) == pytest.approx(800, rel=0.05)
    assert {panel.layout["xaxis"]["range"][1] for panel in figure.panels} == {
        rates.layout["xaxis"]["range"][1]
    }
    assert [row[1:4] for row in rows(figure)] == [("1", "6", "2"), ("2", "14", "2")] * 2


def test_offered_and_achieved_are_rates_of_whole_bins(folders: dict[str, Path]) -> None:
    results = load_results(folders["bursty"])
    series = rate_series(results, results.runs[0])

    assert series is not None
    offered = dict(zip(series.due_at, series.due, strict=True))
    assert (offered[5.25], offered[7.25], offered[8.25]) == (100.0, 800.0, 100.0)
    assert max(series.back) == pytest.approx(400, rel=0.03)
    assert sum(series.due) * series.bin_seconds == 10_000 / 2


def test_rates_of_a_long_run_need_memory_of_its_records_only(folders: dict[str, Path]) -> None:
    """They needed the square of it once: 800 GB for this run."""
    run = load_results(folders["bursty"]).runs[0]
    assert run.window is not None
    due = run.window.start_ns + np.arange(300_000) * 100_000
    frame = pl.DataFrame(
        {"segment": "measured", "status": "ok", "intended_ns": due, "consumed_ns": due + 1_000_000}
    )
    long = SimpleNamespace(has_records=lambda _: True, records=lambda _: frame.lazy())
    series = rate_series(long, run)  # type: ignore[arg-type]

    assert series is not None
    assert max(series.back) == pytest.approx(10_000, rel=0.01)


def test_the_card_shows_the_recovery(folders: dict[str, Path]) -> None:
    assert number(cards(folders["bursty"])["to recover from a burst"].value) == 3.0


# Kafka, and the bounds


def test_overhead_is_a_ratio_of_times_and_of_capacities(drawn: Drawn) -> None:
    found = {(row[0], row[1]): row for row in rows(drawn["kafka-overhead"]["kafka-overhead"])}
    label = "flink python onnx @"

    assert set(found) == {
        *((f"{label} {rate}/s", f"{q}, ms") for rate in (200, 600) for q in ("p50", "p99")),
        (f"{label} max", "capacity, records/s"),
    }
    # 1.5 ms on the way with Kafka, 0.15 ms without, and some 1.1 ms of service
    assert number(found[f"{label} 200/s", "p50, ms"][4]) == pytest.approx(2.57 / 1.22, rel=0.05)
    assert number(found[f"{label} max", "capacity, records/s"][4]) == pytest.approx(
        1.1 / 0.6, rel=0.03
    )


def test_a_kafka_of_others_is_held_against_the_same_job(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "outside", "outside")
    folder.add(BASE, cell={"kafka": "k.example:9092", "kafka_protocol": "SSL"})
    folder.add(replace(BASE, pipeline="in-job", network_ms=0.05))
    (pair,) = pipeline_pairs(view_cells(folder.results()))
    assert pair.dear.cell.kafka == "k.example:9092"
    assert pair.cheap.cell.kafka is None


def test_tls_is_held_against_the_same_in_the_clear(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "tls", "tls")
    for each in (BASE, FLOOD):
        folder.repeat(each)
        folder.repeat(
            replace(each, service_ms=1.5 * each.service_ms), cell={"kafka_protocol": "SSL"}
        )
    results = folder.results()
    (figure,) = (f for f in all_figures(results, view_cells(results)) if f.anchor == "tls-overhead")
    found = {(row[0], row[1]): row for row in rows(figure)}
    label = "flink python onnx (Kafka over TLS) @"
    assert set(found) == {
        *((f"{label} {BASE.rate:g}/s", f"{q}, ms") for q in ("p50", "p99")),
        (f"{label} max", "capacity, records/s"),
    }
    assert number(found[f"{label} max", "capacity, records/s"][4]) == pytest.approx(1.5, rel=0.1)
    assert "the p50 latency, because of TLS" in cards(tmp_path / "tls")


def test_the_share_of_raw_and_of_noop_is_printed(drawn: Drawn) -> None:
    found = {
        (row[0], row[1].split(":")[0]): row for row in rows(drawn["kafka-overhead"]["efficiency"])
    }
    kafka, in_job = "flink python onnx @ max", "flink python onnx in-job @ max"

    assert number(found[kafka, "raw scorer"][2]) == pytest.approx(100 * 0.15 / 1.1, rel=0.05)
    assert number(found[kafka, "noop in the pipeline"][2]) == pytest.approx(
        100 * 0.4 / 1.1, rel=0.05
    )
    assert number(found[in_job, "raw scorer"][2]) == pytest.approx(100 * 0.15 / 0.6, rel=0.05)
    assert (in_job, "noop in the pipeline") not in found


def test_bounds_are_no_headline(folders: dict[str, Path]) -> None:
    found = cards(folders["kafka-overhead"])

    assert "in-job" in found["highest capacity"].detail
    assert number(found["the p50 latency, because of Kafka"].value) == pytest.approx(2.1, rel=0.05)


# The search


def test_each_run_of_a_search_held_or_did_not(drawn: Drawn, folders: dict[str, Path]) -> None:
    (entry,) = searches(load_results(folders["sustainable"]))
    panel = drawn["sustainable"]["search"].panels[0]
    marks = {trace["name"]: trace["x"] for trace in panel.data}

    assert (entry.found, entry.confirmations) == (700.0, 2)
    assert [attempt.held for attempt in entry.attempts] == [True, False, False, True, True, True]
    assert marks == {
        "probe held": [400.0, 700.0],
        "probe did not hold": [1100.0, 820.0],
        "confirmation held": [700.0, 700.0],
    }
    level, found = panel.layout["shapes"]
    assert (level["y0"], found["x0"]) == (20.0, 700.0)
    assert cards(folders["sustainable"])["holds a p99 of at most 20 ms"].value == "700"


def test_probes_are_no_cells(folders: dict[str, Path]) -> None:
    cells = view_cells(load_results(folders["sustainable"]))

    assert [cell.cell.workload for cell in cells] == ["max", "700/s"]
    assert [len(cell.runs) for cell in cells] == [1, 2]


def test_without_an_objective_a_valid_run_held(tmp_path: Path) -> None:
    for plan in ({}, {"sizing": {"workloads": "?"}}, {"experiment": {"profiles": {"laptop": 1}}}):
        folder = Folder(tmp_path / str(len(str(plan))), "sustainable", plan)
        folder.add(BASE, workload=0, purpose="probe")
        (entry,) = searches(load_results(folder.path))

        assert (entry.objective, entry.found) == (None, None)
        assert [attempt.held for attempt in entry.attempts] == [True]


def test_a_manifest_without_a_sizing_has_its_objective_in_the_profile(tmp_path: Path) -> None:
    search = {"percentile": "p99_9", "objective_ms": 1}
    plan = {"experiment": {"profiles": {"laptop": {"workloads": [{"search": search}]}}}}
    folder = Folder(tmp_path / "search", "sustainable", plan)
    folder.add(BASE, workload=0, purpose="probe")
    (entry,) = searches(load_results(folder.path))

    assert entry.objective is not None
    assert objective_text(entry.objective) == "p99.9 of at most 1 ms"
    assert not entry.attempts[0].held  # some 3 ms


# What there is no room for


def test_a_caption_says_which_cells_are_left_out(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Saturating cells took the place of others, and nobody was told."""
    results = load_results(folders["kafka-overhead"])
    cells = view_cells(results)
    paced = [cell for cell in cells if not cell.saturates]
    monkeypatch.setattr(over_time, "MAX_PANELS", 2)
    figure = over_time.latency_over_time(results, [*cells[4:], *paced])

    assert figure is not None
    assert [panel.title.partition(" (")[0] for panel in figure.panels] == [
        cell.label for cell in paced[:2]
    ]
    assert "The first 2 of 4 cells are drawn; left out: " in figure.caption
    assert paced[2].label in figure.caption
    assert paced[3].label in figure.caption


def test_few_names_are_said_and_the_rest_counted(folders: dict[str, Path]) -> None:
    cells = view_cells(load_results(folders["kafka-overhead"]))
    text = left_out(cells, 2)
    assert f"The first 2 of {len(cells)} cells are drawn" in text
    assert text.endswith(f"and {len(cells) - 5} more.")
    assert left_out(cells, len(cells)) == ""


def test_a_p99_over_time_is_that_of_enough_records(tmp_path: Path) -> None:
    """Of up to a hundred records it was their maximum."""
    folder = Folder(tmp_path, "rates")
    run = folder.add(replace(BASE, rate=1000.0, service_ms=0.2))
    results = folder.results()
    found = latency_series(results, run)
    assert found is not None
    frame = results.frame(run.run_id).filter(pl.col("status") == "ok")
    bins = frame.group_by((pl.col("due_s") / found.bin_seconds).floor().alias("bin"))
    sizes = [latency.len() for latency in bins.agg("latency_ms").sort("bin")["latency_ms"]]
    assert [value is not None for value in found.p99] == [size >= 368 for size in sizes]
    assert any(found.p99)
    assert all(p99 < largest for p99, largest in zip(found.p99, found.max, strict=True) if p99)


# Coordinated omission


def test_both_latencies_of_a_stall_are_shown(drawn: Drawn, folders: dict[str, Path]) -> None:
    figure = drawn["stall"]["coordinated-omission"]
    due, sent = figure.panels[0].data
    p50, p99, highest = rows(figure)

    assert (due["name"], sent["name"]) == ("from due", "from sent")
    assert max(due["y"]) == pytest.approx(1000, rel=0.02)
    # sent all at once when the client goes on: each waits for those before it, 1.1 ms for each
    assert max(sent["y"]) == pytest.approx(300 * 1.1, rel=0.05)
    assert number(p50[4]) < 0.1
    assert number(highest[4]) == pytest.approx(max(due["y"]) - max(sent["y"]), rel=0.01)
    assert cards(folders["stall"])["p99 latency with the fault"].detail.endswith(
        f"counted from the send it would be {p99[3]} ms"
    )


def test_a_fault_is_shaded_where_it_was_made(drawn: Drawn) -> None:
    panel = drawn["stall"]["latency-over-time"].panels[0]
    faults = [s for s in panel.layout["shapes"] if s.get("fillcolor") == "var(--fault)"]

    assert [(fault["x0"], fault["x1"]) for fault in faults] == [(3.0, 4.0)]


# Arrivals


def test_the_kinds_of_arrivals_are_lines_of_their_own(drawn: Drawn) -> None:
    names = {trace["name"] for trace in drawn["arrivals"]["latency-by-rate"].panels[0].data}

    assert {"flink python onnx · constant p50", "flink python onnx · poisson p50"} <= names


# The distribution


def test_a_curve_consists_of_order_statistics(folders: dict[str, Path]) -> None:
    results = load_results(folders["arrivals"])
    runs = results.runs[:2]
    curve = latency_curve(results, runs)
    values = np.sort(
        np.concatenate(
            [
                results.frame(run.run_id).filter(segment="measured", status="ok")["latency_ms"]
                for run in runs
            ]
        )
    )

    assert curve is not None
    assert curve.records == values.size == 1600
    assert len(curve.ms) <= MAX_POINTS
    for ms, below in zip(curve.ms, curve.below, strict=True):
        place = round(below * values.size - 0.5)
        assert ms == pytest.approx(values[place], abs=1e-4)


def test_thinning_keeps_the_ends_and_the_last_records() -> None:
    values = np.arange(1_000_000, dtype=float)
    curve = thin(values)

    assert len(curve.ms) <= MAX_POINTS
    assert curve.ms[0] == 0.0
    assert curve.ms[-4:] == [999_996.0, 999_997.0, 999_998.0, 999_999.0]
    assert curve.above[-1] == pytest.approx(0.5e-6)
    # evenly through the bulk: no step of more than a hundredth
    assert max(np.diff(curve.below)) < 0.01
    assert np.all(np.diff(curve.ms) > 0)


def test_few_records_are_all_shown() -> None:
    curve = thin(np.array([3.0, 5.0, 5.0]))

    assert curve.ms == [3.0, 5.0, 5.0]
    assert curve.below == pytest.approx([1 / 6, 3 / 6, 5 / 6])


# Warnings and steadiness


def test_warnings_and_steadiness_stand_on_the_page(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "noisy", "input-rate", {"sizing": {"repetitions": 3}})
    for repetition, service in ((1, 0.8), (2, 1.4)):
        folder.add(replace(BASE, service_ms=service, jitter_ms=0.05), repetition)

    html = write_report(folder.path).read_text()

    assert "2 of 3 runs are VALID" in html
    assert "p50 latency varies by" in html
    assert '<td class="n">yes</td>' in html


def test_a_summary_of_what_is_not_steady(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "drift", "input-rate")
    run = folder.add(BASE)
    assert run.steady is not None
    drifting = run.steady.model_copy(update={"steady": False, "change": 0.183})
    write_model(folder.path / run.run_id / "run.json", run.model_copy(update={"steady": drifting}))

    html = write_report(folder.path).read_text()

    assert '0 of 1<span class="spread">drift +18 %</span>' in html


def test_a_result_is_shown_by_what_was_measured_not_by_its_name(
    folders: dict[str, Path], drawn: Drawn, tmp_path: Path
) -> None:
    results = load_results(folders["scalability"])
    renamed: Any = results.manifest.model_copy(update={"experiment": "something-else"})
    write_model(tmp_path / "manifest.json", renamed)
    for run in results.runs:
        (tmp_path / run.run_id).symlink_to(results.path / run.run_id)

    html = write_report(tmp_path).read_text()

    assert all(f'id="{anchor}"' in html for anchor in drawn["scalability"])

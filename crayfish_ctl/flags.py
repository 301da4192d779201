"""The flags that choose what to measure, written once for every command that takes them."""

from __future__ import annotations

import inspect
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crayfish_ctl.catalog import RUNTIMES
from crayfish_ctl.models import models_of_files
from crayfish_ctl.plan import (
    ALL,
    Series,
    make_series,
    parse_kafka,
    parse_list,
    parse_options,
    parse_parallelism,
    parse_rates,
    parse_servers,
    parse_tls,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from crayfish_ctl.catalog import Catalog


With = Annotated[
    list[Path] | None,
    typer.Option(
        "--with",
        help="read this folder beside the checkout: laid out alike (configs/, compose/, images/, "
        "models/, tools/); repeatable; without it those of $CRAYFISH_PATH",
    ),
]
"""The roots beside the checkout."""


def _select(  # noqa: PLR0917  each one is a flag
    experiment: Annotated[
        str, typer.Argument(help="a file of configs/experiments; several by commas, or `all`")
    ],
    profile: Annotated[str, typer.Option(help="how big: a file of configs/profiles")] = "laptop",
    cpu_limit: Annotated[
        str | None, typer.Option(help="how CPU limits are kept: quota, short-quota or cores")
    ] = None,
    sp: Annotated[
        list[str] | None, typer.Option(help="stream processors; repeat, or by commas, or `all`")
    ] = None,
    runtime: Annotated[
        list[str] | None, typer.Option(help="python or jvm; repeat, or by commas, or `all`")
    ] = None,
    tool: Annotated[
        list[str] | None, typer.Option(help="what scores; repeat, or by commas, or `all`")
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(
            help="files of configs/models, or a path to one of yours; an experiment each; likewise"
        ),
    ] = None,
    reps: Annotated[int | None, typer.Option(help="repetitions of each cell")] = None,
    max_reps: Annotated[
        int | None, typer.Option(help="up to so many, if the first three differ too much")
    ] = None,
    precision: Annotated[
        float | None, typer.Option(help="0.05: an interval that reaches 5 % above its centre")
    ] = None,
    rate: Annotated[
        list[str] | None, typer.Option(help="records/s or `max`; repeat, or separate by commas")
    ] = None,
    arrivals: Annotated[str | None, typer.Option(help="constant or poisson")] = None,
    trace: Annotated[
        str | None, typer.Option(help="replay the arrival times of a .csv or .parquet file")
    ] = None,
    trace_speed: Annotated[float, typer.Option(help="replay that much faster")] = 1.0,
    trace_column: Annotated[
        str | None, typer.Option(help="column of the arrival times, if several could be")
    ] = None,
    trace_start: Annotated[
        str,
        typer.Option(help="first: begin with the first arrival; file: offsets as they are"),
    ] = "first",
    trace_sort: Annotated[
        bool, typer.Option("--trace-sort", help="put the arrivals of an unsorted file in order")
    ] = False,
    call: Annotated[
        list[str] | None,
        typer.Option(
            help="how records reach the model: blocking, async:N[:ordered] (N calls under way), "
            "batched:N[:MS] (N records a call); repeat, or by commas"
        ),
    ] = None,
    server: Annotated[
        list[str] | None,
        typer.Option(
            help="TOOL=HOST:PORT: a model server that you have already; nothing is started for it"
        ),
    ] = None,
    server_tls: Annotated[
        list[str] | None,
        typer.Option(
            help="CA.pem or `system`: call those servers over TLS, and trust these certificates; "
            "TOOL=CA.pem for one of several"
        ),
    ] = None,
    kafka: Annotated[
        str | None,
        typer.Option(
            help="HOST:PORT[,HOST:PORT...]: a Kafka that you have already; no broker is started"
        ),
    ] = None,
    kafka_tls: Annotated[
        str | None,
        typer.Option(help="CA.pem or `system`: reach it over TLS, and trust these certificates"),
    ] = None,
    kafka_sasl: Annotated[
        Path | None,
        typer.Option(
            help="a YAML file with mechanism (PLAIN, SCRAM-SHA-256, SCRAM-SHA-512), username and "
            "password for it"
        ),
    ] = None,
    kafka_protocol: Annotated[
        str | None,
        typer.Option(help="PLAINTEXT or SSL: how the experiment's own Kafka is reached"),
    ] = None,
    pipeline: Annotated[
        str | None, typer.Option(help="kafka, in-job (no Kafka) or raw (only the scorer)")
    ] = None,
    batch: Annotated[int | None, typer.Option(help="points per record")] = None,
    seconds: Annotated[float | None, typer.Option(help="measured seconds of each run")] = None,
    count: Annotated[int | None, typer.Option(help="measured records of each run")] = None,
    warmup: Annotated[float | None, typer.Option(help="seconds of warm-up")] = None,
    parallelism: Annotated[str, typer.Option(help="N, or SOURCE-SCORER-SINK such as 1-2-1")] = "1",
    unchained: Annotated[
        bool, typer.Option("--unchained", help="task parallel: operators not fused")
    ] = False,
    record_format: Annotated[str, typer.Option("--format", help="binary or json")] = "binary",
    delivery: Annotated[str, typer.Option(help="at-least-once or exactly-once")] = "at-least-once",
    tool_option: Annotated[
        list[str] | None, typer.Option(help="name=value for the tool; repeatable")
    ] = None,
    processor_option: Annotated[
        list[str] | None, typer.Option(help="name=value for the processor; repeatable")
    ] = None,
    points: Annotated[
        str, typer.Option(help="test, random:COUNT, or a .npy, .npz[:ARRAY] or .parquet file")
    ] = "test",
    seed: Annotated[int, typer.Option(help="of random points and of random arrivals")] = 0,
) -> dict[str, Any]:
    """The flags as the fields of `Choices`, with the lists `experiments` and `models`."""
    servers = parse_servers(server or [])
    return {
        "experiments": experiment,
        "profile": profile,
        "cpu_limit": cpu_limit,
        "processors": parse_list(sp or []),
        "runtimes": RUNTIMES if ALL in (runtime or []) else parse_list(runtime or []),
        "tools": parse_list(tool or []),
        "models": parse_list(model or []),
        "repetitions": reps,
        "max_repetitions": max_reps,
        "precision": precision,
        "rates": parse_rates(rate or []),
        "arrivals": arrivals,
        # It is read again when the experiment is resumed, from whichever folder.
        "trace": None if trace is None else str(Path(trace).resolve()),
        "trace_speed": trace_speed,
        "trace_column": trace_column,
        "trace_start": trace_start,
        "trace_sort": trace_sort,
        "calls": parse_list(call or []),
        "servers": servers,
        "server_tls": parse_tls(server_tls or [], servers),
        **parse_kafka(kafka, kafka_tls, kafka_sasl),
        "kafka_protocol": kafka_protocol,
        "pipeline": pipeline,
        "batch_size": batch,
        "seconds": seconds,
        "count": count,
        "warmup_seconds": warmup,
        "parallelism": parse_parallelism(parallelism),
        "chained": not unchained,
        "record_format": record_format,
        "delivery": delivery,
        "tool_options": parse_options("--tool-option", tool_option or []),
        "processor_options": parse_options("--processor-option", processor_option or []),
        "points": points,
        "seed": seed,
    }


def takes_plan(
    catalog: Callable[[Sequence[Path] | None], Catalog],
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the flags of `_select`; it is called with the resulting `Series` first.

    Args:
        catalog: called when the command runs, with the roots that were given.
    """
    shared = inspect.signature(_select, eval_str=True).parameters
    beside = inspect.Parameter(
        "beside", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=With
    )

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        own = dict(list(inspect.signature(command, eval_str=True).parameters.items())[1:])

        @wraps(command)
        def run(**values: Any) -> None:
            selected = _select(**{name: values.pop(name) for name in shared})
            found = catalog(values.pop(beside.name))
            experiments, models = selected.pop("experiments"), selected.pop("models")
            found, models = models_of_files(found, models)
            made: Series = make_series(found, experiments, models, selected)
            command(made, **values)

        parameters = [*shared.values(), *own.values(), beside]
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {p.name: p.annotation for p in parameters}
        return run

    return decorate

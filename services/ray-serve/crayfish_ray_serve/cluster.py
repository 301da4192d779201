"""The cluster, its proxy and its applications."""

from __future__ import annotations

import logging
import signal
import sys
from typing import TYPE_CHECKING, Final, NoReturn

import ray
from ray import serve
from ray.serve.config import HTTPOptions, gRPCOptions
from ray.serve.schema import LoggingConfig

from crayfish_serving import NOOP

from .deployment import Scorer
from .options import METRICS_PORT, proxy_ports

if TYPE_CHECKING:
    from crayfish_serving import ServedModel

    from .options import ServeOptions

_STORE_BYTES: Final = 80 * 1024 * 1024
"""Of the object store, near the least that Ray takes; only what is above 100 kB lies there."""
_DRAIN_S: Final = 3.0
"""For a replica to finish what it has in hand."""


class Cluster:
    """Made once; `start` and `stop` once each."""

    def __init__(self, model: ServedModel, options: ServeOptions) -> None:
        self._model = model
        self._options = options

    def start(self) -> None:
        """Start it, and each application in turn; returns when their replicas have loaded."""
        # It says of each application that the ports are already as they are.
        logging.getLogger("ray.serve").setLevel(logging.ERROR)
        ray.init(
            # Actors of Serve ask for none; it would only keep idle workers ready.
            num_cpus=1,
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.ERROR,
            object_store_memory=_STORE_BYTES,
            _metrics_export_port=METRICS_PORT,
        )
        http, grpc = proxy_ports(self._options)
        serve.start(
            http_options=HTTPOptions(host="0.0.0.0", port=http),  # noqa: S104  the run's network
            grpc_options=gRPCOptions(
                port=grpc,
                grpc_servicer_functions=["crayfish_ray_serve.deployment.add_scoring"],
            ),
            logging_config=LoggingConfig(enable_access_log=False, log_level="WARNING"),
        )
        name = self._model.name
        if self._options.direct:
            self._run("scoring", "/", (name, NOOP))
        else:
            self._run(name, f"/{name}", (name,))
            self._run(NOOP, f"/{NOOP}", (NOOP,))

    def _run(self, application: str, route: str, names: tuple[str, ...]) -> None:
        deployment = serve.deployment(
            Scorer,
            name="scorer",
            num_replicas=self._options.replicas,
            max_ongoing_requests=self._options.max_ongoing,
            ray_actor_options={"num_cpus": 0},
            graceful_shutdown_timeout_s=_DRAIN_S,
            graceful_shutdown_wait_loop_s=0.05,
        )
        bound = deployment.bind(self._model, names, self._options)
        serve.run(bound, name=application, route_prefix=route)

    def wait(self) -> NoReturn:
        """Until SIGTERM, which raises SystemExit. Ray ends this process if its node ends."""
        # In the place of Ray's own, which writes a page of addresses first.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        while True:
            signal.pause()

    def stop(self) -> None:
        """Replicas finish what they have in hand; then the node's processes end."""
        # Else it says in its own words that the controller, which it ends itself, has ended.
        logging.getLogger("ray").setLevel(logging.CRITICAL)
        serve.shutdown()
        ray.shutdown()

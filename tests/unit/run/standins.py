"""What stands in for an engine in these tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crayfish_ctl.run.watch import Ended
from crayfish_ctl.stack import ServiceContainer

if TYPE_CHECKING:
    from pathlib import Path


def container(service: str, **changes: Any) -> ServiceContainer:
    facts = {
        "id": f"id-{service}",
        "running": True,
        "exit_code": 0,
        "oom_killed": False,
        "image": "crayfish/x:latest",
        "image_id": "sha256:1",
        "cpus": 1.0,
        "memory_bytes": 2**30,
    }
    return ServiceContainer(service=service, **{**facts, **changes})


class Engine:
    """A target, its events and what is shown, all in one."""

    def __init__(self, *containers: ServiceContainer) -> None:
        self.now = list(containers)
        self.queue: list[Ended] = []
        self.shown = 0

    def containers(self) -> list[ServiceContainer]:
        return self.now

    def up(self, rendered: object, services: object = ()) -> None:
        """Everything runs already."""

    def kill(self, container_id: str) -> None:
        """What comes of it is said by `ends`."""

    def published_port(self, service: str, port: int) -> int:
        assert (service, port) == ("prometheus", 9090)
        return 1

    def jvm_arguments(self, container_id: str) -> list[str]:
        return ["java", "-Xmx1g", "-cp", "x"] if container_id == "id-kafka" else []

    def log_tail(self, container_id: str) -> list[str]:
        return [f"last words of {container_id}"]

    def write_log(self, container_id: str, path: Path, since_ns: int) -> None:
        path.write_text(f"{container_id} since {since_ns}")

    def next(self, timeout_s: float) -> Ended | None:
        return self.queue.pop(0) if self.queue else None

    def update(self, status: object) -> None:
        self.shown += 1

    def ends(self, service: str, code: int) -> None:
        self.queue.append(Ended(f"id-{service}", service, code))

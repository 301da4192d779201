"""A compose stack in swarm's words: what is translated, what is left to do, what is refused."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pytest

from crayfish_ctl.errors import CrayfishError
from crayfish_ctl.targets.swarm.dialect import translate
from crayfish_ctl.targets.swarm.placement import Place

if TYPE_CHECKING:
    from pathlib import Path

NODE = Place("id-a", "a", ("processor",), 4)


def config(**service: Any) -> dict[str, Any]:
    made = {
        "image": "sha256:1",
        "labels": {"crayfish.role": "processor"},
        "command": None,
        "networks": {"default": None},
        "deploy": {"resources": {"limits": {"cpus": 1.5, "memory": "1073741824", "pids": 8}}},
        **service,
    }
    return {"services": {"x": made}, "networks": {"default": {"name": "crayfish-bench_default"}}}


def one(**service: Any) -> dict[str, Any]:
    stack, _ = translate(config(**service), {"x": NODE})
    found: dict[str, Any] = stack["services"]["x"]
    return found


def test_a_service_is_bound_to_its_node_and_never_started_again() -> None:
    made = one(pull_policy="never", security_opt=["no-new-privileges:true"], cap_drop=["ALL"])
    assert made["deploy"] == {
        "endpoint_mode": "dnsrr",
        "restart_policy": {"condition": "none"},
        "resources": {"limits": {"cpus": "1.5", "memory": "1073741824", "pids": 8}},
        "placement": {"constraints": ["node.id == id-a"]},
    }
    assert made["cap_drop"] == ["ALL"]
    assert made["networks"] == ["default"]
    assert not {"pull_policy", "security_opt", "command"} & set(made)


def test_a_weight_is_given_later() -> None:
    stack, work = translate(config(cpu_shares=2048), {"x": NODE})
    assert work.weights == {"x": 2048}
    assert "cpu_shares" not in stack["services"]["x"]


def test_the_network_reaches_over_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    stack, _ = translate(config(), {"x": NODE})
    network = stack["networks"]["default"]
    assert (network["driver"], network["attachable"]) == ("overlay", True)
    assert network["labels"] == {"crayfish.stack": "true"}
    monkeypatch.setenv("CRAYFISH_OVERLAY_MTU", "1400")
    stack, _ = translate(config(), {"x": NODE})
    options = stack["networks"]["default"]["driver_opts"]
    assert options == {"com.docker.network.driver.mtu": "1400"}
    monkeypatch.setenv("CRAYFISH_OVERLAY_MTU", "large")
    with pytest.raises(CrayfishError, match="CRAYFISH_OVERLAY_MTU=large: not a number"):
        translate(config(), {"x": NODE})


def test_a_file_is_a_config_of_its_content_and_a_folder_a_volume(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("{}")
    (tmp_path / "out").mkdir()

    def bind(source: str, target: str, *, read_only: bool) -> dict[str, Any]:
        return {"type": "bind", "source": source, "target": target, "read_only": read_only}

    volumes = [
        bind(str(tmp_path / "run.json"), "/crayfish/run.json", read_only=True),
        bind(str(tmp_path), "/models", read_only=True),
        bind(str(tmp_path / "out"), "/out", read_only=False),
        bind("/sys/fs/cgroup", "/host/cgroup", read_only=True),
        {"type": "tmpfs", "target": "/scratch", "tmpfs": {"size": "100", "mode": 1023}},
    ]
    stack, work = translate(config(volumes=volumes), {})
    made = stack["services"]["x"]
    (run,) = made["configs"]
    assert (run["target"], run["mode"]) == ("/crayfish/run.json", 0o444)
    assert stack["configs"][run["source"]]["file"] == str(tmp_path / "run.json")
    folders = work.folders["x"]
    assert [(where, folder.written) for where, folder in folders.items()] == [
        ("/models", False),
        ("/out", True),
    ]
    assert all(stack["volumes"][f.volume]["external"] for f in folders.values())
    assert [mount["type"] for mount in made["volumes"]] == ["volume", "volume", "bind", "tmpfs"]
    assert made["volumes"][3]["tmpfs"]["size"] == 100
    # Another content is another config: one that is there cannot be changed.
    (tmp_path / "run.json").write_text("{ }")
    again, _ = translate(config(volumes=volumes), {})
    assert list(again["configs"]) != list(stack["configs"])


def test_what_counts_containers_runs_on_each_node_and_knows_its_name() -> None:
    made = one(volumes=[{"type": "bind", "source": "/sys/fs/cgroup", "target": "/c"}])
    assert made["labels"]["crayfish.everywhere"] == "true"
    assert made["environment"]["CRAYFISH_NODE"] == "{{.Node.Hostname}}"
    stack, _ = translate(
        config(volumes=[{"type": "bind", "source": "/sys/fs/cgroup", "target": "/c"}]), {}
    )
    assert stack["services"]["x"]["deploy"]["mode"] == "global"


def test_a_port_is_the_nodes_own() -> None:
    made = one(ports=[{"target": 9090, "host_ip": "127.0.0.1", "published": "0"}])
    assert made["ports"] == [{"target": 9090, "protocol": "tcp", "mode": "host"}]


@pytest.mark.parametrize(
    "key", [{"cpuset": "0"}, {"cpu_quota": 1000}, {"container_name": "y"}, {"depends_on": {"z": 1}}]
)
def test_what_a_swarm_cannot_do_is_refused_by_name(key: dict[str, Any]) -> None:
    with pytest.raises(CrayfishError, match=f"service x: {next(iter(key))}"):
        one(**key)


def test_a_file_too_large_for_a_config_is_refused(tmp_path: Path) -> None:
    large = tmp_path / "large.bin"
    large.write_bytes(bytes(500_001))
    with pytest.raises(CrayfishError, match=r"large\.bin: has 500,001 bytes"):
        one(volumes=[{"type": "bind", "source": str(large), "target": "/x", "read_only": True}])


def test_what_is_written_down_nowhere_is_a_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    login = tmp_path / "login.json"
    login.write_text("it-is-a-secret")
    mount = {"type": "bind", "source": str(login), "target": "/login", "read_only": True}
    stack, work = translate(config(volumes=[mount]), {"x": NODE}, [login])
    made = stack["services"]["x"]
    (secret,) = made["secrets"]
    assert (secret["target"], secret["mode"]) == ("/login", 0o444)
    assert stack["secrets"][secret["source"]]["file"] == str(login)
    assert not {"configs", "volumes"} & set(stack)
    assert "configs" not in made
    assert made["volumes"] == []
    assert work.folders == {}
    again, _ = translate(config(volumes=[mount]), {"x": NODE}, [login])
    assert again == stack  # a service whose secret had another name would be made anew
    # Whoever may list secrets sees their names: a digest of the content could be guessed at.
    digest = hashlib.sha256(login.read_bytes()).hexdigest()
    assert secret["source"].removeprefix("crayfish-") not in digest
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(CrayfishError, match=r"login\.json: .*cannot bring it to the nodes"):
        translate(config(volumes=[mount]), {"x": NODE}, [login])

"""In what the circumstances of two experiments differ: the first suspects for any difference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crayfish_ctl.results import Manifest

_HOST: Final = {
    "cpu_model": "CPU",
    "cores": "cores",
    "memory_bytes": "memory (bytes)",
    "kernel": "kernel",
}
_ENGINE: Final = ("name", "version", "compose_version", "storage_driver", "cgroup_version")
_LISTED: Final = 5
_DIGEST_CHARS: Final = 19
"""`sha256:` and twelve digits."""


def differences(base: Manifest, other: Manifest) -> list[str]:
    """Host, engine, profile and limits, images, packages: each difference in a line."""
    found = [
        f"{title}: {getattr(base.host, field)} -> {getattr(other.host, field)}"
        for field, title in _HOST.items()
        if getattr(base.host, field) != getattr(other.host, field)
    ]
    found += [
        f"engine {field}: {getattr(base.engine, field)} -> {getattr(other.engine, field)}"
        for field in _ENGINE
        if getattr(base.engine, field) != getattr(other.engine, field)
    ]
    if base.profile != other.profile:
        found.append(f"profile: {base.profile} -> {other.profile}")
    if _cpu_limit(base) != _cpu_limit(other):
        found.append(f"CPU limits kept by: {_cpu_limit(base)} -> {_cpu_limit(other)}")
    found += _changed("limits of", _limits(base), _limits(other))
    found += _changed(
        "image",
        {name: image.id[:_DIGEST_CHARS] for name, image in base.images.items()},
        {name: image.id[:_DIGEST_CHARS] for name, image in other.images.items()},
    )
    found += _changed("software of", base.software, other.software)
    return found + _changed("package", base.packages, other.packages)


def _cpu_limit(manifest: Manifest) -> str:
    profile: Any = manifest.plan.get("profile")
    return str(profile.get("cpu_limit", "quota")) if isinstance(profile, dict) else "quota"


def _limits(manifest: Manifest) -> dict[str, str]:
    """Of each service in the profile, `cpus 0.8, memory 2560m`; empty if the plan has none."""
    profile: Any = manifest.plan.get("profile")
    services = profile.get("resources", {}) if isinstance(profile, dict) else {}
    return {
        service: ", ".join(f"{key} {value}" for key, value in limits.items() if value is not None)
        for service, limits in services.items()
    }


def _changed(what: str, base: Mapping[str, str], other: Mapping[str, str]) -> list[str]:
    """Entries that are on one side only, or not the same; the first few, and how many more."""
    names = [name for name in sorted({*base, *other}) if base.get(name) != other.get(name)]
    lines = [
        f"{what} {name}: {base.get(name, 'none')} -> {other.get(name, 'none')}"
        for name in names[:_LISTED]
    ]
    more = len(names) - _LISTED
    return [*lines, f"{what} ...: {more} more differ"] if more > 0 else lines

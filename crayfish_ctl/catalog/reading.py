"""A YAML file as plain values: what a reader of YAML lets pass in silence is an error here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from crayfish_ctl.errors import CrayfishError

if TYPE_CHECKING:
    from collections.abc import Hashable
    from pathlib import Path

_TOO_LARGE = 4 * 1024 * 1024
"""bytes; no config comes near it, and a parser in Python takes minutes for more."""


class _Loader(yaml.SafeLoader):
    """Plain values only, and every key once: of two, YAML's own reader keeps the last unseen."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep=deep)
        except (ValueError, OverflowError, TypeError, KeyError, AttributeError):
            # A date that is none, a number of a million digits, `!!int x`.
            raise yaml.constructor.ConstructorError(
                None, None, f"{str(node.value)[:60]!r} cannot be read", node.start_mark
            ) from None

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        if not isinstance(node, yaml.MappingNode):  # `!!set x`
            raise yaml.constructor.ConstructorError(
                None, None, "must be a mapping", node.start_mark
            )
        seen: dict[Hashable, int] = {}
        for key, _ in node.value:
            if key.tag == "tag:yaml.org,2002:merge":
                continue  # `<<: *x` may come twice, and what it brings may be overridden
            name = self.construct_object(key, deep=True)
            try:
                first = seen.get(name)
            except TypeError:
                raise yaml.constructor.ConstructorError(
                    None, None, "a list or a mapping cannot be a key", key.start_mark
                ) from None
            if first is not None:
                raise yaml.constructor.ConstructorError(
                    None, None, f"{name}: given twice, first in line {first}", key.start_mark
                )
            seen[name] = key.start_mark.line + 1
        found: dict[Hashable, Any] = super().construct_mapping(node, deep=deep)
        return found


def read_mapping(path: Path) -> dict[Any, Any]:
    """The mapping that a YAML file holds.

    Raises:
        CrayfishError: naming the file, and the line where YAML says one.
    """
    try:
        if path.stat().st_size > _TOO_LARGE:
            raise CrayfishError(f"{path}: larger than any config: is it another file?")
        content = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506  a SafeLoader
    except OSError as error:
        raise CrayfishError(f"{path}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise CrayfishError(
            f"{path}: not UTF-8 text", hint="is it a text file? save it as UTF-8"
        ) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}: " if mark else ""
        raise CrayfishError(f"{path}: {where}not YAML: {error.problem or error.context}") from None
    except RecursionError:
        raise CrayfishError(f"{path}: not YAML: nested too deeply") from None
    except yaml.YAMLError as error:
        raise CrayfishError(f"{path}: not YAML: {str(error).splitlines()[0]}") from None
    if content is None:
        raise CrayfishError(f"{path}: is empty")
    if not isinstance(content, dict):
        raise CrayfishError(
            f"{path}: must be a mapping (lines of `field: value`), not {_kind(content)}"
        )
    return content


def _kind(content: object) -> str:
    return "a list" if isinstance(content, list) else "a single value"

"""Names of processors, tools and models, and who gives them: a flag, or the experiment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from crayfish_ctl.errors import CrayfishError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from crayfish_ctl.catalog import Catalog, Experiment, Model, Processor, Tool

    from .choices import Choices

T = TypeVar("T")
KINDS: Final = ("embedded", "external")
"""In the place of tools: all of a kind."""
ALL: Final = "all"
"""In the place of names: every one there is."""


@dataclass(frozen=True)
class Names:
    """What flags and workloads call by name, looked up in the catalog.

    Raises:
        CrayfishError: by every method, for a name that is none: it says who has given it.
    """

    catalog: Catalog
    experiment: Experiment
    choices: Choices

    def processor(self, name: str) -> Processor:
        """A processor."""
        return self._find("--sp", self.choices.processors, self.catalog.processor, name)

    def tool(self, name: str) -> Tool:
        """A tool; one whose server the user has already starts none."""
        tool = self._find("--tool", self.choices.tools, self.catalog.tool, name)
        address = self.choices.servers.get(name)
        return tool if address is None else tool.at(address)

    def model(self) -> Model:
        """The experiment's model, or the flag's."""
        asked = self.choices.model
        name = asked or self.experiment.defaults.model
        return self._find("--model", [asked] if asked else [], self.catalog.model, name)

    def asked_processors(self) -> Sequence[str]:
        """Those of the flag; none if it was not given."""
        return self.listed(self.choices.processors, self.catalog.processors)

    def asked_tools(self) -> Sequence[str]:
        """Those of the flag; none if it was not given."""
        return self.tools(self.choices.tools)

    def tools(self, asked: Sequence[str]) -> Sequence[str]:
        """What is named; of `all`, `embedded` and `external` every one that has all it needs."""
        found: list[str] = []
        for name in asked:
            if name not in {ALL, *KINDS}:
                found.append(name)
                continue
            found += [
                tool.name
                for tool in self.catalog.tools.values()
                if name in {ALL, tool.kind}
                and (tool.reachable or tool.name in self.choices.servers)
            ]
        return list(dict.fromkeys(found))

    @staticmethod
    def listed(asked: Sequence[str], known: Iterable[str]) -> Sequence[str]:
        """What is named; everything there is for `all`."""
        return list(known) if ALL in asked else asked

    def _find(self, flag: str, asked: Sequence[str], find: Callable[[str], T], name: str) -> T:
        try:
            return find(name)
        except CrayfishError as error:
            kind = "processor" if flag == "--sp" else flag.removeprefix("--")
            by = flag if name in asked else f"{self.experiment.file}: {kind}"
            raise CrayfishError(f"{by}: {error.message}", hint=error.hint) from None

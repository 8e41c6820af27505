"""Problems as they are found: each once, and no more than a person would read."""

from __future__ import annotations

from dataclasses import dataclass, field

from service.errors import Problem

MOST = 100


@dataclass(kw_only=True)
class Collected:
    """A growing set of problems in the order they were found; beyond `MOST` further ones are left out."""

    _found: dict[Problem, None] = field(default_factory=dict)

    def add(self, *problems: Problem) -> None:
        """Note problems, unless they are known already."""
        for problem in problems:
            if len(self._found) < MOST:
                self._found[problem] = None

    def all(self) -> list[Problem]:
        """Everything noted so far."""
        return list(self._found)

    def __len__(self) -> int:
        return len(self._found)

    @property
    def failed(self) -> bool:
        """Whether one of them is an error."""
        return any(problem.severity == "error" for problem in self._found)

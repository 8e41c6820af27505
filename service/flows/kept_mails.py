"""Mails that were compiled before, for as long as nothing they are made of changes.

Whoever saves one mail in the studio would otherwise wait for all of them. What a mail becomes hangs on its own text,
the partials in it, the layouts, and the names of the other files (which messages suggest from); and on nothing else.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

from service.errors import Problem
from service.mail.compiled import CompiledMail, CompiledPartial, Image
from service.mail.expansion import INCLUDE
from service.mail.workshop import Workshop

_LOST = frozenset({"mail.too-slow", "mail.too-heavy", "mail.crashed", "mail.defect", "mail.not-read"})
"""What says more of this machine at that moment than of the mail."""

Made = tuple[CompiledMail | None, list[Problem]]
MadePartial = tuple[CompiledPartial | None, list[Problem]]


class KeptMails:
    """Of one folder; one for each name. For one thread at a time."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[str, Made]] = {}
        self._partials: dict[str, tuple[str, MadePartial]] = {}

    def mail(
        self,
        workshop: Workshop,
        name: str,
        sources: Mapping[str, str],
        titles: Sequence[str],
        images: Mapping[str, Image | None],
    ) -> Made:
        """As the workshop makes it, which has been told of this folder."""
        state = _state(name, sources, titles, images)
        known = self._kept.get(name)
        if known is not None and known[0] == state:
            return known[1]
        made = workshop.mail(name)
        if not any(each.id in _LOST for each in made[1]):
            self._kept[name] = (state, made)
        return made

    def partial(self, workshop: Workshop, name: str, sources: Mapping[str, str]) -> MadePartial:
        """As the workshop makes it: of its own text alone."""
        state = sources.get(name, "")
        known = self._partials.get(name)
        if known is not None and known[0] == state:
            return known[1]
        made = workshop.partial(name)
        if not any(each.id in _LOST for each in made[1]):
            self._partials[name] = (state, made)
        return made


def _state(name: str, sources: Mapping[str, str], titles: Sequence[str], images: Mapping[str, Image | None]) -> str:
    """Changes with whatever the mail is made of."""
    around = [path.removesuffix(".md") for path in sources if path.startswith("layouts/") and path.endswith(".md")]
    within = {f"{each}.md" for file in (name, *around) for each in included(sources, file)} | {f"{name}.md"}
    texts = {path: text for path, text in sources.items() if path in within or not path.endswith(".md") or "/" in path}
    facts = {path: image.model_dump(mode="json") if image else None for path, image in images.items()}
    written = json.dumps([texts, sorted(sources), list(titles), facts], sort_keys=True)
    return hashlib.sha256(written.encode()).hexdigest()


def included(texts: Mapping[str, str], name: str) -> frozenset[str]:
    """Every partial that a file includes, and those that they include, by their names without `.md`."""
    found: set[str] = set()
    left = [f"{name}.md"]
    while left:
        for file in INCLUDE.findall(texts.get(left.pop(), "")):
            if file not in found:
                found.add(file)
                left.append(file)
    return frozenset(file.removesuffix(".md") for file in found)

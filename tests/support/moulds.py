"""One mould of each mail for all houses of a test run: to make one takes longer than to fill it in a hundred times."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest
from pydantic import JsonValue

from service.flows import published
from service.mail.compiled import CompiledMail
from service.mail.compose import Mould

_MOST_KEPT = 100


@contextmanager
def moulds_kept() -> Iterator[None]:
    """Of the same mail, with the same facts of the practice, each house is given the same mould meanwhile."""
    kept: dict[tuple[str, str], Mould] = {}

    def mould(compiled: CompiledMail, practice: Mapping[str, JsonValue]) -> Mould:
        key = compiled.model_dump_json(), json.dumps(practice)
        found = kept.get(key)  # looked up once: another thread may clear it meanwhile
        if found is None:
            if len(kept) >= _MOST_KEPT:
                kept.clear()
            found = kept[key] = Mould(compiled, practice)
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(published, "Mould", mould)
        yield

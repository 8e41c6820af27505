"""What is kept of a consent is what its reader saw (ACCEPTANCE C9)."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

import pytest
from sqlmodel import select

from service.errors import ProblemsError
from service.flows.drafts import Draft
from service.store.tables import Consent
from tests.support.drafts import publish
from tests.support.house import House, shipped


def reworded(purpose: str, **versions: str) -> Draft:
    """The shipped content with other words for one consent of lage-rug."""
    draft = shipped()

    def changed(document: dict[str, dict[str, dict[str, dict[str, dict[str, str]]]]]) -> None:
        texts = document["forms"]["lage-rug"]["consent"]
        texts[purpose]["text"] = "Andere woorden."
        for each, version in versions.items():
            texts[each]["version"] = version

    parts = []
    for part in draft.parts:
        document = deepcopy(part.document)
        if part.kind == "forms":
            changed(document)
        parts.append(replace(part, document=document))
    return replace(draft, parts=tuple(parts))


def consents(house: House) -> dict[str, tuple[str | None, str | None]]:
    """purpose -> version and words, of the last opt-in."""
    with house.services.database.reading() as session:
        return {each.purpose: (each.version, each.wording) for each in session.exec(select(Consent).order_by("id"))}


@pytest.mark.parametrize("purpose", ["advice", "follow_up"])
def test_other_words_under_a_version_that_was_published_are_refused(house: House, purpose: str) -> None:
    with pytest.raises(ProblemsError, match=r"forms\.yaml: the consent texts of form lage-rug are new"):
        publish(house, reworded(purpose))
    publish(house, reworded(purpose, advice="2026-2", follow_up="2026-2"))
    with pytest.raises(ProblemsError):
        publish(house, reworded("follow_up", advice="2026-2"))


def test_a_page_of_before_the_change_gets_the_words_it_showed(house: House) -> None:
    publish(house, reworded("follow_up", advice="2026-2", follow_up="b"))
    house.opt_in("anna@example.org", consent_version="2026-1")
    version, wording = consents(house)["follow_up"]
    assert version == "2026-1"
    assert wording is not None
    assert "zeven korte mails" in wording
    house.opt_in("bram@example.org", consent_version="2026-2")
    assert consents(house)["follow_up"] == ("b", "Andere woorden.")
    assert consents(house)["advice"][0] == "2026-2"
    house.opt_in("carla@example.org")
    assert set(consents(house).values()) == {(None, None)}

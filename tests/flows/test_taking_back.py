"""Who said no to the copy has said no, also where the original is gone on with; and one of the two is in use."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlmodel import select

from service.domain.lead import SuppressionReason
from service.errors import RefusedError, UnavailableError
from service.flows import copy_marks, privacy, put_back
from service.store import db, events, sqlite_file
from service.store.tables import Lead
from tests.support import acts, chained, copies
from tests.support.copies import ANNA, ESRA, HANS
from tests.support.house import House, link
from tests.support.website import website

IRIS = "iris@example.org"


@pytest.fixture
def elsewhere(house: House, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """A copy of the house on the other engine, in which Anna said no, Esra was erased, and Iris came and said no."""
    url = f"sqlite:///{tmp_path / 'elsewhere.db'}"
    if house.services.database.is_sqlite:
        url = str(request.getfixturevalue("postgres_url"))
    copies.under_way(house)
    copies.copy(house, url)
    with copies.at(url, house, tmp_path) as other:
        acts.withdraw(other, ANNA)
        esra, now = other.lead(ESRA).id, other.clock.now()
        acts.commit(other, lambda s: privacy.erase(s, other.services, esra, "asked", now))
        acts.confirmed(other, IRIS)
        acts.suppress(other, SuppressionReason.COMPLAINT, IRIS)
    return url


def test_who_said_no_or_was_erased_in_the_copy_stays_so_and_the_others_go_on(house: House, elsewhere: str) -> None:
    link_of_esra = link(house.mails(ESRA)[0], "u")
    assert copies.take_back(house, elsewhere).carried == (2, 1)
    assert not copies.closed(house)
    assert acts.enrolment(house, ANNA).state == "stopped"
    assert acts.enrolment(house, HANS).state == "active"
    with house.services.database.reading() as session:
        assert ESRA not in session.exec(select(Lead.address)).all()
    assert {each.source for each in chained.of_lead(house, ANNA) if each.kind == "withdrawn"} == {"no said in the copy"}
    assert chained.verified(house).broken is None
    assert website(house).get(link_of_esra).status_code == 200  # the friendly page
    sent = [len(house.mails(each)) for each in (ANNA, ESRA, IRIS)]
    house.opt_in(IRIS)
    acts.release_the_brake(house)
    house.live_through(days=50)
    assert [len(house.mails(each)) for each in (ANNA, ESRA, IRIS)] == sent


def test_a_number_that_the_copy_gave_is_given_to_nobody_else(house: House, elsewhere: str, tmp_path: Path) -> None:
    with copies.at(elsewhere, house, tmp_path) as other:
        iris = other.lead(IRIS).id
    copies.take_back(house, elsewhere)
    house.opt_in("jan@example.org")
    assert house.lead("jan@example.org").id > iris


def test_the_copy_is_closed_before_the_original_is_opened(
    house: House, elsewhere: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(put_back, "hold", _cut)
        with pytest.raises(UnavailableError, match="cut"):
            copies.take_back(house, elsewhere)
    with copies.at(elsewhere, house, tmp_path) as other:
        assert (copies.closed(house), copies.closed(other)) == (True, False)
        with house.services.database.reading() as session:
            mark = copy_marks.of(session)
        assert mark is not None
        acts.commit(other, lambda s: copy_marks.close_source(s, copy=mark.copy, target="x", at=mark.at))
        other.services.database.close()  # as if it was killed between the two commits
        assert copies.take_back(house, elsewhere).carried == (2, 1)
        assert (copies.closed(house), copies.closed(other)) == (False, True)
        other.services.database.close()
        house.services.database.close()
        assert copies.take_back(other, house.services.database.url.render_as_string(False)).carried == (0, 0)
        assert (copies.closed(house), copies.closed(other)) == (True, False)


def test_another_database_than_its_copy_or_one_in_use_is_refused(
    house: House, elsewhere: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "_LEAVING_SECONDS", 0.1)
    monkeypatch.setattr(sqlite_file, "PRAGMAS", {**sqlite_file.PRAGMAS, "busy_timeout": 100})
    stranger, own = f"sqlite:///{tmp_path / 'stranger.db'}", house.services.database.url.render_as_string(False)
    with pytest.raises(RefusedError, match="another schema"):
        copies.take_back(house, stranger)
    with pytest.raises(RefusedError, match="same database"):
        copies.take_back(house, own)
    copies.fill(stranger)
    with pytest.raises(RefusedError, match="no copy of this one"):
        copies.take_back(house, stranger)
    with copies.at(elsewhere, house, tmp_path) as other:
        with other.services.database.reading() as session:
            assert copy_marks.of(session) is None
            with pytest.raises(RefusedError, match="somebody else uses"):
                copies.take_back(house, elsewhere)
        acts.commit(other, lambda s: events.set_fact(s, "keys", {"signing": [], "suppression": "c" * 64}))
        other.services.database.close()
        with pytest.raises(RefusedError, match="another NURTURE_SUPPRESSION_KEY"):
            copies.take_back(house, elsewhere)
        assert (copies.closed(house), copies.closed(other)) == (True, False)


def test_of_a_copy_that_was_copied_on_the_last_one_is_asked_for(house: House, elsewhere: str, tmp_path: Path) -> None:
    further = f"sqlite:///{tmp_path / 'further.db'}"
    with copies.at(elsewhere, house, tmp_path) as other:
        copies.copy(other, further)
        other.services.database.close()
        with pytest.raises(RefusedError, match="give the one that was used last"):
            copies.take_back(house, elsewhere)
    assert copies.take_back(house, further).carried == (2, 1)


def _cut(*_: object, **__: object) -> None:
    raise UnavailableError("cut")

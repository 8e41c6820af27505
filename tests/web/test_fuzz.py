"""Every public route under requests made up from its own description: nothing breaks, nothing undocumented (E7).

`make fuzz EXAMPLES=1000` runs a long one. A run of everything makes up fewer, on SQLite alone.
"""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from service.domain.limits import parse_limits
from service.flows import privacy
from service.mail.providers import PROVIDERS
from service.store.tables import Media
from service.web.app import create_app
from tests.support import acts, cases
from tests.support.fuzzing import Fuzzed, fuzz
from tests.support.house import House, link
from tests.support.pictures import image
from tests.support.website import opt_in, website

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "3" if cases.of_everything() else "30"))
SEED = int(os.environ.get("FUZZ_SEED", "1"))
ROOMY = "address=100000/15m; network=100000/h; domain=100000/h; all=100000/h"
IMAGE = "0123456789abcdef0123456789abcdef01234567.png"
NAMES = ("anna", "bram", "carla", "daan")


def tokens(house: House) -> dict[str, list[str]]:
    """Links of each sort: of a lead with follow-ups, of one who never confirmed, one who stopped, one erased."""
    client = website(house)
    for name in NAMES:
        opt_in(client, f"{name}@example.org")
    house.send_due()
    for name in ("anna", "carla", "daan"):
        client.post(link(house.mails(f"{name}@example.org")[0], "c"))
    house.live_through(days=3)
    client.post(link(house.mails("carla@example.org")[0], "u"))
    acts.commit(house, privacy.erase, house.services, house.lead("daan@example.org").id, "asked for", house.clock.now())
    newest = {name: house.mails(f"{name}@example.org") for name in NAMES}
    found = {letter: [link(mails[-1], letter) for mails in newest.values()] for letter in "ubp"}
    client.post(found["p"][0], data={"action": "link"})
    house.send_due()
    found["d"] = [link(house.mails("anna@example.org")[-1], "d")]
    found["c"] = [link(mails[0], "c") for mails in newest.values()]
    found["a"] = [link(newest[name][1], "a") for name in ("anna", "carla", "daan")]
    return {letter: [url.rpartition("/")[2] for url in urls] for letter, urls in found.items()}


def fuzzed(house: House) -> Fuzzed:
    house = house.with_changes(limits=parse_limits(ROOMY))
    real = tokens(house)
    picture = Media(name=IMAGE, kind="image/png", data=image(width=16, height=16), published_at=house.clock.now())
    acts.commit(house, lambda session: session.add(picture))
    values = {f"/{letter}/{{token}}": {"path.token": given} for letter, given in real.items()}
    values["/b/{token}"] |= {"body.email": ["", "anna@example.org"], "body.name": ["Anna"], "body.note": [""]}
    values["/webhooks/bookings/{source}"] = {"path.source": ["calcom", "calendly", "generic"]}
    values["/webhooks/mail/{provider}"] = {"path.provider": list(PROVIDERS)}
    values["/forms/{form}"] = {"path.form": ["lage-rug", "lage rug", "../app.py"]}
    values["/api/forms/{form}"] = values["/forms/{form}"]
    values["/media/{name}"] = {"path.name": [IMAGE, IMAGE.upper()]}
    values["/api/opt-ins"] = {"body.email": ["anna@example.org", "new@example.org"], "body.topic": ["lage-rug"]}
    return fuzz(
        create_app(house.with_changes(proof_of_work=True).services, worker_alive=None),
        values=values,
        strict=["/api/opt-ins"],
        examples=EXAMPLES,
        seed=SEED,
    )


@pytest.mark.parametrize("migrated_database_url", cases.engines("sqlite"), indirect=True)
def test_no_route_breaks_or_answers_what_its_description_does_not_say(
    house: House, capsys: pytest.CaptureFixture[str], record_property: Callable[[str, object], None]
) -> None:
    found = fuzzed(house)
    said = capsys.readouterr()
    asked = f"fuzz on {house.services.database.engine.dialect.name}, seed {SEED}: {found.answers.total()} requests"
    record_property("summary", f"{asked}, {len(found.defects)} defects")
    assert not found.defects, "\n\n".join(f"{what}\n{shown}" for what, shown in found.defects.items())
    for method in ("GET", "POST"):
        met = [each for each in "cubapd" if {200, 404} <= found.statuses(f"{method} /{each}/{{token}}")]
        # Of a few posts made up for a route one or two hold a real link and a lawful body, and now and then none.
        enough = 3 if cases.of_everything() and method == "POST" else 6
        assert len(met) >= enough, f"half of this shows nothing: of {method} only {met} met a page"
    assert {202, 403, 422} <= found.statuses("POST /api/opt-ins")
    assert 200 in found.statuses("GET /media/{name}")
    assert "request failed" not in said.out + said.err

"""Whatever sequence, calendar and story: what `simulate` tells is what the service then does, to the second.

One example is a town: a calendar, and so many leads that live there at once, each with a sequence and a story of her
own. 38 towns are 304 cases on SQLite, 5 are 40 on PostgreSQL; a run of everything has 9 towns and 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, cast, get_args

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from service.domain.conditions import MONTHS
from service.domain.reading import WEEKDAYS
from service.flows.simulation import EventKind
from tests.support import cases
from tests.support.town import STORIES, Life, Stage, Town, open_stage

SPECIAL_DAYS = (
    *((2026, 3, 26), (2026, 4, 1), (2026, 4, 24), (2026, 5, 11), (2026, 10, 22), (2026, 12, 18)),
    *((2027, 12, 29), (2028, 2, 26)),  # before a new year and a leap day
)
TOWNS, ON_POSTGRESQL = (6, 1) if cases.of_everything() else (38, 5)
TEMPLATES = ("hoe-ging-het", "niets-te-zien", "uitnodiging", "eerdere-uitnodiging", "laatste-bericht")
IN_PIECES = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # a town is not made smaller: that would take minutes
)


def waits() -> st.SearchStrategy[str]:
    """As staff write them."""
    return st.one_of(
        st.integers(1, 80).map(lambda hours: f"{hours} hours"),
        st.integers(1, 9).map(lambda days: f"{days} days"),
        st.integers(1, 6).map(lambda days: f"{days} working days"),
    )


def conditions(earlier: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    """Any condition a step may have, of one part or of two that must hold together."""
    parts: list[st.SearchStrategy[dict[str, Any]]] = [
        st.sampled_from([["same"], ["better", "unknown"], ["worse", "same"]]).map(lambda v: {"answer": {"helped": v}}),
        st.sampled_from([["hollow"], ["flat", "unknown"]]).map(lambda v: {"answer": {"posture": v}}),
        st.booleans().map(lambda v: {"confirmed": v}),
        st.booleans().map(lambda v: {"replied": v}),
        st.integers(1, 25).map(lambda v: {"days_since_opt_in": {"at_least": v}}),
        st.integers(1, 25).map(lambda v: {"days_since_opt_in": {"at_most": v}}),
        st.lists(st.sampled_from(MONTHS), min_size=1, max_size=6, unique=True).map(lambda v: {"month": v}),
    ]
    if earlier:
        parts.append(st.sampled_from(earlier).map(lambda v: {"sent": [v]}))
    return st.lists(st.one_of(parts), min_size=1, max_size=2).map(
        lambda each: {k: v for d in each for k, v in d.items()}
    )


@st.composite
def sequences(draw: st.DrawFn) -> dict[str, Any]:
    """The document of a sequence: window, confirmation, and one to five follow-ups."""
    opens, closes = sorted(draw(st.lists(st.integers(0, 47), min_size=2, max_size=2, unique=True)))
    steps: list[dict[str, Any]] = [{"key": "advies", "template": "advies-lage-rug", "purpose": "advice"}]
    for number in range(1, draw(st.integers(1, 5)) + 1):
        step: dict[str, Any] = {"key": f"stap-{number}", "wait": draw(waits())}
        if draw(st.integers(0, 3)) == 0:
            names = draw(st.lists(st.sampled_from(["a", "b", "c"]), min_size=2, unique=True))
            step["variants"] = {name: draw(st.sampled_from(TEMPLATES)) for name in names}
        else:
            step["template"] = draw(st.sampled_from(TEMPLATES))
        if draw(st.booleans()):
            step["at"] = _clock(draw(st.integers(opens, closes - 1)))
        earlier = [each["key"] for each in steps[1:]]
        for kind in ("only_if", "skip_if"):
            if draw(st.integers(0, 3)) == 0:
                step[kind] = draw(conditions(earlier))
        if draw(st.integers(0, 2)) == 0:
            step["max_late"] = draw(waits())
        steps.append(step)
    days = draw(st.lists(st.sampled_from(WEEKDAYS), min_size=1, unique=True))
    return {
        "confirmation": draw(st.sampled_from(["double", "double", "single"])),
        "window": {"days": days, "from": _clock(opens), "to": _clock(closes), "skip_holidays": draw(st.booleans())},
        "exit_on": draw(st.sampled_from([["booked"], ["booked"], []])),
        "steps": steps,
    }


def _clock(half_hours: int) -> str:
    return f"{half_hours // 2:02}:{half_hours % 2 * 30:02}"


def lives() -> st.SearchStrategy[Life]:
    """A sequence and a story. Odd seconds: what a lead does never falls together with a moment that a mail is due."""
    kinds = st.sampled_from(cast("list[EventKind]", [kind for kind in get_args(EventKind) if kind != "confirmed"]))
    later = st.integers(1, 30 * 1440).map(lambda minutes: timedelta(minutes=minutes, seconds=17))
    soon = st.integers(1, 3 * 1440).map(lambda minutes: timedelta(minutes=minutes))
    return st.builds(
        Life,
        steps=sequences(),
        opt_in_after=st.integers(0, 2 * 1440).map(lambda minutes: timedelta(minutes=minutes)),
        confirm_after=st.one_of(soon, soon, later.map(lambda after: after + timedelta(seconds=2)), st.none()),
        posture=st.none(),
        events=st.lists(st.tuples(kinds, later), max_size=4, unique_by=lambda each: each[1]).map(tuple),
    ).flatmap(_with_posture)


def _with_posture(life: Life) -> st.SearchStrategy[Life]:
    """Told beside the button: before any follow-up where they wait for it, so that `simulate` may know it at once."""
    if life.steps["confirmation"] == "single" or life.confirm_after is None:
        return st.just(life)
    postures = st.sampled_from([None, "hollow", "flat"])
    return postures.map(lambda posture: Life(**{**vars(life), "posture": posture}))


@st.composite
def towns(draw: st.DrawFn) -> Town:
    """A calendar, and who lives by it."""
    any_moment = st.integers(0, 3 * 365 * 1440).map(lambda m: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=m))
    near = st.tuples(st.sampled_from(SPECIAL_DAYS), st.integers(0, 3 * 1440)).map(
        lambda pair: datetime(*pair[0], tzinfo=UTC) + timedelta(minutes=pair[1])
    )
    begins = draw(st.one_of(any_moment, near))
    first: date = begins.date()
    closures = draw(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 14)), max_size=2))
    holidays = {
        "add": draw(st.lists(st.sampled_from(["Bevrijdingsdag", str(first + timedelta(days=5))]), unique=True)),
        "remove": draw(st.lists(st.sampled_from(["Goede vrijdag", "Koningsdag"]), unique=True)),
    }
    return Town(
        begins=begins,
        practice={
            "opening_days": draw(st.lists(st.sampled_from(WEEKDAYS), min_size=1, unique=True)),
            "holidays": holidays,
            "closed": [
                {"from": str(first + timedelta(days=start)), "to": str(first + timedelta(days=start + length))}
                for start, length in closures
            ],
        },
        lives=draw(st.lists(lives(), min_size=STORIES, max_size=STORIES)),
    )


@pytest.fixture(scope="module")
def on_sqlite(template_file: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("town")
    file = folder / "nurture.db"
    file.write_bytes(template_file("migrated").read_bytes())
    with open_stage(f"sqlite:///{file}", folder) as stage:
        yield stage


@pytest.fixture(scope="module")
def on_postgres(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    server, template = request.getfixturevalue("_postgres"), request.getfixturevalue("_template_name")("migrated")
    name = server.create(template=template)
    with open_stage(server.url(name), tmp_path_factory.mktemp("town")) as stage:
        yield stage
    server.drop(name)


def agree(stage: Stage, town: Town) -> None:
    """Who gets what when, with which mail, who skips what and why: the same told and lived, for everybody."""
    for life, (told, messages) in zip(town.lives, stage.play(town), strict=True):
        mine = [each for each in messages if each.kind != "service"]
        left = {each.step or "advies": (each.settled_at, each.template) for each in mine if each.state == "accepted"}
        assert {each.step: (each.at, each.template) for each in told if each.at} == left, life
        skipped = {each.step: each.reason for each in mine if each.state == "skipped"}
        not_sent = {each.step: each.reason.dutch for each in told if not each.at}
        assert skipped == {step: why for step, why in not_sent.items() if step in skipped}, life
        assert {each.state for each in mine} <= {"accepted", "skipped", "cancelled"}, life


@settings(IN_PIECES, max_examples=TOWNS)
@given(town=towns())
def test_the_service_does_what_simulate_tells_of_any_sequence_calendar_and_story(on_sqlite: Stage, town: Town) -> None:
    agree(on_sqlite, town)


@pytest.mark.postgres
@settings(IN_PIECES, max_examples=ON_POSTGRESQL)
@given(town=towns())
def test_so_it_does_on_postgresql(on_postgres: Stage, town: Town) -> None:
    agree(on_postgres, town)


def test_who_wrote_after_she_had_stopped_has_written_when_she_goes_on(on_sqlite: Stage) -> None:
    quiet = {"key": "stil", "wait": "2 days", "template": "uitnodiging", "only_if": {"replied": False}}
    steps: dict[str, Any] = {
        "confirmation": "double",
        "window": {"days": list(WEEKDAYS), "from": "08:00", "to": "20:00", "skip_holidays": False},
        "exit_on": ["booked"],
        "steps": [{"key": "advies", "template": "advies-lage-rug", "purpose": "advice"}, quiet],
    }
    life = Life(
        steps=steps,
        opt_in_after=timedelta(),
        confirm_after=timedelta(days=4),
        posture=None,
        events=(("unsubscribed", timedelta(days=1)), ("reply", timedelta(days=2))),
    )
    practice = {"opening_days": ["mon"], "holidays": {"add": [], "remove": []}, "closed": []}
    agree(on_sqlite, Town(begins=datetime(2026, 6, 1, 9, tzinfo=UTC), practice=practice, lives=[life]))

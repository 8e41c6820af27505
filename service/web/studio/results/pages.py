"""`/studio/results`: how the sequences do, in pictures first; and the brake of each."""

from __future__ import annotations

from itertools import combinations

from babel.dates import format_date
from sqlmodel import Session
from starlette.responses import Response

from service.errors import InvalidInputError, NotFoundError, UnavailableError
from service.flows import brake, result_words, results
from service.flows.results import ANSWERS, MailResult, SequenceResult
from service.flows.results_by_week import Week
from service.web.studio import rendering
from service.web.studio.doors import Visit, see
from service.web.studio.results import charts
from service.web.studio.results.figures import WEEKS, Figures, figures
from service.web.studio.results.views import Drawn, Funnel, ResultsPage, SequencePage, Step, Version, WeekRow
from service.web.studio.views import Frame

RESULTS = "/studio/results"
_USUAL = 12


def show(visit: Visit) -> Response:
    """`GET /studio/results`."""
    weeks = _weeks(visit)
    try:
        found = figures(visit, weeks)
    except UnavailableError:  # nothing is published yet: the page says what to do first
        found = None
    with visit.services.database.reading() as session:
        held_back = brake.state(session).sequences
    page = ResultsPage(
        frame=visit.frame(),
        weeks=weeks,
        periods=WEEKS,
        funnels=tuple(funnel(each) for each in found.sequences) if found else (),
        held_back=frozenset(held_back),
        counted_at=found.counted_at if found else None,
    )
    return rendering.render(page)


def show_one(visit: Visit) -> Response:
    """`GET /studio/results/{sequence}`."""
    weeks = _weeks(visit)
    try:
        counted = figures(visit, weeks)
    except UnavailableError:
        raise _no_such() from None
    found = next((each for each in counted.sequences if each.sequence == _name(visit)), None)
    if found is None:
        raise _no_such()
    frame = visit.frame()
    with visit.services.database.reading() as session:
        page = _page(visit, session, counted, found, weeks, frame=frame)
    return rendering.render(page)


def pause(visit: Visit) -> Response:
    """`POST /studio/results/{sequence}/pause`: its follow-ups wait. Anyone of the staff may."""
    with visit.services.database.transaction() as session:
        now = visit.services.clock.now()
        brake.pull(session, visit.services, name=_name(visit), all_mail=False, actor=visit.me.actor, now=now)
    return see(f"{RESULTS}/{_name(visit)}")


def resume(visit: Visit) -> Response:
    """`POST /studio/results/{sequence}/resume`: they go again; what piled up meanwhile waits for a person."""
    with visit.services.database.transaction() as session:
        now = visit.services.clock.now()
        brake.release(session, visit.services, name=_name(visit), actor=visit.me.actor, now=now)
    visit.services.bell.ring()
    return see(f"{RESULTS}/{_name(visit)}")


def funnel(found: SequenceResult) -> Funnel:
    """A sequence's bars, of one scale: the longest is the whole width. Mails have a scale of their own."""
    whole = max(found.opt_ins, found.confirmed, found.booked)
    [(_, opt_ins)], [(_, confirmed)], [(_, booked)] = (
        charts.shares([count], whole) for count in (found.opt_ins, found.confirmed, found.booked)
    )
    return Funnel(
        found=found, opt_ins=opt_ins, confirmed=confirmed, booked=booked, mails=100.0 if found.accepted else 0.0
    )


def _page(
    visit: Visit, session: Session, counted: Figures, found: SequenceResult, weeks: int, *, frame: Frame
) -> SequencePage:
    paused = brake.state(session)
    by_week = counted.weeks.get(found.sequence, ())
    days = [format_date(each.monday, "d MMM", locale=_locale(visit)) for each in by_week]
    answered = [found.answers[each] for each in ANSWERS]
    kept = visit.services.retention.events.days
    return SequencePage(
        frame=frame,
        weeks=weeks,
        periods=WEEKS,
        found=found,
        funnel=funnel(found),
        steps=tuple(_steps(visit, session, found)),
        pictures=tuple(_pictures(days, by_week)),
        rows=tuple(WeekRow(day=day, week=week) for day, week in zip(days, by_week, strict=True)),
        answers=tuple((count, *place) for count, place in zip(answered, charts.shares(answered), strict=True)),
        answers_kept=0 if weeks * 7 <= kept else kept,
        few=0 < found.confirmed < result_words.FEWEST,
        held_back=found.sequence in paused.sequences,
        all_held_back=paused.all_mail or paused.follow_ups,
        counted_at=counted.counted_at,
    )


def _steps(visit: Visit, session: Session, found: SequenceResult) -> list[Step]:
    """The steps of the live sequence in their order, those without a mail yet too; then those that are gone."""
    titles = results.titles(session, visit.services, found.sequence)
    mails: dict[str, list[MailResult]] = {key: [] for key in titles}
    for mail in found.mails:
        mails.setdefault(mail.step, []).append(mail)
    most = max((sum(mail.accepted for mail in each) for each in mails.values()), default=0)
    shown = []
    for key, of_step in mails.items():
        [(_, wide)] = charts.shares([sum(mail.accepted for mail in of_step)], most)
        variants = found.variants(key)
        shown.append(
            Step(
                title=titles.get(key, key),
                mails=tuple(of_step),
                wide=wide,
                versions=tuple(_version(visit, each) for each in variants),
                said=tuple(_said(visit, result_words.compared(one, other)) for one, other in combinations(variants, 2)),
            )
        )
    return shown


def _version(visit: Visit, mail: MailResult) -> Version:
    [(_, wide)] = charts.shares([mail.booked], mail.accepted)
    return Version(name=mail.variant or "", sure=_said(visit, result_words.how_sure(mail)), wide=wide)


def _pictures(days: list[str], weeks: tuple[Week, ...]) -> list[Drawn]:
    """Opt-ins with the presses in front of them, mails, and bookings."""
    found = []
    for name, series in (
        ("opt_ins", [[each.opt_ins for each in weeks], [each.confirmed for each in weeks]]),
        ("mails", [[each.mails for each in weeks]]),
        ("booked", [[each.booked for each in weeks]]),
    ):
        told = [f"{day}: {' / '.join(str(values[place]) for values in series)}" for place, day in enumerate(days)]
        empty = not any(any(values) for values in series)
        found.append(Drawn(name=name, chart=charts.chart(days, series, told), is_empty=empty))
    return found


def _weeks(visit: Visit) -> int:
    """The period that was asked for. Raises InvalidInputError for one that there is not."""
    asked = visit.query("weeks") or str(_USUAL)
    if asked not in {str(each) for each in WEEKS}:
        raise InvalidInputError("there is no such period", "Kies 4 weken, 12 weken of een jaar.")
    return int(asked)


def _name(visit: Visit) -> str:
    return str(visit.request.path_params["sequence"])


def _no_such() -> NotFoundError:
    return NotFoundError("no published sequence of this name", "Die reeks is er niet.")


def _said(visit: Visit, said: result_words.Said) -> str:
    return said.dutch if visit.language == "nl" else said.english


def _locale(visit: Visit) -> str:
    return "nl" if visit.language == "nl" else "en_GB"

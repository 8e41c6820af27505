"""What came of the mails: counts a sequence, a step and a variant, from rows that real flows wrote."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlmodel import Session

from service.domain.feedback import FeedbackKind
from service.flows import booking, results, results_by_week
from service.flows.results import MailResult, SequenceResult
from service.store.tables import Message
from tests.support import acts
from tests.support.days import EVERY_DAY
from tests.support.drafts import Document, publish, with_sequence, with_steps
from tests.support.house import House
from tests.support.news import about, comes
from tests.support.transports import Network, always, lost_after_the_dot, no_such_mailbox

VARIANTS = {"template": None, "variants": {"kort": "uitnodiging", "lang": "eerdere-uitnodiging"}}


def found(house: House, since: datetime | None = None) -> SequenceResult:
    with house.services.database.reading() as session:
        return {each.sequence: each for each in results.results(session, house.services, since)}["lage-rug"]


def by_step(house: House) -> Mapping[str, MailResult]:
    mails = found(house).mails
    assert len({mail.step for mail in mails}) == len(mails)
    return {mail.step: mail for mail in mails}


def press_booking(house: House, step: str, address: str = acts.ANNA) -> None:
    message_id = acts.follow_ups(house, address)[step].id

    def press(session: Session) -> None:
        booking.pressed(session, house.services, session.get_one(Message, message_id), house.clock.now())

    acts.commit(house, press)


def three_steps(house: House) -> None:
    steps = [{"key": key, "wait": "1 day"} for key in ("een", "twee", "drie")]
    publish(house, with_steps(*steps, window=EVERY_DAY))


def test_opt_ins_presses_and_mails_are_counted(house: House) -> None:
    three_steps(house)
    acts.confirmed(house)
    house.opt_in("bram@example.org")
    house.live_through(days=2, hours=1)
    assert (found(house).opt_ins, found(house).confirmed, found(house).booked) == (2, 1, 0)
    assert {step: mail.accepted for step, mail in by_step(house).items()} == {"advies": 2, "een": 1, "twee": 1}


def test_who_says_no_counts_for_the_last_mail_before_it(house: House) -> None:
    three_steps(house)
    acts.confirmed(house)
    house.live_through(days=2, hours=1)
    acts.withdraw(house)
    assert {step: mail.left for step, mail in by_step(house).items()} == {"advies": 0, "een": 0, "twee": 1}


def test_who_says_no_after_the_last_mail_counts_for_that_one(house: House) -> None:
    three_steps(house)
    for name in ("anna", "bram"):
        acts.confirmed(house, f"{name}@example.org")
    house.live_through(days=5)
    assert acts.enrolment(house).state == "finished"
    acts.withdraw(house)
    assert {step: mail.left for step, mail in by_step(house).items()} == {"advies": 0, "een": 0, "twee": 0, "drie": 1}
    house.clock.advance(hours=1)
    house.opt_in()
    house.send_due()
    assert by_step(house)["drie"].left == 1, "who asks again had said no all the same"


def test_who_says_no_after_a_mail_of_unknown_fate_counts_for_that_one(posted: House, network: Network) -> None:
    three_steps(posted)
    acts.confirmed(posted)
    posted.live_through(days=1, hours=1)
    network.answer = always(lost_after_the_dot())
    posted.live_through(days=1)
    acts.withdraw(posted)
    assert {step: mail.left for step, mail in by_step(posted).items()} == {"advies": 0, "een": 0, "twee": 1}


def test_whose_mailbox_turns_out_not_to_exist_after_the_last_mail_did_not_say_no(house: House) -> None:
    three_steps(house)
    acts.confirmed(house)
    house.live_through(days=4)
    assert acts.enrolment(house).state == "finished"
    comes(house, about(acts.follow_ups(house)["drie"], FeedbackKind.HARD_BOUNCE))
    assert (by_step(house)["drie"].bounced, by_step(house)["drie"].left) == (1, 0)


def test_a_booking_counts_once_however_often_its_lead_went_through_the_sequence(house: House) -> None:
    three_steps(house)
    acts.confirmed(house)
    house.live_through(days=1, hours=1)
    acts.withdraw(house)
    house.clock.advance(days=2)
    acts.confirmed(house)
    assert len(acts.runs(house)) == 2
    house.clock.advance(hours=1)
    acts.booked(house)
    assert found(house).booked == 1
    with house.services.database.reading() as session:
        weeks = results_by_week.period(house.services.published.calendar(session), 4, house.clock.now())
        by_week = results_by_week.by_week(session, house.services, weeks)["lage-rug"]
    assert [week.booked for week in by_week] == [0, 0, 0, 1]


def test_who_booked_did_not_say_no(house: House) -> None:
    three_steps(house)
    acts.confirmed(house)
    house.live_through(days=1, hours=1)
    acts.booked(house)
    assert sum(mail.left for mail in found(house).mails) == 0
    assert found(house).booked == 1


def test_a_booking_is_to_the_credit_of_the_mail_whose_link_was_used_last_before_it(house: House) -> None:
    three_steps(house)
    acts.confirmed(house)
    house.live_through(days=2, hours=1)
    press_booking(house, "twee")
    house.clock.advance(hours=1)
    press_booking(house, "een")
    acts.booked(house)
    house.clock.advance(hours=1)
    press_booking(house, "twee")
    assert {step: mail.booked for step, mail in by_step(house).items()} == {"advies": 0, "een": 1, "twee": 0}


def test_a_booking_without_a_press_is_to_no_mails_credit(house: House) -> None:
    three_steps(house)
    acts.confirmed(house)
    house.live_through(days=1, hours=1)
    acts.booked(house)
    assert (found(house).booked, sum(mail.booked for mail in found(house).mails)) == (1, 0)


def test_answers_and_requests_count_for_the_mail_they_were_pressed_in(house: House) -> None:
    three_steps(house)
    acts.confirmed(house)
    house.live_through(days=1, hours=1)
    acts.answer(house, "same")
    acts.request_pain_check(house)
    assert by_step(house)["een"].answers == {"same": 1}
    assert by_step(house)["een"].requests == 1
    acts.booked(house)
    assert by_step(house)["een"].booked == 1, "a request by its link is a use of it"


def test_a_mailbox_that_is_not_there_counts_as_refused(posted: House, network: Network) -> None:
    three_steps(posted)
    acts.confirmed(posted)
    network.answer = always(no_such_mailbox())
    posted.live_through(days=1, hours=1)
    assert (by_step(posted)["een"].bounced, by_step(posted)["een"].accepted) == (1, 0)
    assert sum(mail.left for mail in found(posted).mails) == 0


def test_each_variant_has_its_own_line_and_few_leads_prove_nothing(house: House) -> None:
    publish(house, with_steps({"key": "keuze", "wait": "1 day", **VARIANTS}, window=EVERY_DAY))
    people = [f"lead-{number}@example.org" for number in range(12)]
    for address in people:
        acts.confirmed(house, address)
    house.live_through(days=1, hours=1)
    short, long = found(house).variants("keuze")
    assert (short.variant, long.variant) == ("kort", "lang")
    assert short.accepted + long.accepted == 12
    assert min(short.accepted, long.accepted) > 0
    first = next(each for each in people if acts.follow_ups(house, each)["keuze"].template.startswith("uitnodiging"))
    press_booking(house, "keuze", first)
    acts.booked(house, first)
    short, long = found(house).variants("keuze")
    assert (short.booked, long.booked) == (1, 0)
    assert not results.compare(short, long)


def test_versions_are_counted_from_the_moment_that_a_step_has_them(house: House) -> None:
    """One of them went to everybody before: those mails had months to be booked by."""
    plain, split = ({"key": "keuze", "wait": "1 day", **mail} for mail in ({"template": "uitnodiging"}, VARIANTS))
    publish(house, with_steps(plain, window=EVERY_DAY))
    before = [f"before-{number}@example.org" for number in range(5)]
    stays = "stays@example.org"
    for address in before:
        acts.confirmed(house, address)
    house.live_through(days=1, hours=1)
    press_booking(house, "keuze", before[0])
    acts.booked(house, before[0])
    acts.confirmed(house, stays)
    publish(house, with_steps(split, window=EVERY_DAY))
    people = [f"lead-{number}@example.org" for number in range(8)]
    for address in people:
        acts.confirmed(house, address)
    house.live_through(days=1, hours=1)
    [early, *mails] = [acts.follow_ups(house, each)["keuze"].template for each in (stays, *people)]
    short = people[mails.index(early)]  # the one that everybody got before
    for address in (short, stays):
        press_booking(house, "keuze", address)
        acts.booked(house, address)
    told = {mail.variant: mail for mail in found(house).mails if mail.step == "keuze"}
    assert told["kort"].accepted + told["lang"].accepted == 8
    assert (told["kort"].booked, told["lang"].booked) == (1, 0)
    earlier = told[None]
    assert (earlier.template, earlier.before_split) == (told["kort"].template, True)
    assert (earlier.accepted, earlier.booked) == (6, 2), "who stayed by what she began with is among them"
    assert [mail.variant for mail in found(house).variants("keuze")] == ["kort", "lang"]


def test_so_are_those_of_the_advice_and_two_names_for_one_mail_are_one_version(house: House) -> None:
    def split(document: Document) -> None:
        three = {"kort": "advies-lage-rug", "lang": "advies-uitstraling-been", "nog eens kort": "advies-lage-rug"}
        document["steps"][0] |= {"template": None, "variants": three}

    house.opt_in("before@example.org")
    house.send_due()
    publish(house, with_sequence(split))
    for number in range(6):
        house.opt_in(f"lead-{number}@example.org")
    house.send_due()
    told = [(mail.variant, mail.before_split, mail.accepted) for mail in found(house).mails]
    assert told[0] == (None, True, 1)
    assert [variant for variant, _, _ in told[1:]] == ["kort", "lang"]
    assert sum(accepted for _, _, accepted in told[1:]) == 6


def test_a_clear_difference_is_told_as_one() -> None:
    one = MailResult(step="s", template="a", variant="a", accepted=400, booked=80)
    other = MailResult(step="s", template="b", variant="b", accepted=400, booked=20)
    assert results.compare(one, other)


def test_since_leaves_out_what_came_before(house: House) -> None:
    three_steps(house)
    acts.confirmed(house)
    house.live_through(days=1, hours=1)
    later = found(house, since=house.clock.now() + timedelta(hours=1))
    assert (later.opt_ins, later.confirmed, later.mails) == (0, 0, ())


def test_no_address_and_no_id_of_a_lead_is_in_it(house: House) -> None:
    three_steps(house)
    acts.confirmed(house)
    house.live_through(days=1, hours=1)
    acts.answer(house, "better")
    assert acts.ANNA not in repr(found(house))
    assert house.lead().public_id not in repr(found(house))


def test_counting_takes_as_many_looks_for_many_leads_as_for_one(house: House) -> None:
    three_steps(house)
    acts.confirmed(house)
    house.live_through(days=1, hours=1)
    acts.answer(house, "better")
    once = looks(house)
    for number in range(5):
        acts.confirmed(house, f"lead-{number}@example.org")
    house.live_through(days=1, hours=1)
    for number in range(5):
        acts.answer(house, "same", f"lead-{number}@example.org")
    assert looks(house) == once


def looks(house: House) -> int:
    """How many statements one counting takes, once what was published is known."""
    from sqlalchemy import event

    found(house)
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        seen.append(statement)

    with house.services.database.reading() as session:
        engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    try:
        found(house)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return len(seen)

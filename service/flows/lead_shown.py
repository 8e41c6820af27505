"""What is shown of one lead, as values that turn into JSON. Fields are named as they are stored."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, JsonValue


class Shown(BaseModel):
    """The base of what is shown: frozen, moments in ISO 8601 (UTC). Made from rows, whose other columns stay out."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class OptInShown(Shown):
    """One time the form was sent in."""

    created_at: datetime
    topic: str
    form: str | None
    follow_up_ticked: bool
    answers: dict[str, str]
    source_url: str | None
    disposition: str


class ConsentShown(Shown):
    """One consent with the very words agreed to; `effective` when mails may rest on it, unless it was withdrawn."""

    given_at: datetime
    purpose: str
    source: str
    effective: bool
    version: str | None
    wording: str | None
    source_url: str | None
    withdrawn_at: datetime | None
    withdrawn_by: str | None


class EnrolmentShown(Shown):
    """One run through a sequence; the pause fields are None unless it is paused now."""

    id: int
    sequence: str
    sequence_revision_id: int
    state: str
    created_at: datetime
    confirmed_at: datetime | None
    answers: dict[str, str]
    pause_reason: str | None
    paused_until: datetime | None
    goal_at: datetime | None
    ended_at: datetime | None
    end_reason: str | None


class AttemptShown(Shown):
    """One try to hand a message over; no outcome: nobody knows."""

    number: int
    opened_at: datetime
    outcome: str | None
    stage: str | None
    code: int | None
    enhanced: str | None
    detail: str | None


class MessageShown(Shown):
    """One mail: `first_handed_at` is when it went out, `reason` why it stands where it does.

    `consent_given_at` and `consent_source` name the consent it rests on. `to_practice`: a mail to staff about the lead.
    """

    id: int
    kind: str
    sequence: str | None
    step: str | None
    template: str
    state: str
    reason: str | None
    dutch_reason: str | None
    planned_at: datetime
    due_at: datetime
    first_handed_at: datetime | None
    settled_at: datetime | None
    message_id: str
    to_practice: bool
    consent_given_at: datetime | None
    consent_source: str | None
    attempts: tuple[AttemptShown, ...]


class ComingShown(Shown):
    """One step that is still to come. `at` None: as things stand it is not sent, and the reason says why."""

    sequence: str
    step: str
    template: str
    at: datetime | None
    reason: str
    dutch_reason: str


class SuppressionShown(Shown):
    """Why the address gets no mail, or no follow-ups; `until` None is for good."""

    reason: str
    scope: str
    until: datetime | None


class RequestShown(Shown):
    """One request for a pain check; open while `handled_at` is None."""

    created_at: datetime
    name: str | None
    phone: str | None
    preferred: tuple[str, ...]
    note: str | None
    handled_at: datetime | None
    outcome: str | None


class BookingShown(Shown):
    """One appointment: booked, cancelled, or moved to another one; `at` is when that was so."""

    source: str
    state: str
    starts_at: datetime | None
    at: datetime


class HappeningShown(Shown):
    """One line of the timeline."""

    at: datetime
    kind: str
    details: dict[str, JsonValue]


class LeadReport(Shown):
    """All of it. `held_back` says what the emergency brake keeps back now; `erase_at` None: a consent keeps the lead.

    An open request for a pain check puts erasing off, whatever `erase_at` says. `throw_away`: the address is of a
    service of addresses for one use.
    """

    id: int
    address: str
    first_name: str | None
    answers: dict[str, str]
    created_at: datetime
    confirmed_at: datetime | None
    erase_at: datetime | None
    time_zone: str
    throw_away: bool
    held_back: str | None
    dutch_held_back: str | None
    opt_ins: tuple[OptInShown, ...]
    consents: tuple[ConsentShown, ...]
    enrolments: tuple[EnrolmentShown, ...]
    messages: tuple[MessageShown, ...]
    coming: tuple[ComingShown, ...]
    suppressions: tuple[SuppressionShown, ...]
    pain_check_requests: tuple[RequestShown, ...]
    bookings: tuple[BookingShown, ...]
    timeline: tuple[HappeningShown, ...]

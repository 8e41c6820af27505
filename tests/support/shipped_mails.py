"""Every shipped mail as its reader gets it: each posture where it matters, the service mails with all their fields."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from service.domain.mailbox import Mailbox
from service.flows.drafts import SERVICE_MAILS
from service.flows.samples import REPLY, WEEK
from service.mail.compose import MailHeaders, MailValues, Rendered, compose, render
from tests.support.house import shipped
from tests.support.mail_pictures import rendered, sheets

BASE = "https://mail.example.nl"
_FIELDS = {
    "request": ("name", "email", "phone", "days", "times", "remarks", "topic", "requested_at", "url"),
    "alert": ("title", "cause", "details", "since", "hint", "url"),
    "invitation": ("name", "url"),
    "account": ("name", "what"),
}
_VALUES = {"email": "anna@example.org", "phone": "020 123 45 67", "url": f"{BASE}/studio"}


def shipped_mails() -> dict[str, Rendered]:
    """By a name for people, such as `advies-lage-rug-hollow`."""
    draft = shipped()
    found = {sheet.name: rendered(draft, sheet) for sheet in sheets(draft)}
    return found | {name: _service_mail(name) for name in SERVICE_MAILS}


def composed_mails(*, now: datetime | None = None) -> dict[str, bytes]:
    """The same mails as the bytes that leave, to Anna; those to leads with a name and, as `NAME nameless`, without one.

    With tokens as long as real ones, from `advies@praktijk.example`, dated `now`.
    """
    draft, moment = shipped(), now or datetime.now(UTC)
    asked = {sheet.name: (sheet.template, sheet.answers) for sheet in sheets(draft)}
    asked |= {name: (name, {}) for name in SERVICE_MAILS}
    found: dict[str, bytes] = {}
    for name, (template, answers) in asked.items():
        for first_name in ("Anna", None) if draft.mails[template].for_lead else ("Anna",):
            values = _values(first_name, answers, token="aB3_-" * 10)
            link = values.unsubscribe_url if draft.mails[template].for_lead else None
            headers = MailHeaders(
                message_id=f"<m{len(found)}.0123456789abcdef@mail.example.nl>",
                date=moment,
                boundary="=_0123456789abcdef",
                mail_from=Mailbox(name="Solid Performance", address="advies@praktijk.example"),
                to="anna@example.org",
                unsubscribe_url=link,
            )
            found[name if first_name else f"{name} nameless"] = compose(draft.mails[template], values, headers)
    return found


def _service_mail(name: str) -> Rendered:
    return render(shipped().mails[name], _values("Anna", {}, token="TOKEN"))


def _values(first_name: str | None, answers: Mapping[str, str], *, token: str) -> MailValues:
    draft = shipped()
    assert draft.content.practice is not None
    return MailValues(
        practice=draft.content.practice.model_dump(mode="json"),
        first_name=first_name,
        answers=dict(answers),
        confirm_url=f"{BASE}/c/{token}",
        booking_url=f"{BASE}/b/{token}",
        unsubscribe_url=f"{BASE}/u/{token}",
        preferences_url=f"{BASE}/p/{token}",
        answer_url_base=f"{BASE}/a/{token}",
        extra={
            **{group: {key: _VALUES.get(key, f"Voorbeeld {key}") for key in keys} for group, keys in _FIELDS.items()},
            "reply": dict(REPLY),
            "week": dict(WEEK),
            "fresh_url": f"{BASE}/p/FRESH",
        },
    )

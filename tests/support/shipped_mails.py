"""Every shipped mail as its reader gets it: each posture where it matters, the service mails with all their fields."""

from __future__ import annotations

from service.flows.drafts import SERVICE_MAILS
from service.mail.compose import MailValues, Rendered, render
from tests.support.house import shipped
from tests.support.mail_pictures import rendered, sheets

BASE = "https://mail.example.nl"
_FIELDS = {
    "request": ("name", "email", "phone", "days", "times", "remarks", "topic", "requested_at", "url"),
    "alert": ("title", "cause", "details", "since", "hint", "url"),
    "invitation": ("name", "url"),
}
_VALUES = {"email": "anna@example.org", "phone": "020 123 45 67", "url": f"{BASE}/studio"}


def shipped_mails() -> dict[str, Rendered]:
    """By a name for people, such as `advies-lage-rug-hollow`."""
    draft = shipped()
    found = {sheet.name: rendered(draft, sheet) for sheet in sheets(draft)}
    return found | {name: _service_mail(name) for name in SERVICE_MAILS}


def _service_mail(name: str) -> Rendered:
    draft = shipped()
    assert draft.content.practice is not None
    values = MailValues(
        practice=draft.content.practice.model_dump(mode="json"),
        first_name="Anna",
        answers={},
        confirm_url=f"{BASE}/c/TOKEN",
        booking_url=f"{BASE}/b/TOKEN",
        unsubscribe_url=f"{BASE}/u/TOKEN",
        preferences_url=f"{BASE}/p/TOKEN",
        answer_url_base=f"{BASE}/a/TOKEN",
        extra={
            **{group: {key: _VALUES.get(key, f"Voorbeeld {key}") for key in keys} for group, keys in _FIELDS.items()},
            "fresh_url": f"{BASE}/p/FRESH",
        },
    )
    return render(draft.mails[name], values)

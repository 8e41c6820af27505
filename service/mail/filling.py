"""Fills a compiled mail in for one lead: subject, text and HTML as its reader gets them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from jinja2 import TemplateError
from markupsafe import escape
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from service.domain.lead import clean_name
from service.mail.compiled import CompiledMail, CompiledPartial
from service.mail.mime import HeldMailError
from service.mail.sandbox import HOSTILE, Given, clean, template

_SPACES = re.compile(r"\s+")


class OwnValues(BaseModel):
    """What a mail is filled in with but for the practice. Stored with the message as JSON, so a retry has the same.

    `extra` is what service mails may use besides: `request`, `alert`, `reply`, `invitation`, `week`, `fresh_url`.
    `calendar` is the iCalendar object that goes along with a mail to the practice.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    first_name: str | None = None
    answers: dict[str, str] = Field(default_factory=dict)  # `{}` would be copied deeply for each mail
    confirm_url: str | None = None
    booking_url: str | None = None
    unsubscribe_url: str | None = None
    preferences_url: str | None = None
    answer_url_base: str | None = None
    calendar: str | None = None
    extra: dict[str, JsonValue] = Field(default_factory=dict)


class MailValues(OwnValues):
    """All that a mail is filled in with; `practice` is the practice as JSON."""

    practice: dict[str, JsonValue]

    def for_practice(self) -> MailValues:
        """The same without a lead's own links: a mail to the practice is given none."""
        own = ("confirm_url", "booking_url", "unsubscribe_url", "preferences_url", "answer_url_base")
        return self.model_copy(update=dict.fromkeys(own))


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """A mail as its reader gets it, before it is packed."""

    subject: str
    preheader: str
    html: str
    text: str


def render(compiled: CompiledMail, values: MailValues) -> Rendered:
    """Fill a mail in. HeldMailError when a value is missing that it prints, or that the law wants shown."""
    given = _given(values)
    rendered = Rendered(
        subject=_SPACES.sub(" ", _fill(compiled.name, compiled.subject, given, html=False)).strip(),
        preheader=_SPACES.sub(" ", _fill(compiled.name, compiled.preheader, given, html=False)).strip(),
        html=_fill(compiled.name, compiled.html, given, html=True),
        text=_without_gaps(_fill(compiled.name, compiled.text, given, html=False)),
    )
    if compiled.for_lead:
        _hold_unless_lawful(compiled.name, rendered, values)
    return rendered


def render_partial(partial: CompiledPartial, practice: Mapping[str, JsonValue]) -> tuple[str, str]:
    """HTML (already safe) and text of a partial for a web page."""
    given = {"practice": Given(practice)}
    return _fill(partial.name, partial.html, given, html=True), _fill(partial.name, partial.text, given, html=False)


def _without_gaps(text: str) -> str:
    """Branches that were not taken leave their empty lines behind: never more than one in a row."""
    while "\n\n\n" in text:
        text = text.replace("\n\n\n", "\n\n")
    return text


def _fill(name: str, source: str, given: Mapping[str, object], *, html: bool) -> str:
    if "{" not in source:
        return source
    try:
        return template(source, html=html).render(given)
    except TemplateError as error:
        raise HeldMailError(f"{name}: {error.message or 'it cannot be filled in'}") from error
    except (TypeError, ValueError, LookupError, ArithmeticError) as error:
        raise HeldMailError(f"{name}: it cannot be filled in ({type(error).__name__})") from error


def _given(values: MailValues) -> dict[str, object]:
    practice = dict(values.practice)
    given: dict[str, object] = {
        "answers": Given(values.answers, missing="unknown"),
        "first_name": clean_name(values.first_name),  # M4 once more: a name from anywhere else is checked here too
        "request": Given({}, missing=""),
        "alert": Given({}, missing=""),
        "reply": Given({}, missing=""),
    }
    for name in ("confirm_url", "booking_url", "unsubscribe_url", "preferences_url"):
        given[name] = getattr(values, name)
    if values.answer_url_base is not None:
        base = values.answer_url_base
        given["answer_url"] = lambda answer: f"{base}?answer={answer}"
    if values.unsubscribe_url:  # our own address as it was when this row was made: images stand there too
        own = values.unsubscribe_url.rpartition("/u/")[0] or values.unsubscribe_url.rstrip("/")
        given["media_url"] = f"{own}/media"
        if str(practice.get("logo") or "").startswith("media/"):
            practice["logo"] = f"{own}/{practice['logo']}"
    elif str(practice.get("logo") or "").startswith("media/"):
        practice["logo"] = ""  # a mail to the practice itself knows no address of ours, and goes without
    given["practice"] = Given(practice)
    for name, value in values.extra.items():
        if name not in given or name in {"request", "alert", "reply"}:
            given[name] = Given(value, missing="") if isinstance(value, dict) else clean(value)
    return given


def _hold_unless_lawful(name: str, rendered: Rendered, values: MailValues) -> None:
    """C7 once more on what really goes out: an empty address in `practice.yaml` would pass every check before."""
    shown = [str(values.practice.get(key) or "") for key in ("name", "address", "kvk")] + [values.unsubscribe_url or ""]
    for value in (HOSTILE.sub("", one) for one in shown):
        # from the end, where the footer is: a search from the start goes through the whole mail
        if not value.strip() or rendered.text.rfind(value) < 0 or rendered.html.rfind(str(escape(value))) < 0:
            raise HeldMailError(f"{name}: it does not show sender, address, KvK and an unsubscribe link")

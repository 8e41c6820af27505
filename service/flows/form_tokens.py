"""Tokens of opt-in forms: which form was handed out, and when. They cost nothing to make and say nothing of anybody."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from service.flows.services import Services

_LABEL = "form"
_LASTS = timedelta(hours=24)
_AHEAD = timedelta(seconds=5)  # machines that share the work differ a little
_MOMENT = 6  # bytes: milliseconds since 1970, until the year 10889


def issue(services: Services, form: str, now: datetime) -> str:
    """The value of `form_token` in a form handed out now: 28 letters and more over `A-Za-z0-9_-`, signed.

    `now` is real time (`store.db.real_now`), also in the demo: it is people who fill in forms.
    """
    moment = round(now.timestamp() * 1000).to_bytes(_MOMENT, "big")
    return services.keyring.seal(_LABEL, moment + form.encode())


def read(services: Services, form: str | None, token: str | None, now: datetime) -> timedelta | None:
    """How long ago, in real time, this form was handed out with this token.

    None for a token that is missing, forged, of another form, or older than 24 hours: it proves nothing. A post that
    names no form may carry the token of any.
    """
    data = services.keyring.unseal(_LABEL, token) if token else None
    if data is None:
        return None
    issued = datetime.fromtimestamp(int.from_bytes(data[:_MOMENT], "big") / 1000, UTC)
    if form is not None and data[_MOMENT:] != form.encode():
        return None
    age = now - issued
    return max(age, timedelta(0)) if -_AHEAD <= age <= _LASTS else None

"""What somebody typed into a form that came too late: their session had ended. It is shown back, and nothing is done.

The form is sent once more from that page, by a session of now: nobody loses an hour's work to a log-in that ran out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from service.web.studio.views import Frame, TypedPage

_SECRETS = {"password", "again", "current", "code"}
_LONG = 500  # letters; what is shorter is typed again in no time


def page(frame: Frame, path: str, fields: Mapping[str, Sequence[str]]) -> TypedPage | None:
    """The page for these fields; None where nothing in them is long, or something is secret."""
    if not fields.keys().isdisjoint(_SECRETS):
        return None
    typed = tuple((name, text) for name, texts in fields.items() if name != "form_token" for text in texts)
    if not any(is_long(text) for _, text in typed):
        return None
    return TypedPage(
        frame=frame,
        path=path,
        texts=tuple(each for each in typed if "\n" in each[1]),
        others=tuple(each for each in typed if "\n" not in each[1]),
    )


def is_long(text: str) -> bool:
    """Is it the text of a person, of more than one line, or held for them?"""
    return "\n" in text or len(text) > _LONG

"""What of a mail is read: the words of whoever wrote it, and all there is, for signs of ours."""

from __future__ import annotations

import html
from collections.abc import Iterator

from service.mail.inbound.html_text import to_text
from service.mail.inbound.structure import Part

MOST_TEXT = 100_000
"""So many characters of one text are looked at."""


def written(mail: Part) -> str:
    """What a reader sees first: text parts, else HTML as text; files and mails within the mail are left out."""
    if mail.kind == "multipart/report" and mail.parts:
        return written(mail.parts[0])  # RFC 6522 section 3: the first part is for people
    if mail.kind == "multipart/alternative":
        each = [written(part) for part in mail.parts if part.kind != "text/html"]
        found = next((text for text in each if text.strip()), "")
        return found or next((written(part) for part in mail.parts if part.kind == "text/html"), "")
    if mail.is_message or mail.attached:
        return ""
    if mail.parts:
        return "\n\n".join(filter(None, (written(part).strip() for part in mail.parts)))
    if mail.kind == "text/html":
        return to_text(mail.text[:MOST_TEXT])
    return mail.text[:MOST_TEXT] if mail.kind.startswith("text/") and mail.kind != "text/calendar" else ""


def everything(mail: Part, *, deepest: int = 4) -> Iterator[str]:
    """Every text in the mail as it stands, HTML with its tags, and those of mails within it."""
    for part in mail.walk():
        if not part.parts and (part.kind.startswith(("text/", "message/")) or not part.kind):
            text = part.text[:MOST_TEXT]
            yield html.unescape(text) if part.kind == "text/html" else text
        if part.is_message and deepest:
            for inner in part.parts:
                yield from everything(inner, deepest=deepest - 1)

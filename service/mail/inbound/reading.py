"""What of a mail is read: the words of whoever wrote it, and all there is, for signs of ours."""

from __future__ import annotations

from collections.abc import Iterator

from service.mail.inbound.html_text import to_text, unescaped
from service.mail.inbound.structure import Part

MOST_TEXT = 100_000
"""So many characters of one text are looked at."""
_LOGO_BYTES = 20_000
_SIGNATURES = frozenset({"application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature"})


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


def goes_along(mail: Part) -> bool:
    """Whether there is more in the mail than text to read: a file, a picture, a mail, or content that is enciphered.

    A small picture that the text shows is none: it is the logo of a signature.
    """
    return any(_is_more(part) for part in mail.walk() if part.is_message or not part.parts)


def _is_more(part: Part) -> bool:
    if part.kind in _SIGNATURES:
        return False
    if part.attached or part.is_message:
        return True
    if part.kind.startswith("image/") and part.first("content-id"):
        return len(part.content) > _LOGO_BYTES
    return not part.kind.startswith(("text/", "multipart/"))


def everything(mail: Part, *, deepest: int = 4) -> Iterator[str]:
    """Every text in the mail as it stands, HTML with its tags, and those of mails within it."""
    for part in mail.walk():
        if not part.parts and (part.kind.startswith(("text/", "message/")) or not part.kind):
            text = part.text[:MOST_TEXT]
            yield unescaped(text) if part.kind == "text/html" else text
        if part.is_message and deepest:
            for inner in part.parts:
                yield from everything(inner, deepest=deepest - 1)

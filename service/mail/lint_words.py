"""Words that staff are warned about: promises, protected titles, and the complaint where others can read it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from service.domain.mailbox import Mailbox
from service.errors import Problem
from service.mail.expansion import Line
from service.mail.front_matter import MARK
from service.mail.words import CLAIMS, COMPLAINT, PROTECTED_TITLES, title_pattern
from service.mail.written import Body, Head, finding

_TITLES = {title: title_pattern(title) for title in PROTECTED_TITLES}
_SHOWN_OUTSIDE = {"subject": "het onderwerp", "preheader": "de preheader"}


def encoded_word(head: Head) -> Iterator[Problem]:
    """`=?` could become a header of its own: some readers decode it (RFC 2047, ACCEPTANCE M2)."""
    for key, name in _SHOWN_OUTSIDE.items():
        if "=?" in head.texts[key]:
            dutch = f"`=?` kan niet in {name} staan; haal het weg"
            yield finding("header", head.line(key), f"`=?` cannot stand in the {key}", dutch, "error")


def complaint_in_head(head: Head) -> Iterator[Problem]:
    """Subject and preheader are read over a shoulder."""
    for key, name in _SHOWN_OUTSIDE.items():
        if match := COMPLAINT.search(head.texts[key]):
            message = f"`{match[0]}` names a complaint, and the {key} is read over a shoulder; say it without"
            dutch = f"`{match[0]}` noemt de klacht. Anderen kunnen {name} meelezen; schrijf het zonder de klacht"
            yield finding("complaint-word", head.line(key), message, dutch)


def claims_in_head(head: Head) -> Iterator[Problem]:
    """Promises in subject, preheader or reason."""
    for key in head.texts:
        yield from promises(head.line(key))


def claims(body: Body) -> Iterator[Problem]:
    """Promises in what a mail says."""
    for line in body.lines:
        yield from promises(line)


def protected_titles(body: Body) -> Iterator[Problem]:
    """Titles that the practice may not use, anywhere in a mail."""
    for line in (*map(body.head.line, body.head.texts), *body.lines):
        yield from titles(line, body.titles)


def complaint_in_address(body: Body) -> Iterator[Problem]:
    """A written-out link, or the file of an image, shows the complaint to whoever sees its address."""
    for link in body.links():
        if not MARK.search(link.target) and COMPLAINT.search(link.target):
            message = f"the link {link.target} names a complaint"
            dutch = f"de link {link.target} noemt de klacht, en anderen kunnen het adres zien; kies een adres zonder"
            yield finding("complaint-word", link.line, message, dutch)
    for image in body.images():
        if not MARK.search(image.target) and COMPLAINT.search(image.target):
            message = f"the image {image.target} names a complaint in its address; give the file another name"
            dutch = f"de afbeelding {image.target} noemt de klacht in haar naam; geef het bestand een andere naam"
            yield finding("complaint-word", image.line, message, dutch)


def promises(line: Line) -> Iterator[Problem]:
    """Claims on one line, of a mail or of any other text that a lead reads."""
    for pattern, sounds_like, dutch_for_it in CLAIMS:
        if match := pattern.search(line.text):
            dutch = f"`{match[0]}` belooft {dutch_for_it}; schrijf wat je zeker weet"
            yield finding("claim", line, f"`{match[0]}` promises {sounds_like}; write what you know", dutch)


def titles(line: Line, allowed: Sequence[str]) -> Iterator[Problem]:
    """Protected titles on one line. `allowed`: those practice.yaml names."""
    for title, pattern in _TITLES.items():
        if title not in allowed and (match := pattern.search(line.text)):
            message = f"`{match[0]}` is a protected title; practice.yaml has to name `{title}` under protected_titles"
            dutch = (
                f"`{match[0]}` is een beschermde titel. Mag de praktijk die voeren? "
                f"Zet dan `{title}` bij protected_titles in practice.yaml; schrijf anders bijvoorbeeld `behandelaar`"
            )
            yield finding("title", line, message, dutch)


def sender_problems(sender: Mailbox, base_url: str) -> list[Problem]:
    """The sender stands beside the subject, and the service's own address in every link (ACCEPTANCE P4)."""
    return list(_in_settings({"NURTURE_MAIL_FROM": (sender.name, sender.address), "NURTURE_BASE_URL": (base_url,)}))


def _in_settings(settings: dict[str, Iterable[str]]) -> Iterator[Problem]:
    for name, texts in settings.items():
        if match := next(filter(None, map(COMPLAINT.search, texts)), None):
            yield Problem(
                id="setting-complaint-word",
                message=f"{name}: `{match[0]}` names a complaint, and others can read it; choose a neutral name",
                dutch=f"{name}: `{match[0]}` noemt de klacht, en anderen kunnen het lezen; kies een neutrale naam",
                severity="warning",
            )

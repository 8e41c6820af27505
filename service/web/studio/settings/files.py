"""A file of the content folder as the pages here change it: its text, its mark, and saving what became of it."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from service.errors import ProblemsError
from service.flows.content_desk import Change
from service.flows.content_yaml import read_yaml
from service.flows.whole_files import as_before, plain
from service.web.studio.doors import Visit, see
from service.web.studio.languages import sentence
from service.web.studio.publishing.saving import save

PRACTICE, FORMS = "practice.yaml", "forms.yaml"


@dataclass(frozen=True, kw_only=True)
class Opened:
    """`unreadable`: why it cannot be changed on a page, in the language of whoever is there; "" where it can.

    `text` has its line ends as LF; `data` are the bytes it was read from.
    """

    text: str
    data: bytes
    mark: str
    unreadable: str = ""


def opened(visit: Visit, file: str) -> Opened:
    """The file as it is now."""
    found = visit.desk.open(file)
    try:
        text = plain(found.data)
    except UnicodeDecodeError:
        told = _said(visit, "it is not UTF-8 text", "het is geen tekst")
        return Opened(text="", data=found.data, mark=found.mark, unreadable=told)
    if not text.strip():
        told = _said(visit, f"{file} is not there, or empty", f"{file} is er niet, of is leeg")
        return Opened(text="", data=found.data, mark=found.mark, unreadable=told)
    problems = read_yaml(text, file).problems
    if problems:
        first = problems[0]
        told = sentence(first.dutch if visit.language == "nl" and first.dutch else first.message)
        line = f", {'regel' if visit.language == 'nl' else 'line'} {first.line}" if first.line else ""
        return Opened(text=text, data=found.data, mark=found.mark, unreadable=f"{told} ({file}{line})")
    return Opened(text=text, data=found.data, mark=found.mark)


def kept(visit: Visit, file: str, before: Opened, after: str, *, done: str) -> Response:
    """Save what became of the text, by the mark that the form carried, and go on."""
    if after == before.text:
        return see(done)
    change = Change(data=as_before(before.data, after), seen=visit.field("mark"))
    return save(visit, {file: change}, done=done)


def raise_unless_readable(found: Opened) -> None:
    """Raise ProblemsError, with what is wrong with the file, where nothing in it can be changed here."""
    if found.unreadable:
        raise UnreadableFileError(found.unreadable)


class UnreadableFileError(ProblemsError):
    """The file has to be mended by hand first."""

    def __init__(self, told: str) -> None:
        super().__init__([])
        self.english = self.dutch = told


def _said(visit: Visit, english: str, dutch: str) -> str:
    return sentence(dutch if visit.language == "nl" else english)

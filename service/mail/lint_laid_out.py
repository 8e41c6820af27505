"""What is wrong with a mail once its layout is round it: branches that cross its shape, or hide what must show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from service.errors import Problem
from service.mail.balance import unbalanced
from service.mail.expansion import Marks
from service.mail.front_matter import FOLDER, SourceFile
from service.mail.layout import marks_always_shown, visible
from service.mail.names import REQUIRED

_PART = {"HTML": "HTML-deel", "text": "tekstdeel"}


def branches_crossed(source: SourceFile, pieces: Iterable[str], marks: Marks) -> Iterator[Problem]:
    """Each branch that opens or closes more HTML than its `if` does."""
    message = "this branch begins inside a list, box or bold text and ends outside it, or the other way round"
    dutch = "deze `if` of `for` begint in een lijst, kader of vette tekst en eindigt erbuiten (of andersom)."
    dutch += " Zet begin en einde allebei erin, of allebei erbuiten."
    for piece in pieces:
        for mark in unbalanced(piece, marks):
            file, line = (mark.file, mark.line) if mark else (source.name, 1)
            yield Problem(id="mail.balance", file=FOLDER + file, line=line, message=message, dutch=dutch)


def not_always_shown(source: SourceFile, html: str, text: str, marks: Marks) -> Iterator[Problem]:
    """What every mail to a lead must show and this one does not, whichever way its conditions turn out."""
    for where, shown in (("HTML", visible(html)), ("text", text)):
        names = marks_always_shown(shown, marks)
        for name in (each for each in (*REQUIRED, "reason") if each not in names):
            message = f"the {where} part does not show `{{{{ {name} }}}}` on every branch; each mail to a lead must"
            dutch = f"elke mail moet `{{{{ {name} }}}}` altijd laten zien, ook in het {_PART[where]}."
            dutch += " Zet het terug in de voet van de opmaak (layouts/…footer.md), buiten elke `if`."
            yield Problem(id="mail.required", file=source.path, line=1, message=message, dutch=dutch)

"""What keeps a person in pain safe: approved texts, and the safety block before every exercise (ACCEPTANCE P4)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from service.errors import Problem
from service.mail.approvals import KINDS, approval, needed, text_hash
from service.mail.checker import Inclusion
from service.mail.compiled import Contained
from service.mail.expansion import Line
from service.mail.front_matter import SourceFile
from service.mail.written import Body, finding

_EXERCISE_BOX = re.compile(r"\s{0,3}:{3,}\s*oefening\b")


def contained(
    inclusions: Sequence[Inclusion], files: Mapping[str, SourceFile], sources: Mapping[str, str]
) -> list[Contained]:
    """The partials of a mail, each once, with the state of their approval."""
    found: dict[str, Contained] = {}
    for name in dict.fromkeys(inclusion.name for inclusion in inclusions):
        state = approval(sources[name])
        found[name] = Contained(
            name=name,
            kind=files[name].text("kind"),
            hash=text_hash(sources[name]),
            needs_approval=needed(sources[name]),
            approval=state.state,
            by=state.by,
            on=state.on,
        )
    return list(found.values())


def approval_problems(parts: Sequence[Contained]) -> list[Problem]:
    """A warning for each partial whose text a clinician has not approved as it reads now."""
    problems = []
    for part in parts:
        if not part.needs_approval or part.approval == "approved":
            continue
        command = f"nurture approve {part.name} --by"
        lapsed, verviel = "nobody has", "dat is nog niet gebeurd"
        if part.approval == "lapsed":
            lapsed = f"its approval by {part.by} lapsed, because the text changed"
            verviel = f"de goedkeuring van {part.by} is vervallen, omdat de tekst veranderd is"
        message = f"a clinician has to approve this text, and {lapsed}: then in the studio, or {command} NAME"
        dutch = f"een behandelaar moet deze tekst goedkeuren, en {verviel}; daarna: in de studio, of {command} NAAM"
        problems.append(finding("approval", Line(text="", file=part.name, number=1), message, dutch))
    return problems


def kind_problems(parts: Sequence[Contained], files: Mapping[str, SourceFile]) -> list[Problem]:
    """A `kind` that means nothing would switch the safety rule off without a word."""
    problems = []
    for part in parts:
        if part.kind and part.kind not in KINDS:
            line = Line(text="", file=part.name, number=files[part.name].head_lines.get("kind", 1))
            message = f"`kind` is one of: {', '.join(KINDS)}"
            dutch = f"`kind: {part.kind}` bestaat niet; schrijf `kind: safety` of `kind: exercise`"
            problems.append(finding("kind", line, message, dutch, "error"))
    return problems


def safety_problems(inclusions: Sequence[Inclusion], files: Mapping[str, SourceFile]) -> list[Problem]:
    """Exercises only after the safety block, which stands in no branch."""
    safe = False
    problems = []
    for inclusion in inclusions:
        kind = files[inclusion.name].text("kind")
        safe = safe or (kind == "safety" and inclusion.always)
        if kind == "exercise" and not safe:
            line = Line(text="", file=inclusion.file, number=inclusion.line)
            message = (
                f"the safety block comes before an exercise (`{inclusion.name}`): write "
                '`{% include "_veiligheid.md" %}` above it, outside any `if`'
            )
            dutch = (
                f"vóór een oefening (`{inclusion.name}`) hoort het veiligheidsblok; "
                'zet `{% include "_veiligheid.md" %}` erboven, buiten elke `if`'
            )
            problems.append(finding("safety", line, message, dutch, "error"))
    return [*problems, *([] if safe else _safety_for_some(inclusions, files))]


def _safety_for_some(inclusions: Sequence[Inclusion], files: Mapping[str, SourceFile]) -> Iterator[Problem]:
    for inclusion in inclusions:
        if files[inclusion.name].text("kind") == "safety":
            line = Line(text="", file=inclusion.file, number=inclusion.line)
            message = "the safety block is for every reader; include it outside any `if`"
            dutch = "het veiligheidsblok is voor elke lezer; zet het buiten elke `if`"
            yield finding("safety", line, message, dutch, "error")


def exercise_outside_its_partial(body: Body) -> Iterator[Problem]:
    """An exercise written into a mail itself would need neither approval nor safety block."""
    for line in body.lines:
        if _EXERCISE_BOX.match(line.text) and body.files[line.file].text("kind") != "exercise":
            message = (
                "an exercise stands in a partial of its own with `kind: exercise` in its head, so that a clinician "
                "approves it; include that here"
            )
            dutch = (
                "een oefening staat in een eigen bestand met `kind: exercise` bovenin, zodat een behandelaar haar "
                'goedkeurt; zet hier {% include "_oefening-NAAM.md" %}'
            )
            yield finding("exercise-kind", line, message, dutch, "error")

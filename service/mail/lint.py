"""What is no fault of grammar but must not go out unnoticed: approvals, order of safety and exercise, words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from service.errors import Problem, Severity
from service.mail.approvals import approval, text_hash
from service.mail.checker import Inclusion
from service.mail.compiled import Contained
from service.mail.expansion import Line
from service.mail.front_matter import FOLDER, SourceFile
from service.mail.words import CLAIMS, COMPLAINT, PROTECTED_TITLES, title_pattern

KINDS = ("safety", "exercise")


def contained(
    inclusions: Sequence[Inclusion], files: Mapping[str, SourceFile], sources: Mapping[str, str]
) -> list[Contained]:
    """The partials of a mail, each once, with the state of their approval."""
    found: dict[str, Contained] = {}
    for name in dict.fromkeys(inclusion.name for inclusion in inclusions):
        head = files[name].head
        state = approval(sources[name])
        kind = files[name].text("kind")
        found[name] = Contained(
            name=name,
            kind=kind,
            hash=text_hash(sources[name]),
            needs_approval=head.get("needs_approval") is True or kind in KINDS,
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
        lapsed = (
            f"its approval by {part.by} lapsed, because the text changed" if part.approval == "lapsed" else "nobody has"
        )
        message = f"a clinician has to approve this text, and {lapsed}: nurture approve {part.name} --by NAME"
        problems.append(_problem("approval", part.name, 1, message, "warning"))
    return problems


def kind_problems(parts: Sequence[Contained], files: Mapping[str, SourceFile]) -> list[Problem]:
    """A `kind` that means nothing would switch the safety rule off without a word."""
    return [
        _problem(
            "kind",
            part.name,
            files[part.name].head_lines.get("kind", 1),
            f"`kind` is one of: {', '.join(KINDS)}",
            "error",
        )
        for part in parts
        if part.kind and part.kind not in KINDS
    ]


def safety_problems(inclusions: Sequence[Inclusion], files: Mapping[str, SourceFile]) -> list[Problem]:
    """Exercises only after the safety block, which stands in no branch (ACCEPTANCE P4)."""
    safe = False
    problems = []
    for inclusion in inclusions:
        kind = files[inclusion.name].text("kind")
        safe = safe or (kind == "safety" and inclusion.always)
        if kind == "exercise" and not safe:
            message = "the safety block comes before an exercise: include that partial above it, outside any `if`"
            problems.append(_problem("safety", inclusion.file, inclusion.line, message, "error"))
    return problems


def subject_problems(source: SourceFile, key: str, text: str) -> list[Problem]:
    """Subject and preheader are read over a shoulder; an encoded word in one could become a header of its own."""
    line = source.head_lines.get(key, 1)
    problems = []
    if "=?" in text:
        problems.append(_problem("header", source.name, line, f"`=?` cannot stand in the {key}", "error"))
    if match := COMPLAINT.search(text):
        message = f"`{match[0]}` names a complaint, and the {key} is read over a shoulder"
        problems.append(_problem("complaint-word", source.name, line, message, "warning"))
    return problems


def word_problems(lines: Sequence[Line], titles: Sequence[str]) -> list[Problem]:
    """Claims and protected titles, anywhere in what a mail says. `titles`: those the practice may use."""
    problems = []
    refused = [(title, title_pattern(title)) for title in PROTECTED_TITLES if title not in titles]
    for line in lines:
        for pattern, sounds_like in CLAIMS:
            if match := pattern.search(line.text):
                message = f"`{match[0]}` promises {sounds_like}"
                problems.append(_problem("claim", line.file, line.number, message, "warning"))
        for title, pattern in refused:
            if match := pattern.search(line.text):
                message = (
                    f"`{match[0]}` is a protected title; practice.yaml has to name `{title}` under protected_titles"
                )
                problems.append(_problem("title", line.file, line.number, message, "warning"))
    return list(dict.fromkeys(problems))


def link_problems(links: Sequence[tuple[str, Line]]) -> list[Problem]:
    """A written-out link that names the complaint shows it to whoever sees the address."""
    return [
        _problem("complaint-word", line.file, line.number, f"the link {target} names a complaint", "warning")
        for target, line in links
        if COMPLAINT.search(target)
    ]


def _problem(key: str, file: str, line: int, message: str, severity: Severity) -> Problem:
    return Problem(id=f"mail.{key}", message=message, file=FOLDER + file, line=line, severity=severity)

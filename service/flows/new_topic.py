"""`nurture new topic`: a sequence with its mails and its form, copied under a new name to be rewritten.

Copied are the sequence, every mail of it, and the texts that need a clinician's yes and that no other sequence shows.
What other sequences show too stays shared, approvals and all; a copy is to become another text, so it has none.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from service.domain.sequence import Sequence
from service.errors import NotFoundError, ProblemsError, RefusedError
from service.flows.content import SEQUENCES, TEMPLATES, Content, read_content
from service.flows.drafts import read_draft
from service.flows.form_copy import with_form_copied
from service.flows.sequence_copy import sequence_copied
from service.flows.topic_checklist import checklist
from service.flows.whole_files import as_before, replace_file
from service.mail import front_matter
from service.mail.approvals import needed, without_approval

FORMS = "forms.yaml"
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LONGEST = 40
_INCLUDE = re.compile(r"""(?P<before>\{%-?\s*include\s+["'])(?P<name>[^"']+)(?P<after>["'])""")


@dataclass(frozen=True, kw_only=True)
class NewTopic:
    """What would be written: paths relative to the content folder, in their order, and their whole texts."""

    name: str
    files: Mapping[str, str]
    checklist: str


def prepare(folder: Path, name: str, *, source: str, topic: str, title: str) -> NewTopic:
    """The files of the new topic, proved to pass `check`. Nothing is written.

    NotFoundError without such a sequence; RefusedError for a name that is taken or cannot be one; ProblemsError where
    the content, or the copy, has errors.
    """
    content = read_content(folder)
    errors = [each for each in content.problems if each.severity == "error"]
    if errors:
        raise ProblemsError(errors)
    sequence = content.sequences.get(source)
    if sequence is None:
        there = ", ".join(sorted(content.sequences))
        raise NotFoundError(
            f"there is no sequence {source}; there are: {there}", f"reeks {source} bestaat niet; kies uit: {there}"
        )
    _refuse_taken(content, name, topic)
    mails: dict[str, str] = {}
    for each in sequence.templates():
        new = _renamed(each, source, name)
        mails[each] = new if new not in mails.values() else f"{each}-{name}"  # hoe and hoe-rug both become hoe-nek
    partials = {each: f"{each.removesuffix('.md')}-{name}.md" for each in _own_texts(content, sequence)}
    files = {
        f"{TEMPLATES}/{new}": _with_includes(without_approval(content.templates[old]), partials)
        for old, new in partials.items()
    }
    files |= {
        f"{TEMPLATES}/{new}.md": _with_includes(content.templates[f"{old}.md"], partials) for old, new in mails.items()
    }
    listed = f"{SEQUENCES}/{name}.checklist.md"
    shared = _approved_texts(content, sequence) - set(partials)
    files[listed] = checklist(
        name=name,
        source=source,
        title=title,
        advice=mails[sequence.advice.template_names[0]],
        mails=list(mails.values()),
        copied=list(partials.values()),
        shared=sorted(shared),
    )
    written = content.sources[f"{SEQUENCES}/{source}.yaml"]
    files[f"{SEQUENCES}/{name}.yaml"] = sequence_copied(written, source, name, topic=topic, title=title, mails=mails)
    files[FORMS] = with_form_copied(content.sources[FORMS], content, source=sequence.topic, name=name, topic=topic)
    for file in files:
        if file != FORMS and (folder / file).exists():
            raise _taken(file, file)
    _prove(folder, content, files)
    return NewTopic(name=name, files=files, checklist=listed)


def write(folder: Path, new: NewTopic) -> None:
    """Write every file, forms.yaml last; when one cannot be written, those before it are taken away again."""
    made: list[Path] = []
    try:
        for file, text in new.files.items():
            path = folder / file
            if file != FORMS:
                made.append(path)
            replace_file(path, as_before(path.read_bytes(), text) if file == FORMS else text)
    except BaseException as error:
        for path in made:
            path.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise RefusedError(
                f"nothing was written: {error.filename or folder} cannot be written to ({error.strerror})",
                f"er is niets geschreven: in {error.filename or folder} kan niet geschreven worden ({error.strerror})",
            ) from error
        raise


def _refuse_taken(content: Content, name: str, topic: str) -> None:
    for each in (name, topic):
        if not _NAME.fullmatch(each) or len(each) > _LONGEST:
            raise RefusedError(
                f"{each!r} is no name; write small letters, digits and hyphens, at most {_LONGEST}, such as nek",
                f"{each!r} kan niet; schrijf kleine letters, cijfers en streepjes, hooguit {_LONGEST}, zoals nek",
            )
    if name in content.sequences:
        raise _taken(f"a sequence {name}", f"een reeks {name}")
    if content.forms and name in content.forms.forms:
        raise _taken(f"a form {name}", f"een formulier {name}")
    if topic in {each.topic for each in content.sequences.values()}:
        raise _taken(f"a topic {topic}", f"een topic {topic}")


def _taken(english: str, dutch: str) -> RefusedError:
    return RefusedError(f"there is {english} already; choose another name", f"er is al {dutch}; kies een andere naam")


def _renamed(template: str, source: str, name: str) -> str:
    words = re.compile(rf"(?<![a-z0-9]){re.escape(source)}(?![a-z0-9])")
    return words.sub(name, template) if words.search(template) else f"{template}-{name}"


def _own_texts(content: Content, sequence: Sequence) -> list[str]:
    """The approved texts that this sequence alone shows: its exercises. The safety block is everybody's."""
    elsewhere: set[str] = set()
    for other in content.sequences.values():
        if other.name != sequence.name:
            elsewhere |= _approved_texts(content, other)
    own = _approved_texts(content, sequence) - elsewhere
    return sorted(each for each in own if _head(content, each).get("kind") != "safety")


def _approved_texts(content: Content, sequence: Sequence) -> set[str]:
    """The partials of a sequence's mails that need a clinician's approval."""
    found: set[str] = set()
    left = [f"{each}.md" for each in sequence.templates()]
    while left:
        text = content.templates.get(left.pop(), "")
        new = {each["name"] for each in _INCLUDE.finditer(text)} - found
        found |= new
        left += new
    return {each for each in found if needed(content.templates.get(each, ""))}


def _head(content: Content, partial: str) -> Mapping[str, object]:
    return front_matter.read(partial, content.templates.get(partial, ""))[0].head


def _with_includes(text: str, partials: Mapping[str, str]) -> str:
    def other(found: re.Match[str]) -> str:
        return found["before"] + partials.get(found["name"], found["name"]) + found["after"]

    return _INCLUDE.sub(other, text)


def _prove(folder: Path, content: Content, files: Mapping[str, str]) -> None:
    """Compile the whole folder with the new files in it, elsewhere: with an error in it nothing is written here."""
    with tempfile.TemporaryDirectory(prefix="nurture-topic-") as elsewhere:
        trial = Path(elsewhere)
        for file, text in {**content.sources, **files}.items():
            (trial / file).parent.mkdir(parents=True, exist_ok=True)
            (trial / file).write_text(text, encoding="utf-8")
        if (folder / "media").is_dir():
            shutil.copytree(folder / "media", trial / "media")
        errors = read_draft(trial).errors
    if errors:
        raise ProblemsError(errors)

"""The files as they are now: read, compiled, and every problem in them told. Nothing is written here."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from service.errors import Problem, ProblemsError
from service.flows import content_journal
from service.flows.content import TEMPLATES, Content, read_content
from service.flows.content_lint import lint_content
from service.flows.kept_mails import KeptMails
from service.flows.left_over import left_over
from service.flows.media import FOLDER as MEDIA
from service.flows.media import Images, read_images
from service.flows.published import NAMES
from service.mail.compiled import CompiledMail, CompiledPartial, Image
from service.mail.front_matter import read
from service.mail.workshop import Workshop

SAFETY = "_veiligheid.md"
INVITATION = "dienst-uitnodiging"
"""Brings staff the link to the studio. A content folder of before there was one does without."""
WEEKLY = "dienst-weekbericht"
"""Brings the owner last week's figures; a content folder of before does without that too."""

ACCOUNT = "dienst-account"
"""Tells staff that their password or second step changed. Older content folders do without it too."""

_TO_LEADS = ("dienst-ontvangst", "dienst-verse-link")
_NEEDED = ("dienst-aanvraag", "dienst-antwoord", *_TO_LEADS, "dienst-melding")
SERVICE_MAILS = (*_NEEDED, INVITATION, ACCOUNT, WEEKLY)


@dataclass(frozen=True, kw_only=True)
class Part:
    """One thing that is published by itself: a sequence with its mails, the practice, the forms, the service mails."""

    kind: str
    name: str
    document: dict[str, Any]
    compiled: dict[str, Any]
    source: dict[str, str]
    images: tuple[Image, ...] = ()

    @property
    def hash(self) -> str:
        """Equal for the same meaning and the same bytes in every file."""
        written = json.dumps([self.document, self.compiled, self.source], sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(written.encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Draft:
    """The content folder, compiled. `parts` are those without an error; with any error nothing is published.

    `images` has the bytes of every image that the parts show, by the name it will be served under.
    """

    content: Content
    mails: Mapping[str, CompiledMail]
    parts: tuple[Part, ...]
    problems: tuple[Problem, ...]
    images: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def errors(self) -> list[Problem]:
        """What keeps the draft from being published."""
        return [problem for problem in self.problems if problem.severity == "error"]

    @property
    def warnings(self) -> list[Problem]:
        """What somebody should look at, and may publish over."""
        return [problem for problem in self.problems if problem.severity == "warning"]


Lend = Callable[[], AbstractContextManager[Workshop]]
"""Gives a process to compile in, for as long as a block runs."""


def read_draft(folder: Path, kept: KeptMails | None = None, lend: Lend = Workshop) -> Draft:
    """Read and compile everything in the content folder. Raises ProblemsError where there is no such folder.

    What the studio left half-saved is finished first, or UnavailableError: half of a save is nobody's draft.

    `kept` are the mails of readings before this one: those that nothing changed about are not compiled again.
    """
    before = kept or KeptMails()
    if not folder.is_dir():
        message = f"NURTURE_CONTENT_DIR: there is no folder {folder}; it holds practice.yaml, forms.yaml and the mails"
        dutch = f"NURTURE_CONTENT_DIR: de map {folder} is er niet; daarin staan practice.yaml, forms.yaml en de mails"
        raise ProblemsError([Problem(id="content-folder", message=message, dutch=dutch)])
    content_journal.settle(folder)
    with lend() as workshop:  # starts while the files are read
        content = read_content(folder)
        titles = content.practice.protected_titles if content.practice else ()
        logo = content.practice.logo if content.practice else ""
        images = read_images(folder, [*content.templates.values(), logo], workshop)
        workshop.folder(content.templates, protected_titles=titles, images=images.facts)
        mails: dict[str, CompiledMail] = {}
        problems = [*content.problems, *images.problems, *_logo_missing(logo, images)]
        for name in _mail_names(content):
            mail, found = before.mail(workshop, name, content.templates, titles, images.facts)
            problems += found
            if mail is not None:
                mails[name] = mail
        safety, found = before.partial(workshop, SAFETY, content.templates)
        problems += found
    problems += _safety_missing(content, mails)
    problems += _wrong_readers(content, mails)
    problems += lint_content(content, mails)
    problems += left_over(content, used=(SAFETY, *SERVICE_MAILS), images=_images(folder))
    problems = _once(problems)
    return Draft(
        content=content,
        mails=mails,
        parts=tuple(_parts(content, mails, safety, images.facts.get(logo))),
        images=images.data,
        problems=tuple(sorted(problems, key=lambda each: (each.severity, each.file, each.line or 0))),
    )


def _mail_names(content: Content) -> list[str]:
    """Every mail there is, used or not: staff want to know of a broken one before they need it."""
    found = {name.removesuffix(".md") for name in content.templates if name.endswith(".md") and "/" not in name}
    return sorted({name for name in found if not name.startswith("_")} | set(_NEEDED))


def _images(folder: Path) -> list[str]:
    media = folder / "media"
    found = (path for path in media.rglob("*") if path.is_file() and not path.name.startswith("."))
    return sorted(name for path in found if (name := path.relative_to(media).as_posix()).isprintable())


def _safety_missing(content: Content, mails: Mapping[str, CompiledMail]) -> list[Problem]:
    """An advice without the safety block cannot be published (ACCEPTANCE P4)."""
    problems = []
    for sequence in content.sequences.values():
        for name in sequence.advice.template_names:
            mail = mails.get(name)
            if mail is not None and not any(part.kind == "safety" for part in mail.contains):
                message = (
                    f'the advice must show the safety block; write {{% include "{SAFETY}" %}} before the exercises'
                )
                dutch = f'het veiligheidsblok ontbreekt. Zet `{{% include "{SAFETY}" %}}` boven de oefeningen.'
                file = f"{TEMPLATES}/{name}.md"
                problems.append(Problem(id="mail.safety-missing", file=file, message=message, dutch=dutch))
    return problems


def _wrong_readers(content: Content, mails: Mapping[str, CompiledMail]) -> Iterator[Problem]:
    """One to the practice shows no lead how to stop (ACCEPTANCE C7), and one to a lead cannot go to the practice."""
    to_leads = {name for sequence in content.sequences.values() for name in sequence.templates()} | set(_TO_LEADS)
    for name in sorted(mails.keys() & (to_leads | set(SERVICE_MAILS))):
        if mails[name].for_lead == (name in to_leads):
            continue
        if name in to_leads:
            message = "this mail goes to leads: take `audience: practice` away, for with it they cannot unsubscribe"
            dutch = "deze mail gaat naar leads. Haal `audience: practice` weg: anders missen zij de link om te stoppen."
        else:
            message = "this mail goes to the practice; write `audience: practice` in its head"
            dutch = "deze mail gaat naar de praktijk. Schrijf `audience: practice` in de kop."
        source, _ = read(f"{name}.md", content.templates[f"{name}.md"])
        line = source.head_lines.get("audience", 1)
        yield Problem(id="mail.audience", file=source.path, line=line, message=message, dutch=dutch)


def _logo_missing(logo: str, images: Images) -> list[Problem]:
    if not logo.startswith(f"{MEDIA}/") or images.facts.get(logo) is not None:
        return []
    message = f"`logo`: `{logo}` is no image that a mail can show; put it in media/, such as media/logo.png"
    dutch = f"`logo`: `{logo}` kan niet worden getoond. Zet het plaatje in de map media, zoals media/logo.png."
    return [Problem(id="practice-logo", file="practice.yaml", message=message, dutch=dutch)]


def _once(problems: list[Problem]) -> list[Problem]:
    """A partial in five mails is told once."""
    return list(dict.fromkeys(problems))


def _parts(
    content: Content, mails: Mapping[str, CompiledMail], safety: CompiledPartial | None, logo: Image | None
) -> list[Part]:
    def shown(names: tuple[str, ...]) -> tuple[Image, ...]:
        return tuple(dict.fromkeys(image for name in names if name in mails for image in mails[name].images))

    def compiled(names: tuple[str, ...]) -> dict[str, Any]:
        return {name: mails[name].model_dump(mode="json") for name in names if name in mails}

    templates = {f"{TEMPLATES}/{name}": text for name, text in content.templates.items()}
    parts = [
        Part(
            kind="sequence",
            name=name,
            document=sequence.model_dump(mode="json"),
            compiled=compiled(sequence.templates()),
            source={f"sequences/{name}.yaml": content.sources.get(f"sequences/{name}.yaml", "")} | templates,
            images=shown(sequence.templates()),
        )
        for name, sequence in sorted(content.sequences.items())
    ]
    if content.practice:
        document = content.practice.model_dump(mode="json")
        if logo is not None:  # the file in media/ may change; what is published names these very bytes
            document["logo"] = f"{MEDIA}/{logo.name}"
        single = _single("practice", document, {}, content)
        parts.append(replace(single, images=(logo,) if logo else ()))
    if content.forms:
        # The thank-you page shows the safety block too, so the forms carry it.
        extra = {"safety": safety.model_dump(mode="json")} if safety else {}
        parts.append(_single("forms", content.forms.model_dump(mode="json"), extra, content))
    parts.append(
        Part(
            kind="mails",
            name=NAMES["mails"],
            document={},
            compiled=compiled(SERVICE_MAILS),
            source=templates,
            images=shown(SERVICE_MAILS),
        )
    )
    return parts


def _single(kind: str, document: dict[str, Any], compiled: dict[str, Any], content: Content) -> Part:
    source = {f"{kind}.yaml": content.sources.get(f"{kind}.yaml", "")}
    return Part(kind=kind, name=NAMES[kind], document=document, compiled=compiled, source=source)

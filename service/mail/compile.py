"""Compiles a mail once, when it is published: Markdown, layout and checks here, so that sending only fills in.

The way: expand partials, swap Jinja for marks, Markdown to HTML and text, layout round it, marks back, check the whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from markdown_it.token import Token

from service.errors import Problem
from service.mail.checker import Checker
from service.mail.collected import Collected
from service.mail.compiled import CompiledMail, CompiledPartial, Image
from service.mail.expansion import SLOTS, Line, Marks, expand, inline_html, misplaced_includes
from service.mail.expressions import Place
from service.mail.front_matter import FOLDER, SourceFile, read
from service.mail.html_part import write_html, write_page_html
from service.mail.layout import read_layout, render_layout
from service.mail.lint import lint_body, lint_footer, lint_head
from service.mail.lint_laid_out import branches_crossed, not_always_shown
from service.mail.lint_layout import layout_problems
from service.mail.lint_looks import html_too_long
from service.mail.lint_safety import approval_problems, contained, kind_problems, safety_problems
from service.mail.markdown import Reader
from service.mail.names import AUDIENCES, Audience, nearest, suggestion, unknown_dutch
from service.mail.sandbox import template
from service.mail.text_part import write_text
from service.mail.written import Body, Head

HEAD_KEYS = ("subject", "preheader", "layout", "audience", "reason")


def compile_mail(
    name: str,
    sources: Mapping[str, str],
    *,
    audience: Audience | None = None,
    protected_titles: Sequence[str] = (),
    images: Mapping[str, Image | None] = MappingProxyType({}),
) -> tuple[CompiledMail | None, list[Problem]]:
    """Compile `NAME.md`. All problems come back at once; the mail is None when one of them is an error.

    `sources` maps paths relative to email_templates/ to their text. `audience` wins over the file's own;
    `protected_titles` are those the practice may use; `images` has the files of media/, one not fit for a mail as None.
    """
    files = {path: read(path, text) for path, text in sources.items() if path.endswith((".md", ".mjml"))}
    if f"{name}.md" not in files:
        hint = suggestion(f"{name}.md", [path for path in files if "/" not in path and not path.startswith("_")])
        mails = [path for path in files if "/" not in path and not path.startswith("_")]
        dutch = unknown_dutch(f"{name}.md", mails, what="de mail ")
        message = f"there is no such mail.{hint}"
        return None, [Problem(id="mail.missing", file=FOLDER + f"{name}.md", message=message, dutch=dutch)]
    job = _Compilation(name=name, sources=sources, files=files, titles=protected_titles, images=images)
    return job.run(audience)


def compile_partial(name: str, sources: Mapping[str, str]) -> tuple[CompiledPartial | None, list[Problem]]:
    """Compile a partial such as `_veiligheid.md` for a web page; it can speak of the practice and nothing else."""
    if name not in sources:
        dutch = f"het blok `{name}` ontbreekt. Zet het terug in email_templates."
        return None, [Problem(id="mail.missing", file=FOLDER + name, message="there is no such partial", dutch=dutch)]
    file, found = read(name, sources[name])
    problems = list(found)
    checker = Checker(audience="practice", files={name: file})
    if not checker.check(file.body, Place(file=name)) or _errors([*problems, *checker.problems.all()]):
        return None, problems + checker.problems.all()
    marks = Marks()
    reader = Reader(marks=marks, titled=False)
    tokens = reader.read(expand(file, {name: file}, marks))
    problems += [*checker.problems.all(), *reader.problems.all()]
    if _errors(problems):
        return None, problems
    html, text = (marks.put_back(part, {}) for part in (write_page_html(tokens), write_text(tokens, marks)))
    return CompiledPartial(name=name, html=html, text=text), problems


@dataclass(kw_only=True)
class _Piece:
    """The body of a mail or a footer, read."""

    tokens: list[Token]
    lines: list[Line]
    reader: Reader


@dataclass(kw_only=True)
class _Compilation:
    name: str
    sources: Mapping[str, str]
    files: Mapping[str, tuple[SourceFile, tuple[Problem, ...]]]
    titles: Sequence[str]
    images: Mapping[str, Image | None]
    problems: Collected = field(default_factory=Collected)
    marks: Marks = field(default_factory=Marks)
    shown_images: dict[str, Image] = field(default_factory=dict)

    def run(self, audience: Audience | None) -> tuple[CompiledMail | None, list[Problem]]:
        source = self._file(f"{self.name}.md")
        if any(problem.id in {"mail.too-large", "mail.head"} for problem in self.problems.all()):
            return None, self._sorted()
        chosen = audience or self._audience(source)
        head = {key: source.text(key) for key in ("subject", "preheader", "reason")}
        layout = self._layout_files(source, chosen)
        checker = self._checker(chosen)
        self._check_head(source, chosen, head, checker)
        inclusions_before = len(checker.inclusions)
        readable = checker.check(source.body, Place(file=source.name))
        framed = layout is not None and self._check_frame(*layout, checker)  # whatever it shows, the mail shows
        inclusions = checker.inclusions[inclusions_before:]
        body = self._read(source, titled=True) if readable and checker.expandable else None
        self._take(checker.problems.all())
        parsed = {path: file for path, (file, _) in self.files.items()}
        parts = contained(inclusions, parsed, self.sources)
        for part in parts:
            self._file(part.name)
        self._take(kind_problems(parts, parsed))
        self._take(safety_problems(inclusions, parsed))
        self._take(approval_problems(parts))
        if body is None or layout is None:
            return None, self._sorted()
        about = Head(source=source, audience=chosen, texts=head)
        self._take(lint_body(self._written(about, body)))
        html, text = self._lay_out(about, layout, body) if framed else ("", "")
        if chosen == "practice" and self.shown_images:
            message = "a mail to the practice shows no image of media/; take it out"
            dutch = "een mail aan de praktijk kan geen plaatje uit media tonen. Haal het weg."
            self._take([Problem(id="mail.image", file=source.path, line=1, message=message, dutch=dutch)])
        if not self.problems.failed:
            self._check_result(about, html, text)
        problems = self._sorted()
        if _errors(problems):
            return None, problems
        mail = CompiledMail(
            name=self.name,
            audience=chosen,
            subject=head["subject"],
            preheader=head["preheader"],
            html=html,
            text=text,
            contains=tuple(parts),
            answers=tuple(sorted(checker.answers)),
            images=tuple(self.shown_images.values()),
        )
        return mail, problems

    def _file(self, path: str) -> SourceFile:
        file, problems = self.files[path]
        self._take(problems)
        return file

    def _checker(self, audience: Audience) -> Checker:
        return Checker(audience=audience, files={path: file for path, (file, _) in self.files.items()})

    def _audience(self, source: SourceFile) -> Audience:
        given = source.text("audience") or "lead"
        for known in AUDIENCES:
            if given == known:
                return known
        hint = suggestion(given, AUDIENCES)
        message = f"`audience` is one of {', '.join(AUDIENCES)}.{hint}"
        self._add("head", source, "audience", message, unknown_dutch(given, AUDIENCES, what="bij `audience`: "))
        return "lead"

    def _check_head(self, source: SourceFile, audience: Audience, head: Mapping[str, str], checker: Checker) -> None:
        meant = set()
        for key in source.head:
            if key not in HEAD_KEYS:
                meant.add(nearest(str(key), HEAD_KEYS))
                message = f"the key `{key}` is unknown.{suggestion(str(key), HEAD_KEYS)}"
                self._add("head", source, str(key), message, unknown_dutch(str(key), HEAD_KEYS, what="in de kop: "))
        needed = ["subject", "preheader"] + (["reason"] if audience != "practice" else [])
        for key in needed:
            if not head[key] and str(source.head.get(key) or "").strip():  # read by YAML as a list, a mapping or a date
                message = f'`{key}` is no text as it stands; put it in quotes: `{key}: "…"`'
                dutch = f'`{key}` is zo geen tekst. Zet er aanhalingstekens omheen: `{key}: "…"`.'
                self._add("head", source, key, message, dutch)
            elif not head[key] and key in source.head:  # as the editor of the studio writes a field that is left empty
                self._add(
                    "head", source, key, f"{_EMPTY[key]} is empty; fill it in", f"{_LEEG[key]} is leeg. Vul dit in."
                )
            elif not head[key] and key not in meant:  # a misspelt key is one mistake
                dutch = f"in de kop ontbreekt `{key}`: {_WAAROM[key]}. Zet er een regel `{key}: …` bij."
                self._add("head", source, key, f"the head needs `{key}`: {_WHY[key]}; add a line `{key}: …`", dutch)
        for key, text in head.items():
            checker.check("\n" * (source.head_lines.get(key, 1) - 1) + text, Place(file=source.name))
            if checker.inclusions:
                dutch = f"`{key}` is één regel tekst. Haal de `include` weg."
                self._add("head", source, key, f"`{key}` is one line of text, without includes", dutch)
        self._take(lint_head(Head(source=source, audience=audience, texts=head)))

    def _layout_files(self, source: SourceFile, audience: Audience) -> tuple[SourceFile, SourceFile] | None:
        chosen = source.text("layout") or "standaard"
        footer = f"layouts/{chosen}.footer{'-practice' if audience == 'practice' else ''}.md"
        if missing := [path for path in (f"layouts/{chosen}.mjml", footer) if path not in self.files]:
            known = [
                path.removeprefix("layouts/").removesuffix(".mjml") for path in self.files if path.endswith(".mjml")
            ]
            if f"layouts/{chosen}.mjml" in self.files:
                dutch = (
                    f"bij de opmaak `{chosen}` ontbreekt {' en '.join(missing)}. Maak dat bestand, of kies een andere."
                )
            else:
                dutch = unknown_dutch(chosen, known, what="de opmaak ")
            self._add("layout", source, "layout", f"the layout `{chosen}` lacks {' and '.join(missing)}", dutch)
            return None
        return self._file(f"layouts/{chosen}.mjml"), self._file(footer)

    def _read(self, source: SourceFile, *, titled: bool) -> _Piece:
        parsed = {path: file for path, (file, _) in self.files.items()}
        lines = expand(source, parsed, self.marks)
        for mark in misplaced_includes(lines, self.marks):
            message = f"an include stands alone on its line; put `{mark.code}` on one, without text beside it"
            dutch = f"zet `{mark.code}` alleen op een regel, zonder tekst ernaast."
            file = FOLDER + mark.file
            self.problems.add(Problem(id="mail.include", file=file, line=mark.line, message=message, dutch=dutch))
        reader = Reader(marks=self.marks, titled=titled, images=self.images)
        piece = _Piece(tokens=reader.read(lines), lines=lines, reader=reader)
        self._take(reader.problems.all())
        self.shown_images |= reader.shown_images
        return piece

    def _written(self, about: Head, piece: _Piece) -> Body:
        return Body(
            head=about,
            lines=piece.lines,
            tokens=piece.tokens,
            marks=self.marks,
            files={path: file for path, (file, _) in self.files.items()},
            main_buttons=piece.reader.main_buttons,
            titles=self.titles,
        )

    @staticmethod
    def _check_frame(frame: SourceFile, foot: SourceFile, checker: Checker) -> bool:
        """False where layout or footer does not even parse."""
        readable = checker.check(frame.body, Place(file=frame.name, names=frozenset(SLOTS)))
        return checker.check(foot.body, Place(file=foot.name, names=frozenset({"reason"}))) and readable

    def _lay_out(self, about: Head, files: tuple[SourceFile, SourceFile], body: _Piece) -> tuple[str, str]:
        """HTML and text with all marks put back; some are left where something is wrong."""
        frame, foot = files
        source, head = about.source, about.texts
        footer = self._read(foot, titled=False)
        self._take(lint_footer(self._written(about, footer)))
        layout, problems = read_layout(frame, self.marks)
        framed, more = render_layout(frame, layout)
        self._take([*problems, *more] or layout_problems(frame))
        pieces = {
            "content": write_html(body.tokens, layout.styles),
            "footer": write_html(footer.tokens, layout.styles, box="footer"),
        }
        self._take([*branches_crossed(source, pieces.values(), self.marks)])
        html = self.marks.put_back(framed, pieces)
        text = write_text(body.tokens, self.marks) + "\n" + "-" * 60 + "\n\n" + write_text(footer.tokens, self.marks)
        if about.audience != "practice":
            self._take([*not_always_shown(source, html, text, self.marks)])
        escaped = {key: inline_html(value) for key, value in head.items()} if not self.problems.failed else {}
        return self.marks.put_back(self.marks.put_back(html, {}), escaped), self.marks.put_back(text, head)

    def _check_result(self, head: Head, html: str, text: str) -> None:
        """Once more over the finished templates: nothing may have come together out of harmless pieces."""
        for part, escaped in ((html, True), (text, False)):
            checker = Checker(audience=head.audience, files={}, internal=True)
            if checker.check(part, Place(file=f"{self.name}.md")):
                template(part, html=escaped)
            self._take(checker.problems.all())
        self._take(list(html_too_long(head, html)))

    def _add(self, key: str, source: SourceFile, head_key: str, message: str, dutch: str) -> None:
        line = source.head_lines.get(head_key, 1)
        self._take([Problem(id=f"mail.{key}", file=source.path, line=line, message=message, dutch=dutch)])

    def _take(self, problems: Sequence[Problem]) -> None:
        self.problems.add(*problems)

    def _sorted(self) -> list[Problem]:
        return sorted(self.problems.all(), key=lambda problem: (problem.file, problem.line or 0))


_EMPTY = {
    "subject": "the subject",
    "preheader": "the preheader",
    "reason": "the line that says why the lead gets this mail",
}
_LEEG = {
    "subject": "het onderwerp",
    "preheader": "de preheader",
    "reason": "de regel waarom de lezer deze mail krijgt",
}
_WHY = {
    "subject": "what the mail is called in the mailbox",
    "preheader": "the line a mailbox shows beneath the subject",
    "reason": "why the lead gets this mail, as the footer says it",
}


_WAAROM = {
    "subject": "het onderwerp van de mail",
    "preheader": "de regel die een mailprogramma onder het onderwerp laat zien",
    "reason": "waarom de lezer deze mail krijgt; dat staat onder aan de mail",
}


def _errors(problems: Sequence[Problem]) -> bool:
    return any(problem.severity == "error" for problem in problems)

"""Read the content folder: practice, forms, sequences and the sources of the mails, with all problems at once."""

from __future__ import annotations

from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path as File
from types import MappingProxyType
from typing import TypeVar

from service.domain.forms import Forms, parse_forms
from service.domain.practice import Practice, parse_practice
from service.domain.reading import LineOf, Report, mapping
from service.domain.sequence import Sequence
from service.domain.sequence_file import parse_sequence
from service.errors import Problem
from service.flows import across_files
from service.flows.content_yaml import LARGEST_FILE, YamlFile, read_yaml
from service.flows.published import NAMES

TEMPLATES = "email_templates"
SEQUENCES = "sequences"
_TEMPLATE_ENDINGS = {".md", ".mjml"}

ModelT = TypeVar("ModelT")


@dataclass(frozen=True, kw_only=True)
class Content:
    """What stands in the content folder. A part with an error in it is None, or left out, and told in `problems`.

    `templates` maps names relative to email_templates/ ("advies-lage-rug.md", "layouts/standaard.mjml") to their
    text; `sources` maps every file read, relative to the folder, to its text. Mails are not compiled here. A file that
    is no UTF-8 is told, and its text is what was most likely meant: nothing else is wrong for its sake.
    """

    practice: Practice | None
    forms: Forms | None
    sequences: Mapping[str, Sequence]
    templates: Mapping[str, str]
    sources: Mapping[str, str]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, kw_only=True)
class _SequenceFile:
    name: str
    file: str
    yaml: YamlFile
    sequence: Sequence | None

    @property
    def is_archived(self) -> bool:
        """Does nobody enter it any more?"""
        return self.sequence is not None and self.sequence.archived

    @property
    def topic(self) -> str | None:
        """The topic as written, also when something else in the file is wrong."""
        topic = mapping(self.yaml.data).get("topic")
        return topic if isinstance(topic, str) else None


def read_content(folder: File) -> Content:
    """Everything in the folder and all that is wrong with it, by file and line; nothing in it makes this raise."""
    reading = _Reading(folder)
    practice = reading.model("practice.yaml", parse_practice)
    forms = reading.model("forms.yaml", parse_forms)
    files = list(reading.sequence_files())
    templates = dict(reading.templates())
    reading.check(files, templates, practice, forms)
    return Content(
        practice=practice,
        forms=forms,
        sequences=MappingProxyType({each.name: each.sequence for each in files if each.sequence}),
        templates=MappingProxyType(templates),
        sources=MappingProxyType(reading.sources),
        problems=tuple(sorted(reading.problems, key=lambda problem: (problem.file, problem.line or 0))),
    )


def read_sequence(content: Content, name: str, text: str) -> tuple[Sequence | None, list[Problem]]:
    """A sequence as its file would have it with this text, beside the other files; and all that is wrong with it."""
    file = f"{SEQUENCES}/{name}.yaml"
    yaml = read_yaml(text, file)
    if yaml.problems:
        return None, list(yaml.problems)
    sequence, problems = parse_sequence(name, yaml.data, yaml.line_of, file)
    report = Report(file=file, line_of=yaml.line_of)
    topic = mapping(yaml.data).get("topic")
    for other in content.sequences.values():
        if other.name != name and other.topic == topic:
            across_files.tell_topic_taken(report, other.topic, by=f"{SEQUENCES}/{other.name}.yaml")
    across_files.check_templates(report, yaml.data, content.templates)
    if content.forms:
        across_files.check_answers(report, yaml.data, content.forms.answers())
    return (None if report.failed else sequence), [*problems, *report.problems]


class _Reading:
    """One pass over the folder, collecting sources, lines and problems."""

    def __init__(self, folder: File) -> None:
        self._folder = folder
        self._yaml: dict[str, YamlFile] = {}
        self._no_utf8: set[str] = set()
        self.sources: dict[str, str] = {}
        self.problems: list[Problem] = []

    def model(
        self, file: str, parse: Callable[[object, LineOf, str], tuple[ModelT | None, list[Problem]]]
    ) -> ModelT | None:
        """The model in a file, or None with the problems added; those of coding and syntax hide those of meaning."""
        yaml = self._read_yaml(file)
        if yaml is None or yaml.problems or file in self._no_utf8:
            return None
        model, problems = parse(yaml.data, yaml.line_of, file)
        self.problems.extend(problems)
        return model

    def sequence_files(self) -> Iterator[_SequenceFile]:
        """The files in sequences/, by name."""
        found = False
        for path in self._files(SEQUENCES):
            file = path.relative_to(self._folder).as_posix()
            if path.suffix in {".yaml", ".yml"} and path.parent != self._folder / SEQUENCES:
                self._add(
                    "sequence-deeper",
                    file,
                    f"a sequence in a folder of its own is not read; put it in {SEQUENCES}/ itself, or take it away",
                    f"een reeks in een eigen map lezen we niet; zet het bestand in {SEQUENCES}/ zelf, of haal het weg",
                )
                continue
            if path.suffix == ".yml":
                self._add(
                    "content-yml",
                    file,
                    "a file that ends in .yml is not read; let its name end in .yaml",
                    "een bestand dat eindigt op .yml lezen we niet; laat de naam eindigen op .yaml",
                )
            if path.suffix != ".yaml":
                continue
            found = True

            def parse(
                data: object, line_of: LineOf, file: str, name: str = path.stem
            ) -> tuple[Sequence | None, list[Problem]]:
                return parse_sequence(name, data, line_of, file)

            sequence = self.model(file, parse)
            if file in self._yaml:
                yield _SequenceFile(name=path.stem, file=file, yaml=self._yaml[file], sequence=sequence)
        if not found:
            self._add(
                "content-no-sequences",
                SEQUENCES,
                "there is no sequence; write one, such as sequences/lage-rug.yaml",
                "er is nog geen reeks; maak er een, zoals sequences/lage-rug.yaml",
            )

    def templates(self) -> Iterator[tuple[str, str]]:
        """Name and text of each file in email_templates/ that mails are made of."""
        for path in self._files(TEMPLATES):
            if path.suffix in _TEMPLATE_ENDINGS:
                text = self._read(path.relative_to(self._folder).as_posix())
                if text is not None:
                    yield path.relative_to(self._folder / TEMPLATES).as_posix(), text

    def check(
        self,
        files: list[_SequenceFile],
        templates: Mapping[str, str],
        practice: Practice | None,
        forms: Forms | None,
    ) -> None:
        """What only shows when the files are held against each other."""
        self._check_topics(files)
        for each in files:
            if each.name in NAMES.values():
                self._add(
                    "sequence-name-taken",
                    each.file,
                    f"`{each.name}` is what the settings of that name are published by; give this file another name",
                    f"`{each.name}` is al de naam van een ander onderdeel dat gepubliceerd wordt; geef dit bestand een "
                    "andere naam",
                )
            report = Report(file=each.file, line_of=each.yaml.line_of)
            across_files.check_templates(report, each.yaml.data, templates)
            if forms:
                across_files.check_answers(report, each.yaml.data, forms.answers())
            self.problems.extend(report.problems)
        topics = [each.topic for each in files if each.topic]
        if len(topics) == len(files) and (yaml := self._yaml.get("forms.yaml")):
            report = Report(file="forms.yaml", line_of=yaml.line_of)
            across_files.check_form_topics(
                report, yaml.data, topics, [each.topic for each in files if each.is_archived]
            )
            self.problems.extend(report.problems)
        if practice:
            report = Report(file="practice.yaml", line_of=self._yaml["practice.yaml"].line_of)
            across_files.warn_about_practice(report, practice)
            self.problems.extend(report.problems)
        if practice and forms:
            report = Report(file="forms.yaml", line_of=self._yaml["forms.yaml"].line_of)
            across_files.warn_about_wording(report, forms, practice)
            self.problems.extend(report.problems)

    def _check_topics(self, files: list[_SequenceFile]) -> None:
        first: dict[str, str] = {}
        for each in files:
            if each.topic and first.setdefault(each.topic, each.file) != each.file:
                report = Report(file=each.file, line_of=each.yaml.line_of)
                across_files.tell_topic_taken(report, each.topic, by=first[each.topic])
                self.problems.extend(report.problems)

    def _read_yaml(self, file: str) -> YamlFile | None:
        text = self._read(file)
        if text is None:
            return None
        yaml = read_yaml(text, file)
        self._yaml[file] = yaml
        if file not in self._no_utf8:
            self.problems.extend(yaml.problems)
        return yaml

    def _read(self, file: str) -> str | None:
        """The text of a file with its line ends as LF, or None with the reason added."""
        path = self._folder / file
        try:
            raw = path.read_bytes() if path.stat().st_size <= LARGEST_FILE else None
            if raw is None:
                self._add(
                    "content-too-big",
                    file,
                    f"the file is over {LARGEST_FILE // 1024} kB; split it or shorten it",
                    f"het bestand is groter dan {LARGEST_FILE // 1024} kB; splits het of maak het korter",
                )
                return None
            text = self._decoded(raw, file)
        except FileNotFoundError:
            self._add(
                "content-missing-file",
                file,
                "the file is missing; put it back, or start from the shipped one",
                "het bestand ontbreekt; zet het terug, of begin met het meegeleverde bestand",
            )
        except OSError as error:
            self._add(
                "content-unreadable",
                file,
                f"the file cannot be read: {error.strerror}",
                f"het bestand kan niet gelezen worden ({error.strerror}); kijk of je het zelf kunt openen",
            )
        else:
            self.sources[file] = text
            return text
        return None

    def _decoded(self, raw: bytes, file: str) -> str:
        """The text with its line ends as LF; where it is no UTF-8, as it was meant, and told."""
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            character = _in_an_old_code(raw[error.start : error.start + 1])
            self._add(
                "content-not-utf8",
                file,
                f"the character `{character}` is no UTF-8; save the file as UTF-8 text",
                f"het teken `{character}` is in een oude codering bewaard; "
                "bewaar het bestand opnieuw, met als codering UTF-8",
                raw[: error.start].count(b"\n") + 1,
            )
            self._no_utf8.add(file)
            text = _in_an_old_code(raw)
        return text.replace("\r\n", "\n")

    def _files(self, below: str) -> list[File]:
        found = []
        for path in sorted((self._folder / below).rglob("*")):
            if not path.is_file() or path.name.startswith((".", "~")) or path.name.endswith("~"):
                continue
            name = path.relative_to(self._folder).as_posix()
            if name.isprintable():
                found.append(path)
            else:  # bytes that are no UTF-8, a line end: it can be neither told nor kept
                self._add(
                    "content-unreadable",
                    ascii(name)[1:-1],
                    "the name of this file holds a character that cannot be shown; give it another",
                    "in de naam van dit bestand staat een teken dat niet te tonen is; geef het een andere naam",
                )
        return found

    def _add(self, problem_id: str, file: str, message: str, dutch: str, line: int | None = None) -> None:
        self.problems.append(Problem(id=problem_id, file=file, message=message, dutch=dutch, line=line))


def _in_an_old_code(raw: bytes) -> str:
    """What bytes most likely were meant to be: older programs write Windows-1252, or UTF-16 with a mark before it."""
    return raw.decode("utf-16" if raw.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else "cp1252", "replace")

"""What the rules of lint say of the folder as a whole: facts, forms, frames and lengths; see `mail/lint.py`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice, product

from pydantic import JsonValue

from service.domain.conditions import UNKNOWN
from service.domain.forms import Forms
from service.domain.reading import Path, items, mapping
from service.errors import Problem
from service.flows.content import SEQUENCES, TEMPLATES, Content
from service.flows.content_yaml import read_yaml
from service.flows.left_over import line_in, told
from service.mail.compiled import CompiledMail
from service.mail.compose import HeldMailError, MailValues, render
from service.mail.expansion import Line
from service.mail.front_matter import read
from service.mail.lint_words import promises, titles
from service.mail.names import suggestion
from service.mail.words import COMPLAINT

FEWEST_WORDS, MOST_WORDS = 120, 250
_MOST_COMBINATIONS = 60
_WORD = re.compile(r"\w[\w’'-]*")
_URL = re.compile(r"https://\S+")
_SAFETY = re.compile(r"={60}\n.*?={60}\n", re.DOTALL)
_UNREAD = re.compile(r"<mj-style.*?(?:</mj-style>|\Z)|<!--.*?(?:-->|\Z)|<[^<>]*>", re.DOTALL)
"""What is never closed goes on to the end: looked for anew at each beginning, it would take minutes."""
PARTIAL_KEYS = ("kind", "needs_approval", "approved")
_PRICED = re.compile(r"(?i)\d|gratis|kosteloos")


def lint_content(content: Content, mails: Mapping[str, CompiledMail]) -> list[Problem]:
    """What the rules say of the whole folder. `mails` are those that compile."""
    found = [problem for rule in RULES for problem in rule(content)]
    return [*found, *_held_for_somebody(content, mails), *_length_of_follow_ups(content, mails)]


def replied_unread(content: Content, *, reply_mailbox: bool) -> Iterator[Problem]:
    """`replied` in a condition, where no mailbox is read for replies: it would never hold."""
    written = {file: text for file, text in content.sources.items() if file.startswith(f"{SEQUENCES}/")}
    for file, text in written.items():
        if reply_mailbox or "replied" not in text:
            continue
        yaml = read_yaml(text, file)
        for position, step in enumerate(items(mapping(yaml.data).get("steps"))):
            for kind in ("only_if", "skip_if"):
                if "replied" in mapping(mapping(step).get(kind)):
                    yield told(
                        "replied-unread",
                        file,
                        line_in(yaml.line_of, ("steps", position, kind, "replied")),
                        "`replied` needs a mailbox that is read for replies; set NURTURE_REPLY_MAILBOX",
                        "`replied` kan pas als de service antwoorden leest; "
                        "laat NURTURE_REPLY_MAILBOX instellen, of haal deze voorwaarde weg",
                    )


def _unknown_keys(content: Content) -> Iterator[Problem]:
    """A misspelt key in a partial does nothing: it would switch approval and safety block off without a word."""
    for name, text in content.templates.items():
        if name.startswith("_") and name.endswith(".md"):
            source, _ = read(name, text)
            for key in source.head:
                if key not in PARTIAL_KEYS:
                    hint = suggestion(str(key), PARTIAL_KEYS)
                    yield told(
                        "mail.partial-key",
                        source.path,
                        source.head_lines.get(str(key)),
                        f"the key `{key}` means nothing in a partial; known: {', '.join(PARTIAL_KEYS)}.{hint}",
                        f"`{key}` bestaat niet bovenin een tekstblok; er is: {', '.join(PARTIAL_KEYS)}",
                        "error",
                    )


def _claims_elsewhere(content: Content) -> Iterator[Problem]:
    """Promises and titles in what leads read outside the body of a mail: the forms, and the frame of each mail."""
    allowed = content.practice.protected_titles if content.practice else ()
    texts = {"forms.yaml": content.sources.get("forms.yaml", "")}
    frames = {name: text for name, text in content.templates.items() if name.startswith("layouts/")}
    texts |= {f"{TEMPLATES}/{name}": _UNREAD.sub(_line_ends, text) for name, text in frames.items()}
    for file, text in texts.items():
        for number, each in enumerate(text.split("\n"), 1):
            if not each.lstrip().startswith("#"):
                line = Line(text=each, file=file, number=number)
                for problem in (*promises(line), *titles(line, allowed)):
                    yield told(problem.id, file, number, problem.message, problem.dutch)


def _line_ends(match: re.Match[str]) -> str:
    return "\n" * match[0].count("\n")


def _price_unsaid(content: Content) -> Iterator[Problem]:
    """An empty price is refused already; one that says nothing misleads as much."""
    if content.practice and not _PRICED.search(content.practice.pain_check.price):
        price = content.practice.pain_check.price
        yield told(
            "practice-price",
            "practice.yaml",
            _practice_line(content, ("pain_check", "price")),
            f'`{price}` is no price; write an amount, such as "€ 95"',
            f'`{price}` is geen prijs; schrijf een bedrag, zoals "€ 95"',
        )


def _complaint_in_practice_links(content: Content) -> Iterator[Problem]:
    """Addresses that stand in mails, where others may see them."""
    if content.practice is None:
        return
    shown: dict[Path, str] = {("links", name): value for name, value in content.practice.links}
    shown |= {("privacy_url",): content.practice.privacy_url, ("logo",): content.practice.logo}
    for path, address in shown.items():
        if match := COMPLAINT.search(address):
            name = ".".join(map(str, path))
            yield told(
                "practice-complaint-word",
                "practice.yaml",
                _practice_line(content, path),
                f"`{match[0]}` in `{name}` names a complaint, and others can see the address; choose one without",
                f"`{match[0]}` in `{name}` noemt de klacht, en anderen kunnen het adres zien; kies een adres zonder",
            )


def _held_for_somebody(content: Content, mails: Mapping[str, CompiledMail]) -> Iterator[Problem]:
    """With the practice's own facts and some answers a mail may not be what it is with made-up ones: it would be
    published, and be held for every such lead."""
    if content.practice is None or content.forms is None:
        return
    practice = content.practice.model_dump(mode="json")
    names = {name for sequence in content.sequences.values() for name in sequence.templates()}
    for name in sorted(names & {each for each, mail in mails.items() if mail.for_lead}):
        for answers, first_name in product(_combinations(content.forms, mails[name]), ("Anna", None)):
            try:
                _filled(mails[name], practice, answers, first_name)
            except HeldMailError as error:
                whom = ", ".join(f"{answer} = {value}" for answer, value in answers.items())
                yield told(
                    "mail.fill",
                    f"{TEMPLATES}/{name}.md",
                    1,
                    f"this mail cannot be filled in{whom and f' for {whom}'}: {error.english.partition(': ')[2]}",
                    f"deze mail kan niet worden ingevuld{whom and f' bij {whom}'}: er ontbreekt iets, of er staat iets "
                    "verkeerds. Zet het tussen een `if`, of kijk het na bij de praktijk.",
                    "error",
                )
                break


def _length_of_follow_ups(content: Content, mails: Mapping[str, CompiledMail]) -> Iterator[Problem]:
    """120 to 250 words (CONTENT.md), the safety block not counted, whatever a lead answered."""
    if content.practice is None or content.forms is None:
        return
    names = {
        name for sequence in content.sequences.values() for step in sequence.follow_ups for name in step.template_names
    }
    practice = content.practice.model_dump(mode="json")
    practice["pain_check"] = dict.fromkeys(practice["pain_check"], "1")  # long facts are not the writer's doing
    for name in sorted(names & set(mails)):
        counts = [_words(mails[name], practice, answers) for answers in _combinations(content.forms, mails[name])]
        for count in (min(counts), max(counts)):
            if not FEWEST_WORDS <= count <= MOST_WORDS:
                yield told(
                    "mail.words",
                    f"{TEMPLATES}/{name}.md",
                    1,
                    f"this follow-up has {count} words; it reads best with {FEWEST_WORDS} to {MOST_WORDS}",
                    f"deze vervolgmail heeft {count} woorden; tussen {FEWEST_WORDS} en {MOST_WORDS} leest het best",
                )


def _combinations(forms: Forms, mail: CompiledMail) -> Iterator[dict[str, str]]:
    """The ways in which leads can have answered what a mail looks at, up to a number that takes no time."""
    known = forms.answers()
    values = [sorted({*known.get(answer, ()), UNKNOWN}) for answer in mail.answers]
    combinations = (dict(zip(mail.answers, each, strict=True)) for each in product(*values))
    return islice(combinations, _MOST_COMBINATIONS)


def _filled(
    mail: CompiledMail, practice: Mapping[str, JsonValue], answers: Mapping[str, str], first_name: str | None
) -> str:
    """The text part. Raises HeldMailError."""
    url = "https://a.example/"
    values = MailValues(
        practice=practice,
        first_name=first_name,
        answers=answers,
        confirm_url=url,
        booking_url=url,
        unsubscribe_url=url,
        preferences_url=url,
        answer_url_base=url,
    )
    return render(mail, values).text


def _words(mail: CompiledMail, practice: Mapping[str, JsonValue], answers: Mapping[str, str]) -> int:
    """Words of the text part without safety block, footer and addresses."""
    try:
        text = _filled(mail, practice, answers, "Anna")
    except HeldMailError:
        return FEWEST_WORDS  # what holds it is told above
    body = _SAFETY.sub("", text.rpartition("-" * 60)[0])
    return len(_WORD.findall(_URL.sub("", body)))


def _practice_line(content: Content, path: Path) -> int | None:
    return line_in(read_yaml(content.sources["practice.yaml"], "practice.yaml").line_of, path)


RULES: tuple[Callable[[Content], Iterable[Problem]], ...] = (
    _unknown_keys,
    _claims_elsewhere,
    _price_unsaid,
    _complaint_in_practice_links,
)

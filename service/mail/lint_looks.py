"""How a mail looks in a mailbox and on a phone: lengths, images without words, tables, and how many things it asks."""

from __future__ import annotations

from collections.abc import Iterator

from jinja2 import TemplateSyntaxError, nodes

from service.errors import Problem
from service.mail.sandbox import make_environment
from service.mail.written import Body, Head, finding, top

LONGEST_SUBJECT = 40
"""Characters of a subject that a phone held upright shows."""
SHORTEST_PREHEADER, LONGEST_PREHEADER = 40, 110
"""Below the one, a mailbox goes on with the first words of the mail; beyond the other it shows nothing."""
LONG_VALUE = 15
"""How long a value that is filled in counts: longer than nearly every first name. (The longest allowed, of 40
characters, would forbid a name in a subject altogether.)"""
MAX_HTML = 100_000
"""Characters; Gmail cuts a mail off a little above 102 kB, and with it the unsubscribe link in the footer."""
MOST_COLUMNS = 3
FEWEST_WORDS_BESIDE_AN_IMAGE = 20

_ENVIRONMENT = make_environment(html=False)


def long_subject(head: Head) -> Iterator[Problem]:
    """What a phone cuts off, nobody reads."""
    length = longest(head.texts["subject"])
    if head.audience != "practice" and length > LONGEST_SUBJECT:
        up_to, tot = ("up to ", "tot ") if "{" in head.texts["subject"] else ("", "")
        message = f"the subject has {up_to}{length} characters; a phone shows about {LONGEST_SUBJECT}; shorten it"
        dutch = (
            f"het onderwerp heeft {tot}{length} tekens; een telefoon toont er ongeveer {LONGEST_SUBJECT}, kort het in"
        )
        yield finding("subject-long", head.line("subject"), message, dutch)


def length_of_preheader(head: Head) -> Iterator[Problem]:
    """The line beneath the subject: filled, and said to the end."""
    length = longest(head.texts["preheader"])
    if head.audience == "practice" or not length:
        return
    if length < SHORTEST_PREHEADER:
        message = (
            f"the preheader has {length} characters; below {SHORTEST_PREHEADER} a mailbox fills the line "
            "with the first words of the mail"
        )
        dutch = (
            f"de preheader heeft {length} tekens; bij minder dan {SHORTEST_PREHEADER} vult de mailbox de regel "
            "met het begin van de mail, maak hem langer"
        )
        yield finding("preheader-length", head.line("preheader"), message, dutch)
    elif length > LONGEST_PREHEADER:
        message = f"the preheader has up to {length} characters; a mailbox shows at most {LONGEST_PREHEADER}"
        dutch = (
            f"de preheader heeft tot {length} tekens; een mailbox toont er hoogstens {LONGEST_PREHEADER}, kort hem in"
        )
        yield finding("preheader-length", head.line("preheader"), message, dutch)


def several_main_buttons(body: Body) -> Iterator[Problem]:
    """One idea and one thing to do in a mail."""
    if body.main_buttons > 1:
        message = f"{body.main_buttons} main buttons; a mail asks one thing"
        dutch = (
            f"deze mail heeft {body.main_buttons} grote knoppen, en vraagt dus meer dan één ding; "
            "maak van de andere gewone links"
        )
        yield finding("buttons", top(body.head.source), message, dutch)


def images_alone(body: Body) -> Iterator[Problem]:
    """Images are often off, and filters mistrust a mail without words."""
    if any(body.images()) and 0 < body.words() < FEWEST_WORDS_BESIDE_AN_IMAGE:
        message = "this mail is hardly more than images; say in words what they show"
        dutch = "deze mail bestaat bijna alleen uit afbeeldingen; schrijf in woorden wat erin staat"
        yield finding("images-alone", top(body.head.source), message, dutch)


def text_part_empty(body: Body) -> Iterator[Problem]:
    """Below the heading nothing is left for whoever reads plain text. A partial that could not be read may hold it."""
    if body.words() == 0 and not body.values() and not any("include" in body.keywords(line) for line in body.lines):
        message = "the text part of this mail is empty below its heading; write what the mail has to say"
        dutch = (
            "onder de kop staat geen tekst: wie alleen tekst leest, krijgt een lege mail; schrijf wat je wilt zeggen"
        )
        yield finding("text-empty", top(body.head.source), message, dutch, "error")


def wide_table(body: Body) -> Iterator[Problem]:
    """On a phone the columns of a table become a few letters wide."""
    columns, line = 0, top(body.head.source)
    for token in body.tokens:
        if token.type == "table_open":
            columns, line = 0, body.line_of(token)
        columns += token.type == "th_open"
        if token.type == "thead_close" and columns > MOST_COLUMNS:
            message = f"this table has {columns} columns; on a phone {MOST_COLUMNS} fit"
            dutch = (
                f"deze tabel heeft {columns} kolommen; op een telefoon passen er {MOST_COLUMNS}, maak er een lijst van"
            )
            yield finding("table-wide", line, message, dutch)


def html_too_long(head: Head, html: str) -> Iterator[Problem]:
    """What mail programs cut off."""
    if len(html) > MAX_HTML:
        message = f"the HTML has {len(html):,} characters; above {MAX_HTML:,} mail programs cut the end off"
        dutch = (
            f"de mail is te groot: {len(html) // 1000} kB. Boven {MAX_HTML // 1000} kB knipt Gmail het einde eraf, "
            "met de link om te stoppen; kort de tekst in"
        )
        yield finding("long", top(head.source), message, dutch)


def longest(text: str) -> int:
    """How many characters a line of a head can get, over its branches; one that cannot be read is told elsewhere."""
    try:
        return _longest(_ENVIRONMENT.parse(text).body)
    except (TemplateSyntaxError, RecursionError, ValueError, OverflowError):
        return 0


def _longest(body: list[nodes.Node]) -> int:
    length = 0
    for node in body:
        match node:
            case nodes.Output():
                length += sum(_shown(child) for child in node.nodes)
            case nodes.If():
                branches = [node.body, *(each.body for each in node.elif_), node.else_]
                length += max(map(_longest, branches))
    return length


def _shown(node: nodes.Node) -> int:
    return len(" ".join(node.data.split("\n"))) if isinstance(node, nodes.TemplateData) else LONG_VALUE

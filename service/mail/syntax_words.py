"""What Jinja's parser says in English, for staff in Dutch: what is wrong at this place and what to write there."""

from __future__ import annotations

import re
from collections.abc import Iterable

from jinja2 import TemplateSyntaxError

from service.mail.names import ANSWERS, Audience, allowed_names, nearest, suggestion, unknown_dutch
from service.mail.template_tree import TAKES, line_of, never_closed

_MOST_NAMED = 12
"""More names than this help nobody who is looking for one."""

_SAID: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), dutch)
    for pattern, dutch in (
        (
            r"The innermost block that needs to be closed is 'for'",
            "deze `for` wordt nergens gesloten; zet `{% endfor %}` onder de tekst die erbij hoort",
        ),
        (
            r"The innermost block that needs to be closed is '(\w+)'",
            "deze `if` wordt nergens gesloten; zet `{% endif %}` onder de tekst die erbij hoort",
        ),
        (
            r"Encountered unknown tag '(\w+)'",
            r"`{% \1 %}` hoort hier nergens bij; er ontbreekt een `if` of `for` erboven",
        ),
        (r"unexpected '}'", "hier staat één `}` waar er twee horen; sluit af met `}}`"),
        (r"unexpected '([^']+)'", r"`\1` staat hier verkeerd"),
        (r"unexpected char '(.+)' at", r"het teken `\1` kan hier niet staan"),
        (r"expected token 'end of print statement', got '([^']*)'", r"`\1` staat hier te veel; sluit af met `}}`"),
        (r"expected token 'end of statement block', got '([^']*)'", r"`\1` staat hier te veel; sluit af met `%}`"),
        (r"unexpected end of template|Unexpected end of template", "het einde ontbreekt; sluit af met `}}` of `%}`"),
        (r"[Mm]issing end of comment tag", "een opmerking is niet gesloten; sluit af met `#}`"),
        (r"Expected an expression, got 'end of", "er staat niets tussen de haken; schrijf daar een naam"),
        (r"Missing end of raw", "`{% raw %}` kan niet in een mail"),
    )
)

READER = {"lead": "a lead", "lead-service": "a lead", "practice": "the practice"}
LEZER = {
    "lead": "een mail aan een lead",
    "lead-service": "een mail aan een lead",
    "practice": "een mail aan de praktijk",
}
TOO_DEEP = "in dit bestand staat te veel in elkaar, of een veel te groot getal. Haal de laatste wijziging weg."
REFUSED = {
    "concat": "aan elkaar plakken met `~`",
    "add": "optellen met `+`",
    "mul": "vermenigvuldigen met `*`",
    "pow": "machtsverheffen met `**`",
    "getattr": "een punt achter dit woord",
    "getitem": "iets tussen vierkante haken",
    "assign": "`set`",
    "macro": "`macro`",
    "import": "`import`",
    "extends": "`extends`",
    "block": "`block`",
    "filterblock": "`filter`",
    "callblock": "`call`",
    "with": "`with`",
}


def syntax_told(error: TemplateSyntaxError, source: str) -> tuple[int, str, str]:
    """Line, English and Dutch of what keeps a template from being read, with the text of that line."""
    message, number = error.message or "it is no template", error.lineno
    unclosed = never_closed(source) if "needs to be closed is" in message else None
    if unclosed is not None:  # Jinja names the last line it read
        number, english = (
            unclosed,
            "this is closed nowhere; write `{% endif %}` or `{% endfor %}` below what belongs to it",
        )
    else:
        english = f"this cannot be read: {message}"
    dutch = next((match.expand(dutch) for pattern, dutch in _SAID if (match := pattern.search(message))), "")
    dutch = dutch or "dit kan niet worden gelezen; kijk of alle haken en aanhalingstekens kloppen"
    line = line_of(source, number)
    shown = line if len(line) <= 60 else line[:57] + "…"
    return (number, f"{english} (`{shown}`)", f"{dutch} (`{shown}`)") if shown else (number, english, dutch)


def no_list(given: str, lists: Iterable[str], *, what: str = "for") -> tuple[str, str]:
    """What `for` and `join` go over, in English and in Dutch."""
    known = ", ".join(sorted(lists))
    english = f"`{what}` goes over a given list only{f', not over `{given}`' if given else ''}: {known}"
    dutch = f"`{what}` kan alleen over een lijst die er al is{f', niet over `{given}`' if given else ''}: {known}."
    return english, dutch


def never_ends(name: str, *, circle: bool) -> tuple[str, str]:
    """A partial that includes itself, by way of others perhaps, or one too many."""
    if circle:
        english = f"including `{name}` here goes round in circles; take this `include` away"
        return english, f"`{name}` voegt hier zichzelf weer in, en zo komt er geen einde aan. Haal deze `include` weg."
    english = f"including `{name}` here makes this mail too large, or nested too deeply; take this `include` away"
    return (
        english,
        f"met `{name}` erbij wordt deze mail te lang, of staat er te veel in elkaar. Haal deze `include` weg.",
    )


def not_called(called: str, given: object, audience: Audience) -> tuple[str, str]:
    """What cannot be called, and what can; `given` is what stood between the brackets, where that was a text."""
    if audience == "practice":
        english, dutch = "nothing can be called in a mail to the practice", "niet in een mail aan de praktijk"
        return f"`{called}`: {english}; take it away", f"`{called}` kan {dutch}. Haal het weg."
    how = " of ".join(f'`answer_url("{answer}")`' for answer in ANSWERS)
    hoe = how.replace(" of ", ", ", 1)
    if called == "answer_url(…)" and isinstance(given, str):
        return (
            f"`{given}` is no answer; write {hoe.replace(' of ', ' or ')}",
            f"`{given}` is geen antwoord; schrijf {hoe}.",
        )
    english = f"`{called}`: nothing can be called in a mail but {hoe.replace(' of ', ' or ')}"
    return english, f"`{called}` kan niet in een mail. Met haakjes kan alleen {hoe}."


def no_name(name: str, known: Iterable[str], audience: Audience) -> tuple[str, str]:
    """A name that means nothing in this mail, and what was meant or can be said instead."""
    names = set(known)
    english = f"`{name}` is unknown in a mail to {READER[audience]}."
    fields = sorted(other for other in names if other.startswith(f"{name}."))
    if len(fields) > _MOST_NAMED:
        english += f" Write what of it you mean, such as `{name}.name`."
        return english, f"`{name}` kan niet alleen staan; schrijf erachter wat je bedoelt, zoals `{name}.name`."
    if fields:
        return (
            f"{english} It has: {', '.join(fields)}.",
            f"`{name}` kan niet alleen staan. Kies uit: {', '.join(fields)}.",
        )
    if (audience != "practice" and name in allowed_names("practice")) or name in allowed_names("lead-service"):
        return english, f"`{name}` kan niet in {LEZER[audience]} staan."
    if nearest(name, names) is None:
        english += " What there is stands in docs/meldingen.md."
        return english, f"`{name}` bestaat niet. Welke namen er wel zijn, staat in docs/meldingen.md."
    return english + suggestion(name, names), unknown_dutch(name, names)


def takes_what(name: str) -> tuple[str, str]:
    """What a filter takes between brackets, in English and in Dutch."""
    if name not in TAKES:
        return f"the filter `{name}` takes nothing between brackets", f"achter `{name}` kan niets tussen haakjes staan."
    dutch = f'zet bij `{name}` alleen gewone tekst tussen aanhalingstekens, zoals `|{name}("tekst")`.'
    return f"the filter `{name}` takes plain texts only", dutch

"""What Jinja's parser says in English, for staff in Dutch: what is wrong at this place and what to write there."""

from __future__ import annotations

import re

from service.mail.template_tree import TAKES

_SAID: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), dutch)
    for pattern, dutch in (
        (r"The innermost block that needs to be closed is 'for'", "er ontbreekt een `{% endfor %}`"),
        (r"The innermost block that needs to be closed is '(\w+)'", r"er ontbreekt een `{% endif %}`"),
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


def syntax_dutch(message: str, line: str) -> str:
    """Jinja's message about a line, in Dutch, with the text of that line."""
    shown = line if len(line) <= 60 else line[:57] + "…"
    said = next((match.expand(dutch) for pattern, dutch in _SAID if (match := pattern.search(message))), "")
    said = said or "dit kan niet worden gelezen; kijk of alle haken en aanhalingstekens kloppen"
    return f"{said} (`{shown}`)" if shown else said


def takes_what(name: str) -> tuple[str, str]:
    """What a filter takes between brackets, in English and in Dutch."""
    if name not in TAKES:
        return f"the filter `{name}` takes nothing between brackets", f"achter `{name}` kan niets tussen haakjes staan."
    dutch = f'zet bij `{name}` alleen gewone tekst tussen aanhalingstekens, zoals `|{name}("tekst")`.'
    return f"the filter `{name}` takes plain texts only", dutch

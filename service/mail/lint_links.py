"""Links and images: safe to follow, and clear to whoever hears a mail instead of seeing it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from service.errors import Problem
from service.mail.front_matter import MARK
from service.mail.written import Body, finding, top

_NOTHING_SAID = re.compile(
    r"(?i)klik(?: hier| op deze link)?\b.*|(?:lees )?(?:hier|meer|verder)|lees (?:hier )?(?:meer|verder)"
    r"|(?:deze|de) (?:link|pagina|website)|link|website|meer info(?:rmatie)?|ga verder|doorgaan"
)
_ADDRESS = re.compile(r"(?i)(?:https?://|www\.)\S+")
_FILE = re.compile(r"(?i)\S+\.(?:png|jpe?g|gif|webp|svg)|(?:img|dsc|image|foto)[ _-]?\d+")
_NO_PICTURE = re.compile(r"(?i)(?:een )?(?:foto|afbeelding|plaatje|beeld|image|picture|logo|icoon|illustratie)")


def not_https(body: Body) -> Iterator[Problem]:
    """A link that anybody on the way can read, and many mail programs warn of."""
    for link in body.links():
        if link.target.lower().startswith("http:"):
            message = f"the link {link.target} is not https; write https://{link.target[7:]}"
            dutch = f"de link {link.target} is niet beveiligd; schrijf https://{link.target[7:]}"
            yield finding("link-http", link.line, message, dutch)


def says_nothing(body: Body) -> Iterator[Problem]:
    """Link texts are read out as a list, without what stands around them (WCAG 2.4.4 and 2.4.9)."""
    for link in body.links():
        label = " ".join(link.label.split()).strip(" .,:;!?…»>→")
        if MARK.search(label) or link.target.startswith(("tel:", "mailto:")):
            continue
        if _ADDRESS.fullmatch(label):
            message = f"the link text `{label}` is an address; say in words where it leads"
            dutch = f"de linktekst `{label}` is een adres; schrijf in woorden waar de link heen gaat"
            yield finding("link-text", link.line, message, dutch)
        elif _NOTHING_SAID.fullmatch(label):
            message = f"the link text `{label}` does not say where it leads; write for example `Lees ons artikel`"
            dutch = f"de linktekst `{label}` zegt niet waar de link heen gaat; schrijf bijvoorbeeld `Lees ons artikel`"
            yield finding("link-text", link.line, message, dutch)


def image_says_nothing(body: Body) -> Iterator[Problem]:
    """Many read with images off, and some cannot see them (WCAG 1.1.1)."""
    for image in body.images():
        alt = image.alt.strip(" .")
        stem = image.target.rpartition("/")[2].partition(".")[0]
        if _NO_PICTURE.fullmatch(alt) or _FILE.fullmatch(alt) or (alt and alt.lower() == stem.lower()):
            message = f"the text `{alt}` does not say what the image shows; describe it in a few words"
            dutch = f"de tekst `{alt}` zegt niet wat er op de afbeelding staat; beschrijf het in een paar woorden"
            yield finding("image-text", image.line, message, dutch)


def price_missing(body: Body) -> Iterator[Problem]:
    """What a pain check costs stands beside each link to it, so that "vrijblijvend" misleads nobody."""
    names = body.values()
    if "booking_url" in names and "practice.pain_check.price" not in names:
        include = '{% include "_pijncheck-feiten.md" %}'
        yield finding(
            "price-missing",
            top(body.head.source),
            f"this mail leads to the pain check without its price; add {include}",
            f"deze mail leidt naar de pijncheck, maar noemt de prijs niet; zet erbij: {include}",
        )

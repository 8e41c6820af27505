"""Links and images that are safe to follow, and clear to whoever hears the mail instead of seeing it."""

from __future__ import annotations

import pytest

from service.mail.expansion import Line, Marks
from service.mail.front_matter import SourceFile
from service.mail.lint_links import image_says_nothing
from service.mail.lint_words import complaint_in_address
from service.mail.written import Body, Head
from tests.support.mails import tried


def ids(body: str) -> list[tuple[str, int | None]]:
    return [(problem.id, problem.line) for problem in tried(body)[1]]


def test_a_link_that_is_not_https_warns_with_the_address_to_write() -> None:
    (problem,) = tried("Tekst.\n\nLees [ons artikel](http://a.nl/artikel).")[1]
    assert (problem.id, problem.severity, problem.line) == ("mail.link-http", "warning", 10)
    assert "schrijf https://a.nl/artikel" in problem.dutch
    assert ids("Lees [ons artikel](https://a.nl/artikel).") == []


@pytest.mark.parametrize(
    "label",
    [
        "klik hier",
        "Klik hier!",
        "hier",
        "Lees meer",
        "lees verder",
        "Klik hier voor het artikel",
        "deze pagina",
        "Link",
    ],
)
@pytest.mark.parametrize(
    "form", ["Zie [{}](https://a.nl).", "[{}](https://a.nl){{.button}}", "[{}]({{{{ confirm_url }}}})"]
)
def test_a_link_that_does_not_say_where_it_leads_warns(label: str, form: str) -> None:
    assert ids(form.format(label)) == [("mail.link-text", 8)]


@pytest.mark.parametrize("address", ["https://a.nl/artikel", "www.a.nl"])
def test_an_address_as_the_text_of_a_link_warns(address: str) -> None:
    assert ids(f"Zie [{address}](https://a.nl/artikel).") == [("mail.link-text", 8)]


@pytest.mark.parametrize(
    "link",
    [
        "[Lees meer over deze spieren](https://a.nl)",
        "[Hier staat ons artikel](https://a.nl)",
        "[onze website over bewegen](https://a.nl)",
        "[{{ practice.phone }}](tel:{{ practice.phone }})",
        "[Bel ons](tel:0201234567)",
    ],
)
def test_a_link_that_says_where_it_leads_does_not_warn(link: str) -> None:
    assert ids(f"Tekst. {link}") == []


def test_a_mail_that_leads_to_the_pain_check_without_its_price_warns() -> None:
    link = "[Vraag een afspraak aan]({{ booking_url }}){.button}"
    assert ids(link) == [("mail.price-missing", 1)]
    assert ids(f"Het kost {{{{ practice.pain_check.price }}}}.\n\n{link}") == []


def body_of(text: str) -> Body:
    head = Head(source=SourceFile(name="proef.md"), audience="lead", texts={})
    lines = [Line(text=text, file="proef.md", number=1)]
    return Body(head=head, lines=lines, tokens=(), marks=Marks(), files={}, main_buttons=0, titles=())


@pytest.mark.parametrize(
    ("image", "warns"),
    [
        ("![foto](media/team.png)", True),
        ("![Een afbeelding](media/team.png)", True),
        ("![team](media/team.png)", True),
        ("![IMG_2043](media/team.png)", True),
        ("![team.png](media/team.png)", True),
        ("![Ons team voor de praktijk](media/team.png)", False),
        ("![Logo van Solid Performance](media/logo.png)", False),
    ],
)
def test_a_text_that_does_not_say_what_an_image_shows_warns(image: str, warns: bool) -> None:
    assert [p.id for p in image_says_nothing(body_of(image))] == (["mail.image-text"] if warns else [])


def test_the_file_of_an_image_does_not_name_the_complaint() -> None:
    (problem,) = complaint_in_address(body_of("![Zo zit je](media/rugpijn.png)"))
    assert problem.id == "mail.complaint-word"
    assert list(complaint_in_address(body_of("![Zo zit je](media/zitten.png)"))) == []


def test_an_optional_link_outside_an_if_warns() -> None:
    body = "[Lees ons artikel]({{ practice.links.article }})"
    assert ids(body) == [("mail.unguarded", 8)]
    assert ids("{% if practice.links.article %}\n" + body + "\n{% endif %}") == []

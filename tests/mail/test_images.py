"""Images of media/: what may stand in a mail, and how it is written there."""

from __future__ import annotations

import re

import pytest

from service.mail.compile import compile_mail
from service.mail.compiled import Image
from service.mail.compose import HeldMailError, render
from service.mail.image_check import judge
from tests.support.mails import HEAD, layouts, values
from tests.support.pictures import image, with_place, with_turn

PHOTO = Image(path="media/foto.jpg", name="0" * 40 + ".jpg", kind="image/jpeg", width=900, height=600)
BROKEN = "media/stuk.png"


def compiled_with(body: str, **known: Image | None) -> tuple[object, list[str]]:
    """A mail beside a photo that is fine and one that is not, and the Dutch of its problems."""
    images = {PHOTO.path: PHOTO, BROKEN: None}
    mail, problems = compile_mail("proef", {**layouts(), "proef.md": HEAD + "# Kop\n\n" + body}, images=images)
    return mail, [problem.told("nl") for problem in problems]


@pytest.mark.parametrize(("kind", "served"), [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("GIF", "image/gif")])
def test_an_image_is_known_by_its_content_and_not_by_its_name(kind: str, served: str) -> None:
    found, problems = judge("media/wat-dan-ook.txt", image(kind))
    assert (problems, found and (found.kind, found.width, found.height)) == ([], (served, 900, 600))


@pytest.mark.parametrize("turn", [0, 1])
def test_a_photo_that_is_upright_may_say_so(turn: int) -> None:
    assert judge("media/foto.jpg", with_turn(turn))[1] == []


def test_equal_bytes_have_one_name_and_others_another() -> None:
    names = [judge(f"media/{n}.png", image(colour=colour))[0] for n, colour in enumerate(["teal", "teal", "navy"])]
    one, again, other = (each.name for each in names if each)
    assert one == again != other


@pytest.mark.parametrize(
    ("data", "problem", "said"),
    [
        (image("WEBP"), "media.format", "Outlook laat WebP niet zien"),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "media.format", "SVG"),
        (b"%PDF-1.7", "media.format", "dit is geen plaatje"),
        (b"", "media.format", "dit is geen plaatje"),
        (image("BMP"), "media.format", "dit is geen plaatje"),
        (image("JPEG")[:900], "media.format", "beschadigd"),
        (image("PNG")[:60], "media.format", "beschadigd"),
        (image(width=1201), "media.size", "1201 bij 600 beeldpunten"),
        (image(height=2401), "media.size", "900 bij 2401 beeldpunten"),
        (image(width=1, height=1), "media.size", "1 bij 1 beeldpunten"),
        (with_place(), "media.location", "waar hij is gemaakt"),
        (with_turn(6), "media.turned", "laten deze foto gedraaid zien"),
    ],
    ids=range(12),
)
def test_what_cannot_be_shown_is_refused_with_what_to_do(data: bytes, problem: str, said: str) -> None:
    found, [told] = judge("media/x.png", data)
    assert found is None
    assert (told.id, told.file) == (problem, "media/x.png")
    assert said in told.dutch
    assert told.message != told.dutch


def test_a_picture_that_would_grow_to_gigabytes_is_refused_by_its_head() -> None:
    bomb = image(width=16, height=16).replace((16).to_bytes(4) + (16).to_bytes(4), (60_000).to_bytes(4) * 2)
    found, [told] = judge("media/bom.png", bomb)
    assert found is None
    assert told.id in {"media.size", "media.format"}  # Pillow may find the broken sum of its head first


def test_an_image_has_its_size_written_and_its_own_address() -> None:
    mail, problems = compile_mail(
        "proef",
        {
            **layouts(),
            "proef.md": HEAD
            + "# Kop\n\nHoi.\n\n![Een rug](media/foto.jpg)\n\n::: kader\n![Een rug](media/foto.jpg)\n:::\n",
        },
        images={PHOTO.path: PHOTO},
    )
    assert mail is not None, problems
    assert mail.images == (PHOTO,)
    filled = render(mail, values())
    first, second = re.findall(r"<img [^>]*>", filled.html)
    assert f'src="https://mail.example/media/{PHOTO.name}" alt="Een rug"' in first
    assert 'width="552" height="368"' in first
    assert 'width="504" height="336"' in second
    assert "max-width:100%" in first
    assert "Een rug" in filled.text


def test_a_small_image_is_not_blown_up() -> None:
    small = PHOTO.model_copy(update={"width": 200, "height": 100})
    text = HEAD + "# Kop\n\nHoi.\n\n![Een rug](media/foto.jpg)\n"
    mail, _ = compile_mail("proef", {**layouts(), "proef.md": text}, images={PHOTO.path: small})
    assert mail is not None
    assert 'width="200" height="100"' in mail.html


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("![](media/foto.jpg)", ":8: zet tussen de haken wat er op het plaatje `media/foto.jpg` staat"),
        ("![x](media/fota.jpg)", ":8: het plaatje `media/fota.jpg` bestaat niet; bedoel je `media/foto.jpg`?"),
        ("![x](media/../practice.yaml)", ":8: het plaatje `media/../practice.yaml` bestaat niet"),
        ("![x](media/stuk.png)", ":8: `media/stuk.png` kan niet worden getoond"),
        (
            "![x](https://elders.nl/pixel.png)",
            ":8: `https://elders.nl/pixel.png` kan niet. Zet het plaatje in de map media",
        ),
        ("![x](data:image/png;base64,AAAA)", ":8: "),
        ("![x]({{ booking_url }})", ":8: `{{ booking_url }}` kan niet."),
    ],
)
def test_an_image_that_cannot_stand_there_is_told_with_its_line(body: str, said: str) -> None:
    mail, problems = compiled_with(body)
    assert mail is None
    assert any(said in problem for problem in problems), problems


def test_a_logo_of_the_media_folder_stands_at_our_own_address() -> None:
    mail, problems = compile_mail(
        "proef",
        {
            **layouts(),
            "proef.md": HEAD + "# Kop\n\n{% if practice.logo %}\n![Logo]({{ practice.logo }})\n{% endif %}\n",
        },
    )
    assert mail is not None, problems
    assert 'src="https://mail.example/media/abc.png"' in render(mail, values(logo="media/abc.png")).html
    with pytest.raises(HeldMailError):
        render(mail, values(logo="../abc.png"))

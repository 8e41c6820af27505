"""From a file in media/ to an image that every mail of its revision shows for good."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest

from service.flows import samples
from service.flows.drafts import Draft, read_draft
from service.flows.media import LARGEST
from service.flows.pictures import alone
from tests.support import drafts
from tests.support.folders import content_copy
from tests.support.house import BASE_URL, House, part
from tests.support.pictures import image
from tests.support.website import website


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The shipped content, its advice with a photo, its practice with a logo."""
    content = content_copy(tmp_path)
    (content / "media").mkdir()
    (content / "media/foto.jpg").write_bytes(image("JPEG"))
    (content / "media/logo.png").write_bytes(image("PNG", width=200, height=80))
    advice = content / "email_templates/advies-lage-rug.md"
    advice.write_text(
        advice.read_text()
        + "\n![Een stoel](media/foto.jpg)\n\n{% if practice.logo %}\n![Logo]({{ practice.logo }})\n{% endif %}\n"
    )
    practice = content / "practice.yaml"
    practice.write_text(practice.read_text().replace('logo: ""', "logo: media/logo.png"))
    return content


def read(content: Path) -> Draft:
    """The folder, which must be fine."""
    draft = read_draft(content)
    assert not draft.errors, [str(problem) for problem in draft.errors]
    return draft


def shown_to(house: House, address: str) -> list[str]:
    """The addresses of the images in the newest advice of a lead."""
    house.opt_in(address)
    house.send_due()
    return re.findall(r'<img src="([^"]*)"', part(house.mails(address)[-1], "html"))


def test_a_published_image_is_served_with_its_type_for_a_year_and_nothing_else_is(house: House, folder: Path) -> None:
    drafts.publish(house, read(folder))
    client = website(house)
    photo, logo = shown_to(house, "anna@example.org")
    for address, kind, file in ((photo, "image/jpeg", "foto.jpg"), (logo, "image/png", "logo.png")):
        assert re.fullmatch(BASE_URL + r"/media/[0-9a-f]{40}\.(jpg|png)", address)
        answer = client.get(address)
        assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
        assert answer.content == (folder / "media" / file).read_bytes()
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "set-cookie" not in answer.headers
        assert client.head(address).status_code == 200
    other = "0" * 40
    for path in (
        f"{other}.jpg",
        "foto.jpg",
        "..%2fpractice.yaml",
        "%2e%2e/practice.yaml",
        f"{other}.svg",
        photo[-44:-4],
    ):
        assert client.get(f"/media/{path}").status_code == 404, path


def test_a_mail_of_before_keeps_its_image_when_the_file_changes(house: House, folder: Path) -> None:
    drafts.publish(house, read(folder))
    old, _ = shown_to(house, "anna@example.org")
    (folder / "media/foto.jpg").write_bytes(image("JPEG", colour="navy"))
    assert drafts.publish(house, read(folder)) > 0
    new, _ = shown_to(house, "bram@example.org")
    client = website(house)
    assert old != new
    assert client.get(old).content == image("JPEG")
    assert client.get(new).content == image("JPEG", colour="navy")


def test_the_same_folder_again_is_no_change(house: House, folder: Path) -> None:
    drafts.publish(house, read(folder))
    assert drafts.publish(house, read(folder)) == 0


def test_a_draft_is_served_to_nobody(house: House, folder: Path) -> None:
    name = next(iter(read(folder).images))
    assert website(house).get(f"/media/{name}").status_code == 404


def test_a_heavy_image_and_a_logo_that_is_not_there_block_publishing(folder: Path) -> None:
    (folder / "media/foto.jpg").write_bytes(image("JPEG") + b"x" * LARGEST)
    (folder / "media/logo.png").unlink()
    problems = {problem.id: problem.told("nl") for problem in read_draft(folder).errors}
    assert problems["media.weight"].startswith("media/foto.jpg: dit plaatje is 30")
    assert problems["practice-logo"].startswith("practice.yaml: `logo`: `media/logo.png` kan niet worden getoond.")
    assert problems["mail.image"].startswith("email_templates/advies-lage-rug.md:")


def test_files_that_no_mail_names_are_not_looked_at(folder: Path) -> None:
    (folder / "media/oud.png").write_bytes(b"no image at all")
    (folder / "media/Met Spaties.PNG").write_bytes(b"no image at all")
    assert len(read(folder).images) == 2


def test_a_preview_shows_the_images_of_the_folder_as_they_are_now(house: House, folder: Path) -> None:
    for colour in ("teal", "red"):
        (folder / "media/foto.jpg").write_bytes(image("JPEG", colour=colour))
        (folder / "media/logo.png").write_bytes(image("PNG", width=200, height=80, colour=colour))
        sample = samples.of_draft(house.services, read(folder), "advies-lage-rug", {}, now=house.clock.now())
        shown = re.findall(r'<img src="data:([^;]*);base64,([^"]*)"', alone(sample.rendered.html, sample.hosted))
        assert [(kind, base64.b64decode(data)) for kind, data in shown] == [
            ("image/jpeg", (folder / "media/foto.jpg").read_bytes()),
            ("image/png", (folder / "media/logo.png").read_bytes()),
        ]


def test_a_mail_to_the_practice_leaves_its_own_logo_out_and_is_not_held(house: House, folder: Path) -> None:
    mail = folder / "email_templates/dienst-melding.md"
    logo = "\n{% if practice.logo %}\n![Logo]({{ practice.logo }})\n{% endif %}\n"
    mail.write_text(mail.read_text() + logo)
    draft = read(folder)
    sample = samples.of_draft(house.services, draft, "dienst-melding", {}, now=house.clock.now())
    assert "<img" not in sample.rendered.html
    mail.write_text(mail.read_text() + "\n![Een stoel](media/foto.jpg)\n")
    assert [(each.id, each.file) for each in read_draft(folder).errors] == [
        ("mail.image", "email_templates/dienst-melding.md")
    ]

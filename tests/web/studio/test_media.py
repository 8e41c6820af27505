"""The images of mails in the studio: added, looked at, used, thrown away; whatever somebody sends."""

from __future__ import annotations

import io
from pathlib import Path
from secrets import token_hex

import pytest
from httpx2 import Response
from PIL import Image

from service.domain.staff import Role
from service.flows import media_files
from service.flows.content_desk import ContentDesk
from service.web.studio.mails.media import MEDIA
from tests.support import studio
from tests.support.house import House
from tests.support.studio import Desk, words
from tests.support.tours.media import drawing

pytestmark = pytest.mark.files

ALT = "Onze behandelkamer met een bank"
HTML = {"Accept": "text/html"}


@pytest.fixture
def esra(house: House) -> Desk:
    return studio.desk(house, studio.hire(house, studio.ESRA, Role.EDITOR))


def send(desk: Desk, data: bytes, *, name: str = "Kamer 1.JPG", alt: str = ALT, path: str = MEDIA) -> Response:
    fields = {"form_token": desk.form_token, "alt": alt, "as_new": token_hex(4)}  # as `Desk.post`
    files = {"image": (name, data, "image/svg+xml")}  # what it says it is counts for nothing
    return desk.client.post(path, headers=studio.OURS | HTML, data=fields, files=files)


def folder(desk: Desk) -> Path:
    return desk.house.services.content_dir / "media"


def mark(desk: Desk, name: str) -> str:
    return ContentDesk(desk.house.services.content_dir).open(f"media/{name}").mark


def test_an_image_is_drawn_anew_saved_and_offered_with_its_words(esra: Desk) -> None:
    held = Image.Exif()
    held[0x010F] = "Merk van de camera"
    written = io.BytesIO()
    Image.open(io.BytesIO(drawing(width=1300, height=650))).save(written, "JPEG", exif=held)
    answer = send(esra, written.getvalue())
    assert (answer.status_code, answer.headers["location"]) == (303, f"{MEDIA}?added=kamer-1.jpg")
    page = esra.see(answer.headers["location"]).text
    assert f"![{ALT}](media/kamer-1.jpg)" in page
    assert b"camera" not in (folder(esra) / "kamer-1.jpg").read_bytes()
    assert esra.see(f"{MEDIA}/all").json()["images"] == [
        {"path": "media/kamer-1.jpg", "alt": ALT, "url": f"{MEDIA}/kamer-1.jpg", "width": 1200, "height": 600}
    ]
    assert send(esra, written.getvalue()).headers["location"] == f"{MEDIA}?added=kamer-1-2.jpg"


def test_an_image_in_use_stays_and_one_that_is_not_goes_unless_it_changed_meanwhile(esra: Desk) -> None:
    send(esra, drawing(), name="kamer.png")
    mail = esra.house.services.content_dir / "email_templates" / "hoe-ging-het.md"
    before = mail.read_text(encoding="utf-8")
    mail.write_text(f"{before}\n![Zo ziet de kamer eruit](media/kamer.png)\n", encoding="utf-8")
    seen = mark(esra, "kamer.png")
    refused = esra.post(f"{MEDIA}/kamer.png/delete", seen=seen)
    assert refused.status_code == 409
    assert (folder(esra) / "kamer.png").exists()
    assert "hoe-ging-het" in words(esra.see(MEDIA))
    mail.write_text(before, encoding="utf-8")
    assert esra.post(f"{MEDIA}/kamer.png/delete", seen="anders").status_code == 409
    assert esra.post(f"{MEDIA}/kamer.png/delete", seen=seen).status_code == 303
    assert not (folder(esra) / "kamer.png").exists()
    assert esra.post(f"{MEDIA}/kamer.png/delete", seen=seen).status_code == 404


@pytest.mark.parametrize(
    ("data", "alt", "status"),
    [
        (b"", ALT, 422),
        (b"<svg onload=alert(1)>", ALT, 422),
        (b"GIF89a/*<script>alert(1)</script>", ALT, 422),
        (drawing(), "", 422),
        (drawing(), "[](){}", 422),
        (drawing(), "x" * 201, 422),
        (drawing(), "onzichtbaar \u202e teken", 422),
    ],
)
def test_what_cannot_be_taken_is_told_on_the_page_and_nothing_is_written(
    esra: Desk, data: bytes, alt: str, status: int
) -> None:
    answer = send(esra, data, alt=alt)
    assert answer.status_code == status
    assert 'role="alert"' in answer.text
    assert "<script>alert" not in answer.text
    assert not folder(esra).exists()


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("../../practice.yaml", "practice.png"),
        ("C:\\fakepath\\Ruggen & wervels.php.png", "ruggen-wervels-php.png"),
        ("é" * 300 + ".png", "e" * 50 + ".png"),
        ("<script>alert(1)</script>.svg", "script.png"),
        ("..", "plaatje.png"),
        ("\x00.png", "plaatje.png"),
    ],
)
def test_what_a_file_is_called_decides_no_path_and_no_kind(name: str, file: str) -> None:
    assert media_files.new_name(name, "png", []) == file


def test_words_that_would_mean_something_in_a_mail_lose_their_meaning(esra: Desk) -> None:
    assert send(esra, drawing(), alt="{{ practice.name }} ](https://kwaad.example) <b>").status_code == 303
    [found] = esra.see(f"{MEDIA}/all").json()["images"]
    assert found["alt"] == "practice.name (https://kwaad.example) b"


def test_what_is_too_large_is_not_read_to_its_end_and_nobody_sends_it_unseen(house: House, esra: Desk) -> None:
    assert send(esra, b"\x89PNG" + b"\0" * 6_000_001).status_code == 413
    assert send(esra, b"\x89PNG" + b"\0" * 6_500_000).status_code == 413
    stranger = studio.desk(house)
    stranger.client.cookies.set(studio.COOKIE, "verzonnen", domain="praktijk.example")
    answer = send(stranger, b"\0" * 100_000)
    assert (answer.status_code, answer.headers["location"]) == (303, "/studio/login")


def test_a_file_is_taken_by_no_other_form(house: House) -> None:
    gijs = studio.desk(house, studio.hire(house, studio.GIJS, Role.ADMIN))
    files = {"what": ("x.png", drawing(width=30, height=30), "image/png")}
    answer = gijs.client.post("/studio/pause", headers=studio.OURS, data={"form_token": gijs.form_token}, files=files)
    assert answer.status_code == 422
    fields = {"form_token": gijs.form_token, "alt": ALT}
    twice = [("image", ("a.png", drawing(), "image/png")), ("image", ("b.png", drawing(), "image/png"))]
    assert gijs.client.post(MEDIA, headers=studio.OURS, data=fields, files=twice).status_code == 422
    elsewhere = {"other": ("a.png", drawing(), "image/png")}
    assert gijs.client.post(MEDIA, headers=studio.OURS, data=fields, files=elsewhere).status_code == 422


def test_an_image_is_served_as_what_it_is_and_runs_nothing(esra: Desk) -> None:
    folder(esra).mkdir()
    hostile = drawing("GIF", mode="P") + b"<script>alert(1)</script>"
    (folder(esra) / "kwaad.png").write_bytes(hostile)
    (folder(esra) / "pagina.png").write_bytes(b"<html><script>alert(1)</script>")
    (folder(esra) / "pagina.html").write_bytes(b"<html><script>alert(1)</script>")
    answer = esra.see(f"{MEDIA}/kwaad.png")
    assert answer.headers["content-type"] == "image/gif"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
    for name in ("pagina.png", "pagina.html", "weg.png", "..%2fpractice.yaml", "%2e%2e", "kwaad.png%00"):
        assert esra.see(f"{MEDIA}/{name}").status_code == 404, name
    assert [each["path"] for each in esra.see(f"{MEDIA}/all").json()["images"]] == ["media/kwaad.png"]
    assert "Dit kan in geen mail" in words(esra.see(MEDIA))


def test_a_mail_that_is_full_of_beginnings_of_images_is_read_at_once(esra: Desk) -> None:
    mail = esra.house.services.content_dir / "email_templates" / "uitnodiging.md"
    mail.write_text("![" * 100_000 + f"\n![{ALT}](media/kamer.png)")
    folder(esra).mkdir()
    (folder(esra) / "kamer.png").write_bytes(drawing())
    assert ALT in esra.see(MEDIA).text


def test_the_question_of_the_page_is_one_it_knows(esra: Desk) -> None:
    assert esra.see(f"{MEDIA}?removed=<b>").status_code == 422
    assert esra.see(f"{MEDIA}?sort=name").status_code == 422
    assert "<b>" not in esra.see(f"{MEDIA}?added=<b>x").text


def test_the_script_of_the_editor_comes_only_where_it_was_built_and_only_once(
    esra: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = tmp_path / "editor.js"
    monkeypatch.setattr("service.web.editor_script.BUNDLE", bundle)
    assert esra.client.get("/editor.js").status_code == 404
    bundle.write_text("export const open = 1;", encoding="utf-8")
    first = esra.client.get("/editor.js")
    assert (first.text, first.headers["content-encoding"]) == ("export const open = 1;", "gzip")
    again = esra.client.get("/editor.js", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert "/editor.js" not in esra.see(MEDIA).text

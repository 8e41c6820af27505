"""The hosted form and the page that thanks for it."""

from __future__ import annotations

import re

from starlette.testclient import TestClient

from tests.support.house import BASE_URL
from tests.support.website import BROWSER


def test_the_hosted_form_can_be_posted_as_it_stands(client: TestClient) -> None:
    page = client.get("/forms/lage-rug")
    assert page.status_code == 200
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
    assert hidden["source_url"] == f"{BASE_URL}/forms/lage-rug"
    filled = hidden | {"email": "anna@example.org", "first_name": "", "leave_empty": "", "consent_advice": "on"}
    answer = client.post("/api/opt-ins", data=filled, headers={**BROWSER, "Origin": BASE_URL})
    assert answer.status_code == 303
    thanks = client.get(answer.headers["location"])
    assert thanks.status_code == 200
    assert "Je gratis advies: begin vandaag" in thanks.text
    assert "Solid Performance (advies@praktijk.example)" in thanks.text


def test_the_thank_you_page_shows_the_safety_block_and_the_button_to_press(client: TestClient) -> None:
    for path in ("/bedankt", "/bedankt?form=lage-rug", "/bedankt?form=elders&next=https://elders.example"):
        page = client.get(path)
        assert page.status_code == 200
        assert "huisartsenpost" in page.text
        assert "Ja, stuur mij het vervolg" in page.text
        assert "elders" not in page.text


def test_there_is_no_other_form(client: TestClient) -> None:
    assert client.get("/forms/bestaat-niet", headers=BROWSER).status_code == 404
    assert client.get("/forms/", headers=BROWSER).status_code == 404

"""What pages of other sites load and fetch: the script, the form, the solver; and who may hold our pages in a frame."""

from __future__ import annotations

import gzip
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from service.flows import form_tokens
from service.web import solver
from tests.support.house import BASE_URL, House
from tests.support.website import BROWSER, website

SITE = "https://www.praktijk.example"
FRAME = {**BROWSER, "Sec-Fetch-Dest": "iframe"}


@pytest.fixture
def client(house: House) -> TestClient:
    return website(house.with_changes(allowed_origins=(SITE,)))


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place for the solver, where nothing was built yet."""
    place = tmp_path / "proof.js"
    monkeypatch.setattr(solver, "BUNDLE", place)
    return place


def test_the_script_is_small_ours_alone_and_fetched_again_only_when_it_changed(client: TestClient) -> None:
    answer = client.get("/embed.js", headers={"Origin": "https://elders.example"})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert len(gzip.compress(answer.content)) < 15_000
    assert not re.findall(r"https?://|document\.cookie|localStorage|sessionStorage", answer.text)
    again = client.get("/embed.js", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == answer.headers["etag"]
    assert client.get("/embed.js", headers={"If-None-Match": '"an-older-one"'}).status_code == 200


def test_an_allowed_site_gets_the_form_with_a_token_of_now(house: House, client: TestClient) -> None:
    answer = client.get("/api/forms/lage-rug", headers={"Origin": SITE})
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == SITE
    assert answer.headers["access-control-expose-headers"] == "Retry-After"
    assert answer.headers["cache-control"] == "no-store"
    given = answer.json()
    assert given.keys() == {
        "form", "title", "consent_version", "form_token", "proof_of_work", "html", "thank_you_html",
    }  # fmt: skip
    assert given["title"] == "Gratis pijnadvies"
    assert f'name="form_token" value="{given["form_token"]}"' in given["html"]
    assert f'name="consent_version" value="{given["consent_version"]}"' in given["html"]
    assert "checked" not in given["html"]
    assert "huisartsenpost" in given["thank_you_html"]
    assert "Ja, stuur mij het vervolg" in given["thank_you_html"]
    age = form_tokens.read(house.services, "lage-rug", given["form_token"], datetime.now(UTC))
    assert age is not None
    assert age.total_seconds() < 60


def test_nobody_else_gets_the_form_and_there_is_no_other(client: TestClient) -> None:
    refused = client.get("/api/forms/lage-rug", headers={"Origin": "https://elders.example"})
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert "access-control-allow-origin" not in refused.headers
    missing = client.get("/api/forms/elders", headers={"Origin": SITE})
    assert (missing.status_code, missing.headers["content-type"]) == (404, "application/problem+json")
    assert missing.headers["access-control-allow-origin"] == SITE


def test_the_solver_is_named_where_a_proof_is_asked_for_and_it_was_built(house: House, built: Path) -> None:
    asking = website(house.with_changes(proof_of_work=True))
    assert asking.get("/api/forms/lage-rug").json()["proof_of_work"] is None
    assert "data-proof" not in asking.get("/forms/lage-rug").text
    assert asking.get("/proof.js").status_code == 404
    built.write_text("export const solve = () => ''")
    assert asking.get("/api/forms/lage-rug").json()["proof_of_work"] == "/proof.js"
    assert 'data-proof="/proof.js"' in asking.get("/forms/lage-rug").text
    script = asking.get("/proof.js")
    assert script.text == built.read_text()
    assert script.headers["access-control-allow-origin"] == "*"
    assert website(house).get("/api/forms/lage-rug").json()["proof_of_work"] is None


@pytest.mark.parametrize(
    "path", ["/forms/lage-rug", "/forms/lage-rug?embed=1", "/bedankt?form=lage-rug", "/forms/elders"]
)
def test_the_form_may_be_framed_by_the_allowed_sites_alone(client: TestClient, path: str) -> None:
    policy = client.get(path, headers=FRAME).headers["content-security-policy"]
    assert f"frame-ancestors 'self' {BASE_URL} {SITE};" in f"{policy};"


def test_a_post_that_is_refused_may_be_told_in_the_frame_too(client: TestClient) -> None:
    headers = {**FRAME, "Origin": BASE_URL}
    answer = client.post("/api/opt-ins", data={"form": "lage-rug", "email": "nee"}, headers=headers)
    assert answer.status_code == 422
    assert SITE in answer.headers["content-security-policy"]
    assert "<header" not in answer.text


@pytest.mark.parametrize("path", ["/u/verzonnen", "/demo/", "/elders", "/formselders"])
def test_nothing_else_may_be_framed(house: House, path: str) -> None:
    client = website(house.with_changes(allowed_origins=(SITE,), demo=True, mail_dir=house.outbox))
    assert "frame-ancestors 'none'" in client.get(path, headers=FRAME).headers["content-security-policy"]


@pytest.mark.parametrize(
    ("path", "headers", "bare"),
    [
        ("/forms/lage-rug", BROWSER, False),
        ("/forms/lage-rug", FRAME, True),
        ("/forms/lage-rug?embed=1", BROWSER, True),
        ("/bedankt", FRAME, True),
        ("/bedankt", BROWSER, False),
    ],
)
def test_in_a_frame_the_page_is_bare(client: TestClient, path: str, headers: dict[str, str], bare: bool) -> None:
    page = client.get(path, headers=headers)
    assert ("<header" not in page.text) == bare
    assert ("<footer" not in page.text) == bare


@pytest.mark.parametrize(
    ("referer", "noted"),
    [
        (f"{SITE}/artikel?utm=mail#kop", f"{SITE}/artikel"),
        (f"{SITE}/", f"{SITE}/"),
        ("https://elders.example/artikel", f"{BASE_URL}/forms/lage-rug"),
        ("https://[", f"{BASE_URL}/forms/lage-rug"),
        (f"{SITE}/{'a' * 2_000}", f"{BASE_URL}/forms/lage-rug"),  # what nobody could send must not stand in the form
        (f"{SITE}/een artikel", f"{BASE_URL}/forms/lage-rug"),
        ("", f"{BASE_URL}/forms/lage-rug"),
    ],
)
def test_a_frame_notes_the_page_around_it_where_that_is_an_allowed_one(
    client: TestClient, referer: str, noted: str
) -> None:
    page = client.get("/forms/lage-rug", headers={**FRAME, "Referer": referer})
    assert f'name="source_url" value="{noted}"' in page.text
    plain = client.get("/forms/lage-rug", headers={**BROWSER, "Referer": referer})
    assert f'name="source_url" value="{BASE_URL}/forms/lage-rug"' in plain.text

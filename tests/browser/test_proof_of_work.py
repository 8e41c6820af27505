"""Where a proof of work is asked for: it is made unseen, on any allowed site and on our own page, or done without."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Route

from service.web import solver
from tests.support.embedding import Embedding, email, embedding, fill_in
from tests.support.requirements import not_run

pytestmark = pytest.mark.browser
THANKS = "Je advies is onderweg"


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedding]:
    if solver.script() is None:
        not_run("Proof of work", "the solver is not built (make bundle)", required_as="bundle")
    with embedding(tmp_path_factory.mktemp("embedding"), NURTURE_PROOF_OF_WORK="on") as running:
        yield running


def test_the_widget_solves_it_and_the_advice_leaves_at_once(there: Embedding, page: Page) -> None:
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text) if "Content Security" in message.text else None)
    page.goto(there.article("script", there.snippets.script))
    address = there.new_address()
    with page.expect_request("**/api/challenges"):
        email(page.locator("nurture-form")).focus()
    with page.expect_request(lambda request: request.method == "POST") as posted:
        fill_in(page.locator("nurture-form"), address)
    page.get_by_role("heading", name=THANKS).wait_for()
    assert json.loads(posted.value.post_data or "{}")["altcha"]
    there.service.first_mail(address)
    assert not refused


def test_the_hosted_page_and_the_frame_solve_it_too(there: Embedding, page: Page) -> None:
    first, second = there.new_address(), there.new_address()
    page.goto(f"{there.service.url}/forms/lage-rug")
    fill_in(page.locator("main"), first)
    page.get_by_role("heading", name=THANKS).wait_for()
    there.service.first_mail(first)
    page.goto(there.article("frame", there.snippets.iframe, inline=True))
    inside = page.frame_locator("iframe")
    fill_in(inside, second)
    inside.get_by_role("heading", name=THANKS).wait_for()
    there.service.first_mail(second)


def test_a_proof_that_is_not_taken_is_made_anew(there: Embedding, page: Page) -> None:
    proofs: list[str] = []
    answer = {"errors": [{"pointer": "/altcha", "detail": "Deze controle is al gebruikt."}]}

    def refuse_the_first(route: Route) -> None:
        if route.request.method == "POST":
            proofs.append(json.loads(route.request.post_data or "{}")["altcha"])
        if route.request.method != "POST" or len(proofs) > 1:
            route.fallback()
        else:
            route.fulfill(status=422, headers={"Access-Control-Allow-Origin": there.site.origin}, json=answer)

    page.route("**/api/opt-ins", refuse_the_first)
    page.goto(there.article("script", there.snippets.script))
    address = there.new_address()
    fill_in(page.locator("nurture-form"), address)
    page.get_by_role("heading", name=THANKS).wait_for()
    there.service.first_mail(address)
    assert len(set(proofs)) == 2


def test_a_browser_that_cannot_make_one_sends_the_form_without(there: Embedding, page: Page) -> None:
    page.route("**/proof.js", lambda route: route.abort())
    page.goto(there.article("script", there.snippets.script))
    address = there.new_address()
    with page.expect_request(lambda request: request.method == "POST") as posted:
        fill_in(page.locator("nurture-form"), address)
    page.get_by_role("heading", name=THANKS).wait_for()
    assert "altcha" not in json.loads(posted.value.post_data or "{}")
    shown = json.loads(there.service.cli("lead", "show", address, "--json").stdout)
    assert [mail["state"] for mail in shown["messages"]] == ["held"]

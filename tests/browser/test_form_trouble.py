"""What the form says and does when something is wrong: with what was typed, with the network, or with us."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Request, Route

from tests.support.accessibility import broken_rules
from tests.support.embedding import SUBMIT, Embedding, email, embedding, fill_in

pytestmark = pytest.mark.browser

LOST = "We weten niet of je aanvraag is aangekomen"
THANKS = "Je advies is onderweg"


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedding]:
    with embedding(tmp_path_factory.mktemp("embedding")) as running:
        yield running


@pytest.fixture
def widget(there: Embedding, page: Page) -> Locator:
    """The form on the practice's own site."""
    page.goto(there.article("script", there.snippets.script))
    found = page.locator("nurture-form")
    email(found).wait_for()
    return found


class Network:
    """What the browser posts, and what comes back instead of the service's answer, as often as there is something."""

    def __init__(self, page: Page, there: Embedding) -> None:
        self.posts: list[tuple[str, dict[str, Any]]] = []
        self.answers: list[tuple[int, dict[str, str], dict[str, Any]] | None] = []
        self._origin = there.site.origin
        page.on("request", self._note)
        page.route("**/api/opt-ins", self._answer)

    def _note(self, request: Request) -> None:
        if request.method == "POST":
            self.posts.append((request.headers["idempotency-key"], json.loads(request.post_data or "{}")))

    def _answer(self, route: Route) -> None:
        if route.request.method != "POST" or not self.answers:
            route.fallback()
        elif (answer := self.answers.pop(0)) is None:
            route.abort("connectionreset")
        else:
            status, headers, problem = answer
            cors = {"Access-Control-Allow-Origin": self._origin, "Access-Control-Expose-Headers": "Retry-After"}
            kind = "application/problem+json"
            route.fulfill(status=status, headers=cors | headers, content_type=kind, body=json.dumps(problem))


@pytest.fixture
def network(page: Page, there: Embedding) -> Network:
    return Network(page, there)


def told(widget: Locator) -> Locator:
    """Where the form says how it goes."""
    return widget.get_by_role("status")


def test_errors_stand_at_their_field_are_tied_to_it_and_go_when_it_is_right(page: Page, widget: Locator) -> None:
    widget.get_by_role("button", name=SUBMIT).click()
    assert email(widget).evaluate("node => node.getRootNode().activeElement === node")
    for field in (email(widget), widget.locator("[name=consent_advice]")):
        assert field.get_attribute("aria-invalid") == "true"
        error = widget.locator(f"#{field.get_attribute('aria-describedby')}")
        assert error.is_visible()
        above, below = field.bounding_box(), error.bounding_box()
        assert above
        assert below
        assert 0 < below["y"] - above["y"] < 120
    assert not broken_rules(page)
    email(widget).fill("anna")
    assert "Dit is geen e-mailadres" in widget.locator("#email-error").inner_text()
    email(widget).fill("anna@example.org")
    assert widget.locator("#email-error").count() == 0
    assert email(widget).get_attribute("aria-describedby") is None
    widget.locator("[name=consent_advice]").check()
    assert widget.locator(".error").count() == 0
    assert told(widget).inner_text() == ""


def test_what_the_service_refuses_is_told_at_the_field_too(widget: Locator, network: Network) -> None:
    fill_in(widget, "anna@voorbeeld")
    error = widget.locator("#email-error")
    error.wait_for()
    assert email(widget).get_attribute("aria-describedby") == "email-error"
    assert email(widget).evaluate("node => node.getRootNode().activeElement === node")
    problems = [
        {"pointer": "/answers/posture", "detail": "Dit antwoord hoort niet bij deze vraag."},
        {"pointer": "/topic", "detail": "Dit onderwerp kennen we niet."},
    ]
    network.answers.append((422, {}, {"detail": "Er klopt iets niet.", "errors": problems}))
    fill_in(widget, "anna@example.org")
    widget.get_by_text("Dit antwoord hoort niet bij deze vraag.").wait_for()
    assert (
        widget.get_by_role("group", name="Hoe is de stand").get_attribute("aria-describedby") == "answers-posture-error"
    )
    assert "Dit onderwerp kennen we niet." in told(widget).inner_text()


def test_a_slip_in_a_well_known_domain_is_offered_and_taken_with_one_press(widget: Locator) -> None:
    for typed, offered in (
        ("anna@gmial.com", "anna@gmail.com"),
        ("anna@gmail.con", "anna@gmail.com"),
        ("anna@gmail.nl", "anna@gmail.com"),
        ("anna@hotmial.com", "anna@hotmail.com"),
        ("anna@hotmai.nl", "anna@hotmail.nl"),
        ("anna@outlok.com", "anna@outlook.com"),
        ("anna@zigo.nl", "anna@ziggo.nl"),
        ("anna@ziggo.com", "anna@ziggo.nl"),
        ("anna@kpnmial.nl", "anna@kpnmail.nl"),
        ("anna@xs4al.nl", "anna@xs4all.nl"),
        ("anna@iclod.com", "anna@icloud.com"),
    ):
        email(widget).fill(typed)
        email(widget).press("Tab")
        take = widget.get_by_role("button", name=offered)
        take.wait_for()
        assert take.evaluate("node => node.closest('[aria-live]').textContent") == f"Bedoel je {offered}?"
        email(widget).focus()
        email(widget).press("Tab")
        assert take.evaluate("node => node.getRootNode().activeElement === node")
        take.press("Enter")
        assert email(widget).input_value() == offered
        assert take.count() == 0


def test_what_is_no_slip_is_left_alone_and_an_offer_stops_nobody(there: Embedding, page: Page, widget: Locator) -> None:
    page.clock.install()
    for typed in (
        "anna@gmail.com",
        "anna@hotmail.be",
        "anna@mail.com",
        "anna@praktijk.example",
        "anna@live.nl",
        "anna",
    ):
        email(widget).fill(typed)
        email(widget).press("Tab")
        page.clock.run_for(1_000)
        assert widget.locator(".take").count() == 0, typed
    page.clock.resume()
    fill_in(widget, there.new_address().replace("@voorbeeld", "@gmial"))
    widget.get_by_role("heading", name=THANKS).wait_for()


def test_a_double_press_is_one_opt_in_and_the_button_says_that_it_is_under_way(
    there: Embedding, widget: Locator, network: Network
) -> None:
    address = there.new_address()
    email(widget).fill(address)
    widget.locator("[name=consent_advice]").check()
    button = widget.locator("[type=submit]")
    button.dblclick()
    assert (button.get_attribute("aria-busy"), button.inner_text()) == ("true", "Even geduld…")
    button.press("Enter")
    email(widget).press("Enter")
    widget.get_by_role("heading", name=THANKS).wait_for()
    assert len(network.posts) == 1
    shown = json.loads(there.service.cli("lead", "show", address, "--json").stdout)
    assert len(shown["opt_ins"]) == 1


def test_after_a_lost_answer_a_second_press_counts_once(there: Embedding, page: Page) -> None:
    page.goto(there.article("script", there.snippets.script))
    widget = page.locator("nurture-form")
    email(widget).wait_for()
    keys: list[str] = []

    def lose_the_answer(route: Route) -> None:
        if route.request.method == "POST":
            keys.append(route.request.headers["idempotency-key"])
        if len(keys) != 1 or route.request.method != "POST":
            route.fallback()
        else:
            assert route.fetch().status == 202  # it arrived, and nobody in the browser knows
            route.abort("connectionreset")

    page.route("**/api/opt-ins", lose_the_answer)
    address = there.new_address()
    fill_in(widget, address)
    widget.get_by_text(LOST).wait_for()
    assert "nooit dubbel" in told(widget).inner_text()
    assert widget.locator("[type=submit]").inner_text() == SUBMIT
    assert email(widget).input_value() == address
    widget.get_by_role("button", name=SUBMIT).click()
    widget.get_by_role("heading", name=THANKS).wait_for()
    assert keys[0] == keys[1]
    assert len(there.service.mails(address)) <= 1
    shown = json.loads(there.service.cli("lead", "show", address, "--json").stdout)
    assert len(shown["opt_ins"]) == 1


def test_what_is_mended_while_it_is_under_way_goes_along_under_a_key_of_its_own(
    there: Embedding, page: Page, widget: Locator
) -> None:
    """A young form waits a moment before it is sent; so does one that makes its proof of work."""
    sent: list[tuple[str, bool]] = []
    mended = there.new_address()

    def lose_the_first_answer(route: Route) -> None:
        if route.request.method == "POST":
            body = json.loads(route.request.post_data or "{}")
            sent.append((route.request.headers["idempotency-key"], body["email"] == mended))
        if route.request.method != "POST" or len(sent) > 1:
            route.fallback()
        else:
            assert route.fetch().status == 202
            route.abort("connectionreset")

    page.route("**/api/opt-ins", lose_the_first_answer)
    fill_in(widget, there.new_address())
    email(widget).fill(mended)
    widget.get_by_text(LOST).wait_for()
    widget.get_by_role("button", name=SUBMIT).click()
    widget.get_by_role("heading", name=THANKS).wait_for()
    assert sent == [(sent[0][0], True)] * 2
    assert len(json.loads(there.service.cli("lead", "show", mended, "--json").stdout)["opt_ins"]) == 1


def test_another_content_is_another_request(there: Embedding, widget: Locator, network: Network) -> None:
    network.answers += [None, None]
    first, second = there.new_address(), there.new_address()
    for address in (first, second):
        fill_in(widget, address)
        widget.get_by_text(LOST).wait_for()
    fill_in(widget, second)
    widget.get_by_role("heading", name=THANKS).wait_for()
    keys = [key for key, _ in network.posts]
    assert keys[0] != keys[1] == keys[2]


def test_without_internet_the_form_says_that_nothing_was_sent(there: Embedding, page: Page, widget: Locator) -> None:
    address = there.new_address()
    page.context.set_offline(True)
    fill_in(widget, address)
    widget.get_by_text("Je hebt nu geen internet").wait_for()
    page.context.set_offline(False)
    widget.get_by_role("button", name=SUBMIT).click()
    widget.get_by_role("heading", name=THANKS).wait_for()


def test_a_slow_network_is_told_and_an_endless_one_given_up(page: Page, widget: Locator) -> None:
    page.clock.install()
    held: list[Route] = []
    page.route(
        "**/api/opt-ins", lambda route: held.append(route) if route.request.method == "POST" else route.fallback()
    )
    email(widget).fill("anna@example.org")
    widget.locator("[name=consent_advice]").check()
    with page.expect_request(lambda request: request.method == "POST"):
        widget.get_by_role("button", name=SUBMIT).click()
        page.clock.run_for(3_000)
    page.clock.run_for(7_000)
    widget.get_by_text("Het duurt langer dan normaal").wait_for()
    assert widget.locator("[type=submit]").inner_text() == "Even geduld…"
    page.clock.run_for(30_000)
    widget.get_by_text(LOST).wait_for()
    assert widget.locator("[type=submit]").inner_text() == SUBMIT


@pytest.mark.parametrize(
    ("status", "wait", "sentence"),
    [
        (429, "1800", "heel vaak verstuurd. Druk over 30 minuten nog een keer op de knop."),
        (429, "7300", "Druk over 3 uur nog een keer op de knop."),
        (503, "5", "Je gegevens staan er nog. Druk over een paar tellen nog een keer op de knop."),
        (500, "", "Druk over een minuut nog een keer op de knop."),
    ],
)
def test_what_passes_is_told_with_what_to_do(
    there: Embedding, widget: Locator, network: Network, status: int, wait: str, sentence: str
) -> None:
    network.answers.append((status, {"Retry-After": wait} if wait else {}, {"detail": "Nu even niet."}))
    address = there.new_address()
    fill_in(widget, address)
    told(widget).get_by_text(re.compile(re.escape(sentence))).wait_for()
    widget.get_by_role("button", name=SUBMIT).click()
    widget.get_by_role("heading", name=THANKS).wait_for()
    there.service.first_mail(address)


def test_a_refusal_says_why_and_leads_to_the_hosted_form(there: Embedding, widget: Locator, network: Network) -> None:
    network.answers.append((403, {}, {"detail": "Dit formulier mag hier niet gebruikt worden."}))
    fill_in(widget, there.new_address())
    told(widget).get_by_text("Dit formulier mag hier niet gebruikt worden.").wait_for()
    link = told(widget).get_by_role("link", name="Open het formulier op een eigen pagina")
    assert link.get_attribute("href") == f"{there.service.url}/forms/lage-rug"


def test_a_page_that_stood_open_for_days_mends_itself(there: Embedding, widget: Locator, network: Network) -> None:
    too_old = {"detail": "Te oud.", "errors": [{"pointer": "/form_token", "detail": "Dit formulier is te oud."}]}
    network.answers.append((422, {}, too_old))
    address = there.new_address()
    fill_in(widget, address)
    widget.get_by_role("heading", name=THANKS).wait_for()
    (first_key, first), (second_key, second) = network.posts
    assert first_key == second_key
    assert first.pop("form_token") != second.pop("form_token")
    assert first == second
    there.service.first_mail(address)

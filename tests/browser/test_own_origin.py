"""No page asks anybody but us for anything: each page of a running service in a browser, all requests noted."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from tests.support.routes import MAIL, ROUTES, path_of
from tests.support.running import http, installation, link_in, wait_for

pytestmark = pytest.mark.browser

PAGES = [route for route, kind in ROUTES.items() if route.startswith("GET") and kind.media_type == "text/html"]


def test_no_page_of_ours_asks_a_third_party_or_breaks_its_own_policy(page: Page, tmp_path: Path) -> None:
    asked: list[str] = []
    refused: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: refused.append(message.text) if "Content Security" in message.text else None)
    with installation(tmp_path, f"sqlite:///{tmp_path / 'nurture.db'}") as running:
        running.start()
        running.opt_in("anna@example.org")
        advice = running.first_mail("anna@example.org")
        http("POST", link_in(advice, "c"), form={})
        while len(running.mails("anna@example.org")) < 2:
            assert running.clock(to="next")["sent"]
        mail = running.mails("anna@example.org")[1]
        found = {letter: link_in(mail, letter) for letter in "ubap"} | {"c": link_in(advice, "c")}
        http("POST", found["p"], form={"action": "link"})
        found["d"] = link_in(wait_for(lambda: running.mails("anna@example.org")[2:], "the fresh link")[0], "d")
        real = {letter: url.rpartition("/")[2] for letter, url in found.items()}
        real |= {"form": "lage-rug", "mail_id": http("GET", f"{running.url}/demo/inbox.json").json()[0]["id"]}
        for path in ["/bestaat-niet", *(path_of(route, real) for route in PAGES)]:
            page.goto(f"{running.url}{path}", wait_until="networkidle" if "/demo/" not in path else "load")
        for letter, button in (("u", "Ja, stop de mails"), ("b", "Stuur")):
            page.goto(found[letter])
            page.get_by_role("button", name=button).first.click()
            page.wait_for_load_state()
        own = urlsplit(running.url)
        foreign = {url for url in asked if urlsplit(url)[:2] != own[:2] and not url.startswith("data:")}
    assert not foreign
    assert not refused
    assert len(asked) > 2 * len(PAGES), "styles are asked for too, or this looked at nothing"
    assert any(ROUTES[route] is MAIL for route in PAGES)

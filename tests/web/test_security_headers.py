"""The headers of every route, on its answer and on each of its errors (ACCEPTANCE E5).

`tests/support/routes.py` is the table; a route that is not in it fails here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, NoReturn

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from httpx2 import Response
from starlette.testclient import TestClient

from service.errors import UnavailableError
from service.flows.demo_clock import DemoClock
from service.store.db import Database, open_database
from service.store.tables import Media
from service.web import editor_script, pages, solver
from tests.support import acts, studio
from tests.support.agendas import AGENDAS, SECRET, as_body
from tests.support.fakes.lettermint import Lettermint
from tests.support.house import BASE_URL, House, link, open_house
from tests.support.pictures import image
from tests.support.routes import (
    BEHIND_LOGIN,
    BODIES,
    EMPTY,
    FRAMED_PAGE,
    MAIL,
    NONE,
    PAGE,
    PROBLEM,
    ROUTES,
    SETS_A_COOKIE,
    WITHOUT_DATABASE,
    Kind,
    path_of,
)
from tests.support.website import BROWSER, opt_in, website

IMAGE = "0123456789abcdef0123456789abcdef01234567.png"
AS = {"browser": BROWSER, "program": {"Accept": "*/*"}}


class DefectError(RuntimeError):
    """Not raised on purpose."""


@pytest.fixture
def demo(migrated_database_url: str, tmp_path: Path) -> Iterator[House]:
    """A house in which every route exists."""
    database = open_database(migrated_database_url)
    changes: dict[str, Any] = {"database": database, "clock": DemoClock(database), "demo": True}
    with open_house(migrated_database_url, tmp_path, mail_dir=tmp_path / "outbox", **changes) as built:
        yield built


@pytest.fixture
def client(demo: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    solver_file = tmp_path / "proof.js"
    solver_file.write_text("export {};\n")  # it is built by `make bundle`, where there is a Node
    monkeypatch.setattr(solver, "BUNDLE", solver_file)
    monkeypatch.setattr(editor_script, "BUNDLE", solver_file)
    # Without proof of work there is no challenge, without a secret no webhook.
    secrets = {"generic": (SECRET,), "lettermint": (SECRET,)}
    return website(demo.with_changes(proof_of_work=True, webhook_secrets=secrets))


@pytest.fixture
def real(demo: House) -> dict[str, str]:
    """What stands in the paths: a link of each sort by its letter, a form, an image, a mail, a file of ours."""
    client = website(demo)
    opt_in(client)
    demo.send_due()
    advice = demo.mails("anna@example.org")[0]
    client.post(link(advice, "c"))
    for _ in range(2):
        client.post("/demo/clock", json={"to": "next"})
    found = {letter: link(demo.mails("anna@example.org")[1], letter) for letter in "ubap"} | {"c": link(advice, "c")}
    client.post(found["p"], data={"action": "link"})
    demo.send_due()
    found["d"] = link(demo.mails("anna@example.org")[-1], "d")
    picture = Media(name=IMAGE, kind="image/png", data=image(width=16, height=16), published_at=demo.clock.now())
    acts.commit(demo, lambda session: session.add(picture))
    return {letter: url.rpartition("/")[2] for letter, url in found.items()} | {
        "form": "lage-rug",
        "source": "generic",
        "provider": "lettermint",
        "s": studio.invited(demo),
        "name": IMAGE,
        "mail_id": client.get("/demo/inbox.json").json()[0]["id"],
        "static": pages.static_url("base.css").removeprefix("/static/"),
    }


def ask(client: TestClient, route: str, path: str, accept: dict[str, str]) -> Response:
    method = route.partition(" ")[0]
    if "/webhooks/mail/" in route:
        hook = Lettermint().hook(b'{"event": "webhook.test", "id": "evt_1"}', SECRET, datetime.now(UTC))
        return client.post(path, content=hook.body, headers=accept | dict(hook.headers))
    if "/webhooks/" in route:
        agenda = AGENDAS["generic"]
        body = as_body(agenda.unknown(at=datetime.now(UTC)))
        return client.post(path, content=body, headers=accept | agenda.signed(body))
    if "/studio" in route:
        accept = accept | {"Origin": BASE_URL}
    return client.request(method, path, headers=accept, data=BODIES.get(route) if method == "POST" else None)


def test_the_table_holds_every_route(client: TestClient) -> None:
    assert isinstance(client.app, FastAPI)
    there = {
        f"{method} {each.path}"
        for each in iter_route_contexts(client.app.routes)
        for method in sorted(each.methods or {"GET"})
        if method != "HEAD"
    }
    missing, gone = sorted(there - ROUTES.keys()), sorted(ROUTES.keys() - there)
    assert not missing, f"write a line for {missing} into ROUTES (and BODIES, path_of) of tests/support/routes.py"
    assert not gone, f"take {gone} out of ROUTES of tests/support/routes.py"


def test_every_answer_has_the_headers_of_its_kind(client: TestClient, real: dict[str, str]) -> None:
    wrong: list[str] = []
    for route, kind in ROUTES.items():
        for accept in AS.values() if route not in SETS_A_COOKIE else ():
            answer = ask(client, route, path_of(route, real), accept)
            assert answer.status_code < 400, (route, answer.status_code, answer.text[:500])
            owed = EMPTY if answer.status_code == 303 else kind  # a form of a browser goes on to another page
            wrong += [f"{route}: {each}" for each in faults(answer, owed)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(("error", "status"), [(UnavailableError("away"), 503), (DefectError("x"), 500)])
@pytest.mark.parametrize("accept", AS.values(), ids=AS.keys())
def test_so_has_an_answer_without_a_database_and_one_to_a_defect(
    client: TestClient,
    real: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    status: int,
    accept: dict[str, str],
) -> None:
    def fail(_self: Database, **_: object) -> NoReturn:
        raise error

    monkeypatch.setattr(Database, "reading", fail)
    monkeypatch.setattr(Database, "transaction", fail)
    wrong: list[str] = []
    for route, kind in ROUTES.items():
        answer = ask(client, route, path_of(route, real), accept)
        broken = answer.status_code >= 500
        told = error_kind(answer) if broken else kind
        wrong += [f"{route} {answer.status_code}: {each}" for each in faults(answer, told)]
        if route not in WITHOUT_DATABASE and (route, status) != ("GET /metrics", 503):
            assert answer.status_code == status, route
            assert answer.headers.get("retry-after", "5") == "5", route
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("accept", AS.values(), ids=AS.keys())
def test_so_has_every_refusal(client: TestClient, real: dict[str, str], accept: dict[str, str]) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"} | accept
    refused: list[tuple[int, Response]] = [(404, client.get("/bestaat-niet", headers=accept))]
    for route in ROUTES:
        path = path_of(route, real)
        refused.append((405, client.request("DELETE", path, headers=accept)))
        door = BEHIND_LOGIN.get(route)
        if "{" in route and door is None:
            unknown = path_of(route, dict.fromkeys(real, "verzonnen"))
            refused.append((404, ask(client, route, unknown, accept)))
        is_read = door is None or (not door.uploads and door.largest < 1_000_000)
        if route.startswith("POST") and is_read:
            refused.append((413, client.post(path, content=b"x" * 1_100_000, headers=form)))
    particular = ("POST /api/opt-ins", "POST /b/{token}", "POST /a/{token}", "POST /p/{token}", "POST /demo/clock")
    dance = [client.post(path_of(route, real), data={"action": "dance"}, headers=accept) for route in particular]
    refused += [(422, answer) for answer in dance]
    refused.append((415, client.post("/api/opt-ins", content=b"x", headers={"Content-Type": "text/xml"} | accept)))
    refused.append((403, client.post("/api/opt-ins", data={}, headers={"Origin": "https://kwaad.example"} | accept)))
    assert [answer.status_code for _, answer in refused] == [status for status, _ in refused]
    wrong = [
        f"{answer.url} {status}: {each}" for status, answer in refused for each in faults(answer, error_kind(answer))
    ]
    assert not wrong, "\n".join(wrong)
    assert all(answer.headers.get("allow") for status, answer in refused if status == 405)


def test_styles_may_be_kept_for_long_under_the_mark_of_their_content(client: TestClient) -> None:
    assert client.get("/static/base.css").headers["cache-control"] == "no-cache"
    assert client.get("/static/../app.py").status_code == 404


def error_kind(answer: Response) -> Kind:
    if not answer.headers["content-type"].startswith("text/html"):
        return PROBLEM
    return FRAMED_PAGE if answer.url.path.startswith(("/forms/", "/bedankt", "/api/opt-ins")) else PAGE


def faults(answer: Response, kind: Kind) -> list[str]:
    """What is wrong with the headers of an answer, and with a page that its policy would break."""
    headers = answer.headers
    policy = parsed(headers.get_list("content-security-policy"))
    expected = {
        "media type": (headers.get("content-type", "").partition(";")[0], kind.media_type),
        "content security policy": (policy, dict(kind.policy)),
        "referrer policy": (headers.get_list("referrer-policy"), [kind.referrer]),
        "nosniff": (headers.get_list("x-content-type-options"), ["nosniff"]),
        "robots": (headers.get_list("x-robots-tag"), ["noindex"]),
        "cache": (headers.get_list("cache-control"), [kind.cache]),
        "cookie": (headers.get("set-cookie"), None),
        "server": (headers.get("server"), None),
    }
    found = [f"{name} is {there!r}, not {owed!r}" for name, (there, owed) in expected.items() if there != owed]
    if kind.media_type == "text/html" and kind is not MAIL:
        page = Looked(answer.text)
        found += [f"not allowed by the policy: {each}" for each in page.inline]
        if page.forms and kind.policy["form-action"] == NONE:
            found.append("a form on a page that may post nothing")
        found += [f"a form that posts to {action}" for action in page.forms if not (action + "/").startswith("/")]
    return found


def parsed(policies: list[str]) -> dict[str, tuple[str, ...]]:
    """One policy by directive (CSP level 3, section 2.2); a directive that stands there twice has no effect the second
    time, and is a mistake here."""
    assert len(policies) == 1, policies
    directives = [directive.split() for directive in policies[0].split(";") if directive.strip()]
    assert len({name for name, *_ in directives}) == len(directives), policies[0]
    return {name.lower(): tuple(values) for name, *values in directives}


class Looked(HTMLParser):
    """A page: where its forms post to, and what stands in it that a policy without `unsafe-inline` forbids."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[str] = []
        self.inline: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """One tag with its attributes."""
        given = dict(attrs)
        if tag == "form":
            self.forms.append(given.get("action") or "")
        source = (given.get("src") or "").removeprefix(BASE_URL)
        if tag == "style" or (tag == "script" and not re.match(r"/(?!/)", source)):
            self.inline.append(tag)
        self.inline += [f"{name} on {tag}" for name in given if name == "style" or name.startswith("on")]

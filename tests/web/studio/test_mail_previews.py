"""A draft that is not saved: seen in each look, as each reader, checked, and sent to staff alone."""

from __future__ import annotations

import json
from html.parser import HTMLParser

import pytest
from httpx2 import Response

from service.domain.staff import Role
from service.flows import staff
from service.store.db import real_now
from tests.support import studio
from tests.support.house import House
from tests.support.studio import ESRA, FRANK, GIJS, Desk, desk, hire

pytestmark = pytest.mark.files

MAIL = "/studio/mails/hoe-ging-het"
BODY = "# Kop\n\nHallo{% if first_name %} {{ first_name }}{% endif %},\n\n**Nog niet bewaard.**\n"
POSTURE = '{% if answers.posture == "hollow" %}Hol{% elif answers.posture == "flat" %}Plat{% else %}Open{% endif %}\n'


def draw(there: Desk, path: str = MAIL, **fields: str) -> Response:
    given = {"tab": "text", "mark": "x", "subject": "Een proef", "body": BODY} | fields
    return there.post(f"{path}/preview", **given)


def test_what_is_typed_is_drawn_in_a_frame_without_rights_and_nothing_is_saved(house: House) -> None:
    there = desk(house, hire(house))
    before = house.rows()
    text = (house.services.content_dir / "email_templates" / "hoe-ging-het.md").read_bytes()
    answer = draw(there)
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'")
    assert "script" not in policy
    assert "Nog niet bewaard." in answer.text
    assert "Hallo Anna," in answer.text
    assert "Hallo," in draw(there, **{"as": "nameless"}).text
    assert "(prefers-color-scheme" not in answer.text
    assert draw(there, look="dark").text.count("(min-width: 0)") > answer.text.count("(min-width: 0)")
    assert "img-src data:" not in draw(there, look="images-off").text
    assert "Hallo Anna,\n" in draw(there, look="text").text
    asked = {answer: draw(there, body=BODY + POSTURE, answer_posture=answer).text for answer in ("hollow", "flat", "")}
    assert [("Hol<" in page, "Plat<" in page) for page in asked.values()] == [
        (True, False),
        (False, True),
        (False, False),
    ]
    assert "Hoe ging de eerste stap?" in there.see(f"{MAIL}/preview").text
    assert text == (house.services.content_dir / "email_templates" / "hoe-ging-het.md").read_bytes()
    assert house.rows() == before


def test_another_look_reader_or_answer_than_there_is_is_refused_in_the_frame(house: House) -> None:
    there = desk(house, hire(house))
    wrong = ({"look": "x"}, {"as": "admin"}, {"answer_posture": "x"}, {"tab": "x"})
    answers = [draw(there, **fields) for fields in wrong]
    answers.append(draw(there, "/studio/mails/_groet", **{"in": "_aanhef"}))
    for answer in answers:
        assert answer.status_code == 422
        assert answer.headers["content-security-policy"].startswith("sandbox")
        assert "Nog geen voorbeeld" in answer.text


def test_a_mistake_is_told_in_the_frame_and_by_the_check_at_its_line(house: House) -> None:
    there = desk(house, hire(house))
    broken = "# Kop\n\nHoi {{ voornaam }}\n"
    answer = draw(there, body=broken)
    assert answer.status_code == 422
    assert "Regel 3:" in answer.text
    told = there.post(f"{MAIL}/check", tab="text", subject="Een proef", body=broken).json()
    assert [(each["line"], each["severity"]) for each in told["problems"] if each["severity"] == "error"] == [
        (3, "error")
    ]
    fine = there.post(f"{MAIL}/check", tab="text", subject="Hoi {{ practice.name }}", body=BODY).json()
    assert fine["subject"] == "Hoi Solid Performance"
    assert fine["words"] == 6
    kinds = {each["kind"]: each["name"] for each in fine["fields"]}
    assert kinds.keys() == {"value", "condition", "partial", "link"}
    by_name = {each["name"]: each for each in fine["fields"]}
    assert by_name["answers.posture"]["values"]
    assert by_name["_groet.md"]["kind"] == "partial"
    assert "request.email" not in by_name


def test_a_shared_text_is_drawn_in_a_mail_that_has_it(house: House) -> None:
    there = desk(house, hire(house))
    answer = draw(there, "/studio/mails/_groet", body="Tot heel gauw.\n", **{"in": "uitnodiging"})
    assert "Tot heel gauw." in answer.text
    assert "Zullen we samen kijken?" in answer.text


def test_a_test_goes_to_staff_alone_and_editors_reach_only_themselves(house: House) -> None:
    esra, frank = hire(house, ESRA), hire(house, FRANK, Role.MANAGER, "Frank")
    gijs = hire(house, GIJS, Role.ADMIN)
    editor, manager = desk(house, esra), desk(house, frank)
    fields = {"tab": "text", "mark": "x", "subject": "Een proef", "body": BODY}
    answer = editor.post(f"{MAIL}/test", to=str(esra), **fields)
    assert "Testmail verstuurd aan esra@praktijk.example" in answer.text
    [mail] = house.mails(ESRA)
    assert mail["Subject"] == "Een proef"
    assert "Nog niet bewaard." in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert FRANK not in editor.see(MAIL).text
    assert editor.post(f"{MAIL}/test", to=str(frank), **fields).status_code == 404
    assert editor.post(f"{MAIL}/test", to="anna@example.org", **fields).status_code == 404
    assert "Testmail verstuurd" in manager.post(f"{MAIL}/test", to=str(esra), **fields).text
    assert len(house.mails()) == 2
    with house.services.database.transaction() as session:
        staff.disable(session, house.services, esra, actor="test", now=real_now(session))
    assert manager.post(f"{MAIL}/test", to=str(esra), **fields).status_code == 404
    broken = manager.post(f"{MAIL}/test", to=str(frank), **(fields | {"body": "{{ voornaam }}"}))
    assert broken.status_code == 422
    assert len(house.mails()) == 2
    page = studio.words(desk(house, gijs).see("/studio/audit"))
    assert "testmail verstuurd" in page


def test_ten_tests_in_ten_minutes_are_enough(house: House) -> None:
    me = hire(house)
    there = desk(house, me)
    fields = {"tab": "text", "mark": "x", "subject": "Een proef", "body": BODY, "to": str(me)}
    statuses = [there.post(f"{MAIL}/test", **fields).status_code for _ in range(11)]
    assert statuses == [200] * 10 + [429]
    assert len(house.mails()) == 10


PAYLOADS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "</textarea><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    '"><script>alert(1)</script>',
    "' onmouseover='alert(1)",
    '" autofocus onfocus="alert(1)',
    "<iframe src=javascript:alert(1)>",
    "<a href=javascript:alert(1)>x</a>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](data:text/html,<script>alert(1)</script>)",
    "[x](vbscript:msgbox(1))",
    '![x](x" onerror="alert(1))',
    "<details open ontoggle=alert(1)>",
    "<style>@import 'https://kwaad.example'</style>",
    "<base href=https://kwaad.example>",
    "<meta http-equiv=refresh content='0;url=https://kwaad.example'>",
    "<object data=javascript:alert(1)>",
    "<form action=https://kwaad.example><button>x</button></form>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<!--<img src='--><img src=x onerror=alert(1)//'>",
    "\u2028<script>alert(1)</script>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "{{ 7 * 7 }}",
    "{{ ''.__class__.__mro__ }}",
    "{{ self._TemplateReference__context }}",
    "{{ cycler.__init__.__globals__ }}",
    "{{ practice|attr('__class__') }}",
    "{{ '%s'|format(7) }}",
    "{{ lipsum.__globals__ }}",
    "{% import 'os' as os %}",
    "{% set x = 1 %}{{ x }}",
    "{% for x in range(10**9) %}x{% endfor %}",
    "{{ 'a' * 10**9 }}",
    "{{ practice.opening_days|join('x'*9999) }}",
    "{% include '/etc/passwd' %}",
    "{% include '../practice.yaml' %}",
    "{% raw %}<script>{% endraw %}",
    "{{ first_name|safe }}",
    "{% autoescape false %}<b>{% endautoescape %}",
    "{{ config }}{{ request }}{{ environ }}",
    "${7*7}#{7*7}<%= 7*7 %>",
)


class Alive(HTMLParser):
    """What of a page could run, or lead away by itself; our own script and style sheets aside."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        ours = given.get("src", "").startswith(("/static/", "/studio/mails/"))
        if tag in {"object", "embed", "math"} or (tag in {"script", "iframe"} and not ours):
            self.found.append(tag)
        if (tag == "base" and "href" in given) or given.get("http-equiv", "").lower() == "refresh":
            self.found.append(tag)
        for name, value in given.items():
            where = "".join(value.lower().split())
            lively = where.startswith(("javascript:", "vbscript:", "data:text")) and name in {"href", "src", "action"}
            if name.startswith("on") or lively or "kwaad.example" in (where if name in {"action", "src"} else ""):
                self.found.append(f"{tag} {name}")


def alive(answer: Response) -> list[str]:
    reader = Alive()
    reader.feed(answer.text)
    return reader.found


def test_nothing_that_is_typed_runs_in_a_preview(house: House) -> None:
    there = desk(house, hire(house))
    for payload in PAYLOADS:
        fields = {"tab": "text", "mark": "x", "subject": payload, "preheader": payload, "reason": payload}
        answer = there.post(f"{MAIL}/preview", **fields, body=f"# Kop\n\n{payload}\n")
        assert answer.status_code in {200, 422}, payload
        assert answer.headers["content-security-policy"].startswith("sandbox allow-popups"), payload
        assert not alive(answer), payload
        assert not {"49", "root:", "mappingproxy"} & set(answer.text.split()), payload
    for payload in PAYLOADS[::6]:
        told = there.post(f"{MAIL}/check", tab="text", subject=payload, body=payload)
        assert (told.status_code, told.headers["content-type"]) == (200, "application/json"), payload


def test_nothing_that_is_typed_runs_on_a_page_of_the_studio(house: House) -> None:
    there = desk(house, hire(house, FRANK, Role.MANAGER, "<script>alert(1)</script>"))
    folder = house.services.content_dir / "email_templates"
    for number, payload in enumerate(PAYLOADS):
        head = "".join(f"{key}: {json.dumps(payload)}\n" for key in ("subject", "preheader", "reason"))
        (folder / f"p{number}.md").write_text(f"---\n{head}---\n# {payload}\n\n{payload}\n")
    fields = [f"/studio/mails/p{number}" for number in range(len(PAYLOADS))]
    for path in ("/studio/mails", *fields, *(f"{each}?tab=source" for each in fields[::4])):
        answer = there.see(path)
        assert answer.status_code == 200, path
        assert not alive(answer), path
        assert "unsafe" not in answer.headers["content-security-policy"]

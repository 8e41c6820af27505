"""What every page for leads holds to, whatever it says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from service.web import pages
from service.web.demo_views import ArticlePage, InboxPage, WebsitePage
from service.web.my_data_views import AskedFor, MyDataPage, Told
from service.web.studio.views import StudioPage
from service.web.views import FormPage, LeadPage, Page, ThankYouPage, UnavailablePage
from service.web.workbench import WorkbenchPage
from tests.support.sample_pages import PAGES

VOID = {"meta", "link", "input", "br"}


class Tags(HTMLParser):
    """Every tag of a page with its attributes, and a check that each opened one is closed again in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert not self._open, f"never closed: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


def html_of(page: Page) -> str:
    return bytes(pages.render(page).body).decode()


def subclasses(kind: type[Page]) -> Iterator[type[Page]]:
    for each in kind.__subclasses__():
        yield each
        yield from subclasses(each)


SCRIPTED = {
    InboxPage: "/static/inbox.js",
    WorkbenchPage: "/static/workbench.js",
    FormPage: "/embed.js",
    ThankYouPage: "/embed.js",
    ArticlePage: "/embed.js",
    WebsitePage: "/embed.js",
}
"""Every other page runs nothing at all; these do without, too."""
every_page = pytest.mark.parametrize("page", PAGES.values(), ids=PAGES.keys())


def test_every_kind_of_page_and_every_template_is_among_the_samples() -> None:
    kinds = {type(page) for page in PAGES.values()}
    of_the_studio = {kind for kind in subclasses(StudioPage) if hasattr(kind, "template")}  # these have their own tests
    assert set(subclasses(Page)) - set(subclasses(StudioPage)) - {LeadPage, StudioPage} == kinds
    folder = Path(pages.__file__).parent / "templates"
    whole = {str(file.relative_to(folder)) for file in folder.rglob("*.html") if not file.name.startswith("_")}
    assert whole - {"base.html", "studio/base.html"} == {kind.template for kind in kinds | of_the_studio}


@every_page
def test_a_page_is_whole_dutch_and_has_one_heading(page: Page) -> None:
    tags = Tags(html_of(page))
    assert tags.all("html")[0]["lang"] == "nl"
    assert len(tags.all("h1")) == 1
    assert page.bare or tags.all("a")[0]["href"] == "#inhoud"
    assert not (page.bare and (tags.all("header") or tags.all("footer")))
    assert len([each for each in tags.found if each[1].get("id") == "inhoud"]) == 1
    identities = [each[1]["id"] for each in tags.found if "id" in each[1]]
    assert len(identities) == len(set(identities))


@every_page
def test_nothing_runs_and_nothing_comes_from_elsewhere(page: Page) -> None:
    tags = Tags(html_of(page))
    for _, attributes in tags.found:
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        assert not (attributes.get("src") or "/").startswith(("http", "//"))
    assert not tags.all("style")
    scripts = list(dict.fromkeys(str(each["src"]).partition("?")[0] for each in tags.all("script")))
    assert scripts == [SCRIPTED[kind] for kind in type(page).__mro__ if kind in SCRIPTED]
    for sheet in tags.all("link"):
        assert str(sheet["href"]).startswith("/static/")


@every_page
def test_every_form_posts_to_us_and_every_field_has_its_words(page: Page) -> None:
    tags = Tags(html_of(page))
    labelled = {label["for"] for label in tags.all("label") if "for" in label}
    for form in tags.all("form"):
        assert form["method"] == "post"
        assert form.get("action", "/") in {"/", "/api/opt-ins", "/demo/clock"}
    for field in tags.all("input"):
        assert field["type"] in {"hidden", "radio", "checkbox"} or field["id"] in labelled
    assert bool(tags.all("form")) <= type(page).has_form


@every_page
def test_every_page_carries_the_security_headers(page: Page) -> None:
    headers = pages.render(page).headers
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy.pop("frame-ancestors") == " ".join(["'self'", *page.framed_by] if page.framed_by else ["'none'"])
    assert policy["base-uri"] == "'none'"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert "http" not in " ".join(policy.values())
    assert policy.get("script-src") == ("'self'" if isinstance(page, tuple(SCRIPTED)) else None)
    assert headers["Referrer-Policy"] == ("same-origin" if type(page).has_form else "no-referrer")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Robots-Tag"] == "noindex"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Content-Type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize("name", ["confirm", "confirm-again", "unsubscribe", "answer-better", "answer-worse"])
def test_a_page_behind_a_mail_link_has_one_button_and_it_posts(name: str) -> None:
    tags = Tags(html_of(PAGES[name]))
    assert len(tags.all("form")) == 1
    assert len(tags.all("button")) == 1
    assert len([each for _, each in tags.found if "button" in (each.get("class") or "")]) == 1


@pytest.mark.parametrize("name", [name for name in PAGES if name.startswith(("my-data", "all-data"))])
def test_a_page_of_ones_own_has_one_main_button_and_every_button_posts(name: str) -> None:
    html = html_of(PAGES[name])
    assert html.count('class="button"') == (0 if name == "all-data-link-mailed" else 1)
    outside = re.sub(r"<form.*?</form>", "", html, flags=re.DOTALL)
    assert "<button" not in outside
    assert 'type="submit"' in html or name == "all-data-link-mailed"


@pytest.mark.parametrize("name", ["form", "demo-article"])
def test_the_opt_in_form_is_the_one_of_the_interface(name: str) -> None:
    tags = Tags(html_of(PAGES[name]))
    fields = {str(field["name"]) for field in tags.all("input")}
    assert fields == {
        "form", "consent_version", "source_url", "first_name", "email", "answers.leg", "answers.posture",
        "leave_empty", "consent_advice", "consent_follow_up", "form_token",
    }  # fmt: skip
    boxes = [field for field in tags.all("input") if field["type"] == "checkbox"]
    assert len(boxes) == 2
    assert not any("checked" in box for box in boxes)
    trap = next(field for field in tags.all("input") if field["name"] == "leave_empty")
    assert (trap["tabindex"], trap["autocomplete"]) == ("-1", "off")


def test_what_a_lead_typed_is_shown_as_text_alone() -> None:
    page = PAGES["my-data"]
    assert isinstance(page, MyDataPage)
    typed = AskedFor(topic="rug", on=page.since, page="e.example/<img src=x>")
    told = (Told(label="{{ 7 * 7 }}", answer="<b>"),)
    html = html_of(replace(page, first_name='<img src=x onerror="alert(1)">', told=told, asked_for=(typed,)))
    assert "<img" not in html
    assert "{{ 7 * 7 }}" in html
    assert "&lt;b&gt;" in html


@pytest.mark.parametrize("name", ["thank-you", "answer-worse", "answered-worse"])
def test_the_safety_block_is_shown_where_it_must_be(name: str) -> None:
    html = html_of(PAGES[name])
    assert "Bel nu je huisarts" in html
    assert "112" in html


def test_the_thank_you_page_names_sender_subject_and_button() -> None:
    html = html_of(PAGES["thank-you"])
    for words in ("advies@solidperformance.example", "Je gratis advies: begin vandaag", "Ja, stuur mij het vervolg"):
        assert words in html


@pytest.mark.parametrize("name", ["booking", "booking-erased", "booking-link", "booking-requested", "demo-article"])
def test_the_facts_of_the_pain_check_stand_beside_every_way_to_it(name: str) -> None:
    page = PAGES[name]
    assert page.practice
    html = html_of(page)
    for fact in page.practice.pain_check.model_dump().values():
        assert fact in html


def test_going_on_to_the_practices_calendar_needs_no_script_and_tells_no_link() -> None:
    answer = pages.render(PAGES["booking-goes-on"])
    assert b'http-equiv="refresh" content="0; url=https://agenda.example/pijncheck"' in bytes(answer.body)
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_a_worse_answer_gives_the_phone_number_to_press() -> None:
    assert 'href="tel:0200000000"' in html_of(PAGES["answered-worse"])


@pytest.mark.parametrize("name", ["problem", "problem-framed", "not-found"])
def test_no_error_is_a_dead_end(name: str) -> None:
    assert re.search(r'Lukt het niet\? Bel ons op <a href="tel:\d+">', html_of(PAGES[name]))


def test_statuses_are_told_and_a_fault_of_ours_asks_to_come_back() -> None:
    assert pages.render(PAGES["not-found"]).status_code == 404
    assert pages.render(PAGES["problem"]).status_code == 422
    assert pages.render(PAGES["problem"], status=413).status_code == 413
    answer = pages.render(UnavailablePage(practice=None, retry_after=7))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "7")


def test_the_article_is_one_read_of_some_minutes_with_two_ways_to_the_form() -> None:
    html = html_of(PAGES["demo-article"])
    words = re.sub(r"<[^>]+>", " ", html.split("<article")[1].split("</article>")[0]).split()
    assert 550 <= len(words) <= 900
    assert len(re.findall(r'class="button" href="#pijnadvies">Gratis pijnadvies<', html)) == 2


def test_a_mail_in_the_demo_stands_in_a_sandbox_and_opens_its_links_beside() -> None:
    answer = pages.mail_frame("<html><head><title>x</title></head><body><script>1</script></body></html>")
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox allow-popups")
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy
    assert "script-src" not in policy
    assert bytes(answer.body).startswith(b'<html><head><base target="_blank"><title>')


def test_a_static_file_is_named_with_a_mark_of_what_is_in_it() -> None:
    assert re.fullmatch(r"/static/base\.css\?v=[0-9a-f]{10}", pages.static_url("base.css"))


@pytest.mark.parametrize(
    ("written", "dialled"),
    [
        ("06-123 456 78", "0612345678"),
        ("(020) 000.00.00", "0200000000"),
        ("+31 (0)6 12345678", "+31612345678"),
        ("0031 (0)20 1234567", "0031201234567"),
    ],
)
def test_a_number_is_dialled_as_it_is_meant(written: str, dialled: str) -> None:
    assert pages.dialled(written) == dialled


@pytest.mark.parametrize("name", ["booking", "booking-erased", "form", "confirm"])
def test_a_question_that_may_stay_open_says_so_and_its_choices_are_written_alike(name: str) -> None:
    page = html_of(PAGES[name])
    asked = re.findall(r"<legend>(.*?)</legend>", page)
    assert asked
    assert [each for each in asked if "(niet verplicht)" not in each] == []
    choices = re.findall(r'<label class="choice">.*?<span>(.*?)</span>', page, re.DOTALL)
    assert [each for each in choices if not each[0].isupper()] == []


def test_who_was_erased_hears_at_both_fields_that_one_of_them_will_do() -> None:
    tied = [each["name"] for each in Tags(html_of(PAGES["booking-erased"])).all("input") if "reach" in each.values()]
    assert tied == ["phone", "email"]
    assert 'id="reach"' in html_of(PAGES["booking-erased"])
    assert "reach" not in html_of(PAGES["booking"])

"""Templates reach nothing but what they are given, and cannot eat time or memory (ACCEPTANCE M5)."""

from __future__ import annotations

import jinja2
import pytest

from service.mail.compose import HeldMailError, render
from service.mail.sandbox import make_environment
from tests.support.mails import compiled, tried, values

ESCAPES = [
    "{{ practice|attr('__class__') }}",
    "{{ cycler.__init__.__globals__ }}",
    "{{ self._TemplateReference__context }}",
    "{{ ''.__class__.__mro__ }}",
    "{{ '{0.__class__}'.format(practice) }}",
    "{{ practice.__class__ }}",
    "{{ practice['__class__'] }}",
    "{{ practice.items() }}",
    "{{ answers.__init__ }}",
    "{{ answer_url.__globals__ }}",
    "{{ answer_url(practice) }}",
    "{{ answer_url('elsewhere') }}",
    "{{ answer_url(*['same']) }}",
    "{{ joiner() }}",
    "{{ namespace() }}",
    "{{ lipsum.__globals__ }}",
    "{{ url_for.__globals__ }}",
    "{% import 'os' as os %}",
    "{% include '../.env' %}",
    "{% include '/etc/passwd' %}",
    "{% extends 'x' %}",
    "{% macro x() %}{% endmacro %}",
    "{% block x %}{% endblock %}",
    "{% call x() %}{% endcall %}",
    "{% filter upper %}x{% endfilter %}",
    "{% with x = 1 %}{% endwith %}",
    "{{ practice.name|map('upper') }}",
    "{{ practice.name|safe }}",
    "{{ practice.name|link }}",
    "{{ practice.name|join(practice) }}",
    "{\\{ practice.__class__ }}",
    "&#123;{ practice.__class__ }}",
    "{\\% set x = 1 %}",
    "{{# x #}{ practice.__class__ }}",
]
BOMBS = [
    "{% for a in range(10**9) %}x{% endfor %}",
    "{{ 'a'*10**9 }}",
    "{{ 'a' ~ 'b' }}",
    "{{ 10**10**10 }}",
    "{{ practice.name|center(1000000000) }}",
    "{{ lipsum(1000000) }}",
    "{{ practice.name|wordwrap(1) }}",
    "{% for a in practice.opening_days %}{% for b in practice.opening_days %}x{% endfor %}{% endfor %}",
    "{% for a in practice.opening_days recursive %}{{ loop(a) }}{% endfor %}",
    "{% for a in [" + "1," * 1000 + "1] %}x{% endfor %}",
    "{% if first_name %}" * 400 + "x" + "{% endif %}" * 400,
    "{{ " + "(" * 8000 + "first_name" + ")" * 8000 + " }}",
    "{{ " + "not " * 5000 + "first_name }}",
    "{{ " + "9" * 20000 + " }}",
    "x" * 40_000,
    '{% include "_b.md" %}\n' * 1000,
]
DOUBLING = {"_b.md": '{% include "_c.md" %}\n' * 1000, "_c.md": '{% include "_d.md" %}\n' * 1000, "_d.md": "x\n" * 9000}


@pytest.mark.parametrize("body", ESCAPES)
def test_a_known_way_out_is_refused(body: str) -> None:
    mail, problems = tried(body)
    assert mail is None
    assert any(problem.severity == "error" for problem in problems)


@pytest.mark.parametrize("body", BOMBS, ids=range(len(BOMBS)))
def test_a_resource_bomb_is_refused_before_it_runs(body: str) -> None:
    mail, problems = tried(body, more=DOUBLING)
    assert mail is None
    assert any(problem.severity == "error" for problem in problems)


@pytest.mark.parametrize(
    "body", ["[" * 31_000, "![" * 15_000, "*a " * 10_000, "- " * 15_000, "|a" * 15_000, "> " * 15_000]
)
def test_markdown_that_is_hard_to_read_comes_to_an_end(body: str) -> None:
    tried(body)


def test_the_environment_itself_knows_no_globals_and_few_filters() -> None:
    environment = make_environment(html=True)
    assert environment.globals == {}
    assert "attr" not in environment.filters
    assert "map" not in environment.filters
    with pytest.raises(jinja2.exceptions.SecurityError):
        environment.from_string("{{ x.__class__ }}").render(x=1)


def test_a_value_that_looks_like_a_template_is_only_text() -> None:
    mail = compiled("{{ practice.name }}")
    rendered = render(mail, values(name="{{ practice.kvk }}{% if %}<b>&"))
    assert "{{ practice.kvk }}{% if %}<b>&" in rendered.text
    assert "{{ practice.kvk }}{% if %}&lt;b&gt;&amp;" in rendered.html


@pytest.mark.parametrize("link", ["javascript:alert(1)", "https://a b", 'https://a"b c', "", "//a.nl"])
def test_a_link_that_is_none_holds_the_mail(link: str) -> None:
    mail = compiled("{% if practice.links.article or practice.name %}\n[x]({{ practice.links.article }})\n{% endif %}")
    with pytest.raises(HeldMailError):
        render(mail, values(links={"article": link}))

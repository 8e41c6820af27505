"""Templates reach nothing but what they are given, and cannot eat time or memory (ACCEPTANCE M5)."""

from __future__ import annotations

import jinja2
import pytest

from service.mail.compose import HeldMailError, render
from service.mail.sandbox import make_environment
from tests.support.mails import compiled, layouts, tried, values

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
    "{{ [practice]|map(attribute='__class__') }}",
    "{{ [practice]|select('defined') }}",
    "{{ [practice]|groupby('name') }}",
    "{{ ''|xmlattr }}",
    "{{ practice|pprint }}",
    "{{ loop.__class__ }}",
    "{{ practice.name.format }}",
    "{{ caller() }}",
    "{{ range(3) }}",
    "{{ dict(a=1) }}",
    "{{ gettext('x') }}",
    "{{ _('x') }}",
    "{{ media_url }}",
    "{% trans %}x{% endtrans %}",
    "{% do x %}",
    "{% autoescape false %}x{% endautoescape %}",
    "{% from 'x' import y %}",
    "{% set x = practice %}",
    "{% include ['_b.md', 'x'] %}",
    "{% include first_name %}",
    "{% include '_b.md' ignore missing %}",
    "{% raw %}{{ x }}{% endraw %}",
    "{% if practice.name is sameas practice %}x{% endif %}",
    "{% if practice.name is callable %}x{% endif %}",
    "{% if practice.name is none(practice.x.__class__) %}x{% endif %}",
    "{% for media_url in ['https://elsewhere.example'] %}x{% endfor %}",
    "{% for booking_url in ['https://elsewhere.example'] %}[Lees het artikel]({{ booking_url }}){% endfor %}",
    "{% for loop in ['a'] %}x{% endfor %}",
    "{{ practice.opening_days|join(', ', '__class__') }}",
    "qJ0000Jq",
    "{{ 'qJ0001Jq' }}",
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
    "{% if answers.posture == 'hollow' and practice.name is none(answers.posture*10**9) %}x{% endif %}",
    "{% if answers.posture == 'hollow' %}{{ practice.name|upper(answers.posture*10**9) }}{% endif %}",
    "{% if first_name %}" * 400 + "x" + "{% endif %}" * 400,
    "{{ " + "(" * 8000 + "first_name" + ")" * 8000 + " }}",
    "{{ " + "not " * 5000 + "first_name }}",
    "{{ " + "9" * 20000 + " }}",
    "x" * 40_000,
    "{{ practice.name" + "|join('xxxxxxxxxxxxxxxxxxxx')" * 18 + " }}",
    "{{ '" + "a" * 100 + "'|join('" + "b" * 100 + "') }}",
    "{{ " + "first_name or " * 2000 + "'x' }}",
    "{{ practice.name" + "|upper" * 4000 + " }}",
    "{{ " + "'a' ~ " * 3000 + "'a' }}",
    "{{ '%s'|format('a' * 99) }}",
    "{{ practice.name|indent(10**9) }}",
    "{{ 'a'|replace('a', 'b' * 10**9) }}",
    "{{ practice.name[::-1] }}",
    "{% for a in practice.opening_days %}{% include '_b.md' %}{% endfor %}",
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


HEADS = {
    "aliases that multiply": "a: &a [x,x,x]\n"
    + "".join(f"{two}: &{two} [*{one},*{one},*{one}]\n" for one, two in zip("abcdefg", "bcdefgh", strict=True)),
    "an object": "subject: !!python/object/apply:os.system ['id']\npreheader: x\nreason: y\n",
    "itself": "subject: &a [*a]\npreheader: x\nreason: y\n",
    "braces in braces": "subject: " + "{a: " * 900 + "}" * 900 + "\n",
    "a list": "- a\n- b\n",
}
LAYOUTS = {
    "entities": ("<mjml", '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>\n<mjml'),
    "a file of the machine": ("<mj-head>", '<mj-head><mj-include path="/etc/passwd" />'),
    "sections in sections": ("{{ content }}", "<mj-text>" * 900 + "{{ content }}"),
    "a style that fetches": ("<mj-style>", "<mj-style> .a { background: url(https://a.nl) }"),
    "a script": ("{{ content }}", "{{ content }}<script>x</script>"),
}


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS.keys())
def test_a_bomb_in_the_head_is_refused(head: str) -> None:
    mail, problems = tried("x", head=f"---\n{head}---\n")
    assert mail is None
    assert all(problem.dutch for problem in problems)


@pytest.mark.parametrize(("old", "new"), LAYOUTS.values(), ids=LAYOUTS.keys())
def test_a_bomb_in_a_layout_is_refused(old: str, new: str) -> None:
    name = "layouts/standaard.mjml"
    changed = layouts()[name].replace(old, new, 1)
    assert changed != layouts()[name]
    mail, problems = tried("x", more={name: changed})
    assert mail is None
    assert any(problem.file == f"email_templates/{name}" and problem.dutch for problem in problems)


def test_join_goes_over_a_list_that_is_there() -> None:
    assert compiled("{{ practice.opening_days|join(', ') }}")
    mail, problems = tried("{{ practice.name|join(', ') }}")
    assert mail is None
    assert "`join` kan alleen over een lijst die er al is, niet over `practice.name`" in problems[0].dutch

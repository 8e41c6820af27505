"""What gets past the checks wastes one process, and is told beside the name of its file (ACCEPTANCE M5)."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from service.errors import Problem, UnavailableError
from service.mail.compile import compile_mail
from service.mail.try_out import try_out
from service.mail.workshop import Limits, Workshop
from tests.support.mails import HEAD, layouts

GOOD = HEAD + "# Kop\n\nHoi.\n"
SLOW = "|a|b|\n|-|-|\n" + "|a|b|\n" * 5000
HEAVY = '{{ practice.opening_days|join("' + "x" * 15_000 + '") }}'
PLENTY = Limits(seconds=60, memory=300_000_000)


def sources(**mails: str) -> Mapping[str, str]:
    """A folder with these mails (`_` for a dash) and what they all may include."""
    partials = {"_lang.md": SLOW}
    return {**layouts(), **partials, **{f"{name.replace('_', '-')}.md": text for name, text in mails.items()}}


def told(problems: list[Problem]) -> list[tuple[str, str]]:
    """Id and file of each error."""
    return [(problem.id, problem.file) for problem in problems if problem.severity == "error"]


def test_the_process_compiles_what_this_one_would() -> None:
    with Workshop(PLENTY) as workshop:
        workshop.folder(sources(goed=GOOD, fout=HEAD + "# Kop\n\n{{ voornaam }}\n"))
        for name in ("goed", "fout", "weg"):
            assert workshop.mail(name) == compile_mail(
                name, sources(goed=GOOD, fout=HEAD + "# Kop\n\n{{ voornaam }}\n")
            )
        assert workshop.partial("_lang.md")[0] is not None


def test_one_process_serves_a_whole_folder() -> None:
    with Workshop(PLENTY) as workshop:
        workshop.folder(sources(a=GOOD, b=GOOD))
        pid = workshop.pid
        assert workshop.mail("a")[0] == workshop.mail("a")[0] is not None
        assert workshop.mail("b")[0] is not None
        assert workshop.pid == pid


def test_a_file_that_takes_too_long_is_named_and_the_next_one_compiles() -> None:
    slow = HEAD + "# Kop\n\n" + '{% include "_lang.md" %}\n' * 3
    with Workshop(Limits(seconds=0.2)) as workshop:
        workshop.folder(sources(traag=slow))
        pid = workshop.pid
        mail, problems = workshop.mail("traag")
        assert mail is None
        assert told(problems) == [("mail.too-slow", "email_templates/traag.md")]
        assert problems[0].dutch.startswith("dit bestand lezen duurt langer dan 0,2 seconden.")
        assert workshop.pid != pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_after_a_slow_file_the_process_in_its_place_does_its_work() -> None:
    slow = HEAD + "# Kop\n\n" + '{% include "_lang.md" %}\n' * 3
    with Workshop(Limits(seconds=1.5)) as workshop:
        workshop.folder(sources(traag=slow, goed=GOOD))
        workshop.mail("traag")
        mail = None
        for _ in range(3):  # on a very busy machine even a good one may take its second and a half
            mail = mail or workshop.mail("goed")[0]
        assert mail is not None


def test_a_file_that_takes_too_much_memory_is_named() -> None:
    with Workshop(Limits(seconds=60, memory=40_000_000)) as workshop:
        workshop.folder(sources(zwaar=HEAD + "# Kop\n\n" + "Woorden. " * 3000))
        mail, problems = workshop.mail("zwaar")
        assert mail is None
        assert problems[0].id in {"mail.too-heavy", "mail.crashed"}  # a library of C or Rust ends its process instead
        assert problems[0].file == "email_templates/zwaar.md"


def test_a_process_that_is_killed_is_replaced_and_the_next_file_compiles() -> None:
    with Workshop(PLENTY) as workshop:
        workshop.folder(sources(a=GOOD))
        assert workshop.mail("a")[0] is not None
        os.kill(workshop.pid, signal.SIGKILL)
        mail, problems = workshop.mail("a")
        assert mail is None
        assert told(problems) == [("mail.crashed", "email_templates/a.md")]
        assert workshop.mail("a")[0] is not None


def test_after_three_lost_processes_the_rest_of_the_folder_waits() -> None:
    with Workshop(PLENTY) as workshop:
        workshop.folder(sources(a=GOOD))
        for _ in range(3):
            workshop.mail("a")
            os.kill(workshop.pid, signal.SIGKILL)
            workshop.mail("a")
        assert told(workshop.mail("a")[1]) == [("mail.not-read", "email_templates/a.md")]


def test_the_process_knows_no_secret_and_may_write_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NURTURE_SUPPRESSION_KEY", "a-key-that-nobody-else-may-see")
    with Workshop(PLENTY) as workshop:
        workshop.folder(sources(a=GOOD))
        workshop.mail("a")
        process = Path("/proc") / str(workshop.pid)
        assert b"NURTURE" not in (process / "environ").read_bytes()
        limits = (process / "limits").read_text()
        assert "Max address space         300000000" in limits
        assert "Max file size             0" in limits
        assert "Max core file size        0" in limits
        assert "Max processes             0" in limits
        assert sorted(each.name for each in (process / "fd").iterdir()) == ["0", "1", "2"], "nothing of this process"


def test_a_mail_that_can_never_be_filled_in_is_refused() -> None:
    """`[:1]` of nothing is no error before it runs; each value is there when it is tried out."""
    with Workshop(PLENTY) as workshop:
        workshop.folder(sources(a=HEAD + '# Kop\n\n{{ practice.name|default("")|trim }}{{ "  "|trim }}\n'))
        mail, problems = workshop.mail("a")
        assert mail is None
        assert told(problems) == [("mail.fill", "email_templates/a.md")]


@pytest.mark.parametrize("condition", ["first_name|length > 3", "'a' in first_name", "first_name < 'm'"])
def test_a_mail_that_only_a_reader_with_a_name_can_get_is_refused(condition: str) -> None:
    mail, _ = compile_mail("a", sources(a=HEAD + f"# Kop\n\nHoi.\n\n{{% if {condition} %}}\nDag.\n{{% endif %}}\n"))
    assert mail is not None
    found = try_out(mail)
    assert told(found) == [("mail.fill", "email_templates/a.md")]
    assert "voor wie geen voornaam gaf" in found[0].dutch


def service_mail(name: str, audience: str, text: str) -> list[Problem]:
    head = HEAD.replace("reason:", f"audience: {audience}\nreason:")
    mail, problems = compile_mail(name, {**layouts(), f"{name}.md": f"{head}# Kop\n\n{text}\n"})
    assert mail is not None, problems
    return try_out(mail)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("dienst-ontvangst", "[Ja, graag]({{ confirm_url }})"),
        ("dienst-ontvangst", "[Open mijn gegevens]({{ fresh_url }})"),
        ("dienst-verse-link", "{% if week.note %}{{ week.note }}{% endif %}"),
    ],
)
def test_a_service_mail_is_tried_with_what_the_service_gives_that_mail(name: str, text: str) -> None:
    assert [problem.id for problem in service_mail(name, "lead-service", text)] == ["mail.fill"]


def test_the_mail_with_an_answer_is_tried_with_an_answer() -> None:
    assert service_mail("dienst-antwoord", "practice", "Van {{ reply.name }}.") == []
    wrong = "{% if reply.name and reply.name > 3 %}Dag{% endif %}"
    assert [problem.id for problem in service_mail("dienst-antwoord", "practice", wrong)] == ["mail.fill"]


@pytest.mark.parametrize(
    "nothing",
    ['{{ first_name|default("", true) }}', "{{ none }}", '{% for x in ["a", ""] %}{{ x }}{% endfor %}'],
)
def test_what_prints_nothing_is_refused_in_a_branch_that_is_not_tried_out(nothing: str) -> None:
    text = f'Hoi.\n\n{{% if answers.posture == "hollow" %}}\nEn {nothing} dus.\n{{% endif %}}\n'
    mail, problems = compile_mail("a", sources(a=HEAD + f"# Kop\n\n{text}"))
    assert mail is None
    assert {problem.id for problem in problems} <= {"mail.empty", "mail.unguarded-name"}


def test_a_process_that_does_not_start_is_told_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(UnavailableError, match="does not start"), Workshop(PLENTY):
        pass
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    with Workshop(PLENTY) as workshop:
        workshop.folder(sources(a=GOOD))
        with pytest.raises(UnavailableError, match="does not start"):
            workshop.mail("a")

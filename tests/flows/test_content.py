"""A whole content folder: what is read, and how everything wrong in it is told with file and line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import service
from service.flows.content import Content, read_content
from service.flows.content_yaml import read_yaml
from service.flows.drafts import read_draft
from tests.support.folders import content_copy

PRACTICE = """\
name: Solid Performance
address: Voorbeeldstraat 1, 1234 AB Voorbeeldstad
kvk: "00000000"
phone: "020 000 00 00"
email: praktijk@praktijk.example
staff: [praktijk@praktijk.example]
opening_days: [mon, tue, wed, thu, fri]
booking: {kind: request}
pain_check: {price: "€ 95", duration: 60 minuten, location: Hier, reimbursement: Geen, bring: Niets, cancellation: Vrij}
links:
  article: https://praktijk.example/artikel
  video_hollow: https://praktijk.example/hol
  video_flat: https://praktijk.example/vlak
privacy_url: https://praktijk.example/privacy
"""
FORMS = """\
forms:
  lage-rug:
    title: Gratis pijnadvies
    topic: lage-rug
    button: Stuur
    privacy: Privacy
    questions:
      - name: posture
        label: Hoe is je rug?
        options: [{value: hollow, label: Hol}, {value: flat, label: Vlak}]
    consent:
      advice: {version: "1", text: Advies van Solid Performance}
      follow_up: {version: "1", text: Vervolg van Solid Performance}
    thank_you: {title: Dank, texts: [Kijk in je inbox naar Solid Performance.]}
"""
SEQUENCE = """\
title: Lage rugpijn
topic: lage-rug
window: {days: [mon, tue], from: "08:30", to: "19:00"}
steps:
  - key: advies
    template: advies-lage-rug
    purpose: advice
  - key: hoe-ging-het
    template: hoe-ging-het
    wait: 2 days
    only_if: {answer: {posture: [hollow]}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small content folder without a problem in it."""
    files = {
        "practice.yaml": PRACTICE,
        "forms.yaml": FORMS,
        "sequences/lage-rug.yaml": SEQUENCE,
        "email_templates/advies-lage-rug.md": "Hallo\n",
        "email_templates/hoe-ging-het.md": "Hallo\n",
        "email_templates/_groet.md": "Groet\n",
        "email_templates/layouts/standaard.mjml": "<mjml></mjml>\n",
        "email_templates/notitie.txt": "geen mail",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def change(folder: Path, file: str, old: str, new: str) -> Content:
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return read_content(folder)


def told(content: Content) -> list[str]:
    return [str(problem) for problem in content.problems]


def test_a_good_folder_is_read_whole(folder: Path) -> None:
    content = read_content(folder)
    assert told(content) == []
    assert content.practice
    assert content.forms
    assert list(content.sequences) == ["lage-rug"]
    assert set(content.templates) == {"advies-lage-rug.md", "hoe-ging-het.md", "_groet.md", "layouts/standaard.mjml"}
    assert content.sources["sequences/lage-rug.yaml"] == SEQUENCE
    assert content.sources["email_templates/_groet.md"] == "Groet\n"


def test_a_character_that_no_yaml_holds_is_told_with_its_line(folder: Path) -> None:
    (problem,) = told(change(folder, "sequences/lage-rug.yaml", "wait: 2 days", "wait: 2 \x07days"))
    assert problem.startswith("sequences/lage-rug.yaml:10: this is no valid YAML: it holds a character")


def test_a_problem_is_one_line_whatever_stands_in_the_value_it_quotes(folder: Path) -> None:
    """A name over two lines is easily written, and a value may come from anywhere."""
    change(folder, "practice.yaml", "name: Solid Performance\n", "name: |\n  Solid\n  Performance\n")
    (name, kvk) = told(change(folder, "practice.yaml", '"00000000"', '"0000\\e[31m\\u2028"'))[:2]
    assert name.startswith('practice.yaml:1: `name` cannot be "Solid\\nPerformance\\n": it holds a line break')
    assert kvk.startswith('practice.yaml:5: `kvk` cannot be "0000\\x1b[31m\\u2028"')


def test_the_shipped_content_has_no_errors() -> None:
    content = read_content(Path(service.__file__).parents[1])
    assert [str(problem) for problem in content.problems if problem.severity == "error"] == []
    assert {sequence.topic for sequence in content.sequences.values()} == {"lage-rug", "uitstraling-been"}


def test_a_wrong_wait_names_its_line(folder: Path) -> None:
    content = change(folder, "sequences/lage-rug.yaml", "2 days", "2 dagen")
    (problem,) = told(content)
    assert problem.startswith("sequences/lage-rug.yaml:10: `steps[2].wait` cannot be")
    assert not content.sequences


def test_a_step_that_names_no_template_is_told_at_its_line_with_a_suggestion(folder: Path) -> None:
    content = change(folder, "sequences/lage-rug.yaml", "template: hoe-ging-het", "template: hoe-ging-t")
    assert told(content) == [
        "sequences/lage-rug.yaml:9: there is no email_templates/hoe-ging-t.md; did you mean `hoe-ging-het`?"
    ]


def test_a_partial_or_a_layout_is_no_template_for_a_step(folder: Path) -> None:
    change(folder, "sequences/lage-rug.yaml", "template: hoe-ging-het", "template: groet")
    (folder / "email_templates/layouts/groet.md").write_text("x")
    assert "there is no email_templates/groet.md" in told(read_content(folder))[0]


def test_two_sequences_with_one_topic_are_refused(folder: Path) -> None:
    (folder / "sequences/nog-een.yaml").write_text(SEQUENCE)
    assert told(read_content(folder)) == [
        "sequences/nog-een.yaml:2: the topic `lage-rug` is taken by sequences/lage-rug.yaml; give this sequence its own"
    ]


def test_a_form_that_chooses_a_topic_nobody_has_is_told(folder: Path) -> None:
    content = change(folder, "forms.yaml", "topic: lage-rug", "topic: lage-ruggen")
    assert told(content) == ["forms.yaml:4: no sequence has the topic `lage-ruggen`; did you mean `lage-rug`?"]


@pytest.mark.parametrize(
    ("new", "message"),
    [
        ("{houding: [hollow]}", "nothing asks for the answer `houding`"),
        ("{posture: [holow]}", "`holow` is no answer to `posture`; did you mean `hollow`?"),
    ],
)
def test_a_condition_on_an_answer_nobody_can_give_is_told(folder: Path, new: str, message: str) -> None:
    content = change(folder, "sequences/lage-rug.yaml", "{posture: [hollow]}", new)
    (problem,) = told(content)
    assert problem.startswith("sequences/lage-rug.yaml:11: ")
    assert message in problem


def test_a_condition_may_ask_for_unknown_and_for_the_buttons_of_a_mail(folder: Path) -> None:
    content = change(folder, "sequences/lage-rug.yaml", "{posture: [hollow]}", "{posture: [unknown], helped: [same]}")
    assert told(content) == []


def test_problems_of_all_files_come_at_once_in_the_order_of_the_lines(folder: Path) -> None:
    change(folder, "practice.yaml", 'kvk: "00000000"', "kvk: 5")
    change(folder, "practice.yaml", "privacy_url", "privacy")
    change(folder, "forms.yaml", "button: Stuur", "knop: Stuur")
    content = change(folder, "sequences/lage-rug.yaml", "purpose: advice", "purpose: advies")
    places = [(problem.file, problem.line) for problem in content.problems]
    assert places == sorted(places, key=lambda place: (place[0], place[1] or 0))
    assert {file for file, _ in places} == {"forms.yaml", "practice.yaml", "sequences/lage-rug.yaml"}
    assert content.practice is None
    assert content.forms is None


def test_placeholders_and_empty_links_warn_and_block_nothing(folder: Path) -> None:
    change(folder, "practice.yaml", "name: Solid", "placeholder: true\nname: Solid")
    content = change(folder, "practice.yaml", "https://praktijk.example/hol", '""')
    assert [(problem.id, problem.line, problem.severity) for problem in content.problems] == [
        ("practice-placeholder", 1, "warning"),
        ("practice-link-empty", 13, "warning"),
    ]
    assert content.practice


@pytest.mark.parametrize("file", ["practice.yaml", "forms.yaml"])
def test_a_missing_file_is_told(folder: Path, file: str) -> None:
    (folder / file).unlink()
    assert told(read_content(folder)) == [f"{file}: the file is missing; put it back, or start from the shipped one"]


def test_an_empty_folder_is_told_and_never_raises(tmp_path: Path) -> None:
    content = read_content(tmp_path / "nowhere")
    assert {problem.id for problem in content.problems} == {"content-missing-file", "content-no-sequences"}


def test_a_file_that_ends_in_yml_is_told(folder: Path) -> None:
    (folder / "sequences/lage-rug.yaml").rename(folder / "sequences/lage-rug.yml")
    assert "content-yml" in {problem.id for problem in read_content(folder).problems}


def test_a_sequence_in_a_deeper_folder_takes_nobodys_name(folder: Path) -> None:
    there = folder / "sequences/lage-rug.yaml"
    (folder / "sequences/oud").mkdir()
    (folder / "sequences/oud/lage-rug.yaml").write_text(
        there.read_text(encoding="utf-8").replace("topic: lage-rug", "topic: van-vroeger"), encoding="utf-8"
    )
    content = read_content(folder)
    assert content.sequences["lage-rug"].topic == "lage-rug"
    (problem,) = [each for each in content.problems if each.severity == "error"]
    assert (problem.id, problem.file) == ("sequence-deeper", "sequences/oud/lage-rug.yaml")


def test_a_file_that_is_no_utf_8_is_told(folder: Path) -> None:
    (folder / "practice.yaml").write_bytes(b"name: Caf\xe9\n")
    assert told(read_content(folder)) == ["practice.yaml:1: the character `é` is no UTF-8; save the file as UTF-8 text"]


@pytest.mark.parametrize(
    ("file", "more", "code"),
    [
        ("forms.yaml", "# é", "cp1252"),
        ("sequences/lage-rug.yaml", "# é", "cp1252"),
        ("email_templates/uitnodiging.md", "é", "cp1252"),
        ("email_templates/uitnodiging.md", "é", "utf-16"),
        ("email_templates/_pijncheck.md", "é", "cp1252"),
        ("email_templates/layouts/standaard.mjml", "<!-- é -->", "cp1252"),
    ],
)
def test_a_file_that_is_no_utf_8_makes_nothing_else_wrong(tmp_path: Path, file: str, more: str, code: str) -> None:
    path = content_copy(tmp_path) / file
    path.write_bytes(f"{path.read_text(encoding='utf-8')}{more}\n".encode(code))
    draft = read_draft(tmp_path / "content")
    assert [(each.id, each.file) for each in draft.errors] == [("content-not-utf8", file)]


def test_windows_line_ends_and_a_byte_order_mark_change_nothing(folder: Path) -> None:
    (folder / "practice.yaml").write_bytes(b"\xef\xbb\xbf" + PRACTICE.replace("\n", "\r\n").encode())
    content = read_content(folder)
    assert told(content) == []
    assert content.sources["practice.yaml"] == PRACTICE


@pytest.mark.parametrize("text", ["a: [" + "1," * 100_000 + "1]", "[" * 100_000, "a: 1\n" * 50_000])
def test_a_yaml_file_of_more_than_anybody_writes_is_refused_before_it_is_read(text: str) -> None:
    found = read_yaml(text, "practice.yaml")
    assert (found.data, [problem.id for problem in found.problems]) == (None, ["yaml-too-big"])


@pytest.mark.parametrize("name", [b"hal\xff.md", b"twee\nregels.md"])
def test_a_file_whose_name_cannot_be_shown_is_told_and_not_read(folder: Path, name: bytes) -> None:
    (folder / "email_templates" / os.fsdecode(name)).write_text("Hoi.")
    content = read_content(folder)
    (problem,) = [each for each in content.problems if each.id == "content-unreadable"]
    assert problem.told("nl").isprintable()
    assert os.fsdecode(name) not in content.templates


def test_a_huge_file_is_refused_unread(folder: Path) -> None:
    (folder / "practice.yaml").write_text("#" * 300_000)
    assert "over 256 kB" in told(read_content(folder))[0]


@pytest.mark.parametrize(
    ("text", "line", "problem_id"),
    [
        ("a: 1\nb: [1, 2\nc: 3\n", 3, "yaml-syntax"),
        ("a: 1\n  b: 2\n", 2, "yaml-syntax"),
        ("a: 'open\n", None, "yaml-syntax"),
        ("a: 1\na: 2\n", 2, "yaml-repeated-key"),
        ('a: 1\n"a ": 2\n', 2, "yaml-repeated-key"),
        ("a: 1\nb: !!python/object/apply:os.system [x]\n", 2, "yaml-tag"),
        ("a: !!binary aGk=\n", 1, "yaml-tag"),
        ("a: !eigen x\n", 1, "yaml-tag"),
        ("[1]: x\n", 1, "yaml-odd-key"),
        ("a: &a {b: 1}\nc:\n  <<: *a\n", 3, "yaml-merge"),
        ("a: 1\n---\nb: 2\n", 2, "yaml-syntax"),
        ("a: \x07\n", None, "yaml-syntax"),
        ('a: 1\nb: "x\\0"\n', 2, "yaml-syntax"),
        ('"x\\0": 1\n', 1, "yaml-syntax"),
        ("a: *niets\n", 1, "yaml-syntax"),
        ("a: &a [*a]\n", 1, "yaml-too-big"),
    ],
)
def test_each_mistake_in_yaml_is_one_sentence_with_its_line(text: str, line: int | None, problem_id: str) -> None:
    (problem,) = read_yaml(text, "x.yaml").problems
    assert problem.id == problem_id
    assert line is None or problem.line == line
    assert "\n" not in problem.message


def test_aliases_cannot_multiply() -> None:
    levels = "\n".join(f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 9)}]" for n in range(1, 12))
    problems = read_yaml(f"x0: &x0 [a]\n{levels}\n", "x.yaml").problems
    assert [problem.id for problem in problems] == ["yaml-too-big"]


def test_endless_nesting_is_told() -> None:
    (problem,) = read_yaml("[" * 5_000, "x.yaml").problems
    assert problem.id == "yaml-syntax"


def test_what_an_older_yaml_takes_for_a_switch_is_never_turned_round() -> None:
    assert read_yaml("%YAML 1.1\n---\na: yes\nb: no\nc: on\nd: true\n", "x.yaml").data == {
        "a": "yes",
        "b": "no",
        "c": "on",
        "d": True,
    }
    assert read_yaml("a: !!bool yes\n", "x.yaml").data == {"a": "yes"}


def test_times_and_yes_and_no_stay_text_and_days_are_days() -> None:
    data = read_yaml("a: 08:30\nb: no\nc: 2026-12-24\nd: 2026-02-30\ne: true\nf: 012\ng:\n", "x.yaml").data
    assert isinstance(data, dict)
    assert (data["a"], data["b"], data["d"], data["e"], data["g"]) == ("08:30", "no", "2026-02-30", True, None)
    assert str(data["c"]) == "2026-12-24"

"""Files of staff, changed value by value: what is changed back gives the same bytes again."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.domain.reading import Path
from service.errors import ProblemsError, RefusedError
from service.flows import yaml_edits
from service.flows.content_yaml import read_yaml
from tests.support.cases import examples
from tests.support.house import ROOT

PRACTICE = (ROOT / "practice.yaml").read_text(encoding="utf-8")
FORMS = (ROOT / "forms.yaml").read_text(encoding="utf-8")
TEXTS: tuple[Path, ...] = (
    ("name",),
    ("phone",),
    ("logo",),
    ("address",),
    ("links", "article"),
    ("links", "video_flat"),
    ("pain_check", "price"),
)
# Not the empty text: in a file without quotes it needs some, and whoever fills it in again keeps these.
WORDS = (
    st.text(st.characters(exclude_categories=["C", "Z"], include_characters=" "), min_size=1, max_size=60)
    .map(str.strip)
    .filter(bool)
)


def at(text: str, path: Path) -> object:
    found: object = read_yaml(text, "").data
    for key in path:
        found = found[key]  # type: ignore[index]
    return found


@settings(max_examples=examples(60))
@given(path=st.sampled_from(TEXTS), value=WORDS)
def test_a_text_that_is_changed_and_changed_back_leaves_the_file_as_it_was(path: Path, value: str) -> None:
    before = str(at(PRACTICE, path))
    changed = yaml_edits.with_text(PRACTICE, path, value)
    assert at(changed, path) == value
    assert len(set(changed.splitlines()) - set(PRACTICE.splitlines())) <= 1, "one line and no other"
    assert yaml_edits.with_text(changed, path, before) == PRACTICE


@pytest.mark.parametrize(
    "value", ["yes", "12", "2026-01-01", "a: b", "# niet", "- x", "'", '"', "[a", "{{ 7*7 }}", "&a"]
)
def test_whatever_means_something_in_yaml_stays_a_text(value: str) -> None:
    for path in TEXTS:
        assert at(yaml_edits.with_text(PRACTICE, path, value), path) == value


def test_the_words_of_a_form_keep_all_round_them() -> None:
    path = ("forms", "lage-rug", "consent", "advice", "text")
    changed = yaml_edits.with_text(FORMS, path, "Ja: ik wil het.")
    assert at(changed, path) == "Ja: ik wil het."
    assert yaml_edits.with_text(changed, path, str(at(FORMS, path))) == FORMS


def test_a_list_takes_items_in_its_own_way_of_writing_and_gives_them_back() -> None:
    for path, new, in_lines in ((("closed",), "2026-12-24", True), (("staff",), "b@praktijk.nl", False)):
        kept = list(range(len(at(PRACTICE, path))))  # type: ignore[arg-type]
        more = yaml_edits.with_items(PRACTICE, path, [*kept, new], in_lines=in_lines)
        assert f"\n  - {new}\n" in more
        assert yaml_edits.with_items(more, path, kept, in_lines=in_lines) == PRACTICE
    fewer = yaml_edits.with_items(PRACTICE, ("opening_days",), [0, 1, 3, 4])
    assert "opening_days: [mon, tue, thu, fri]\n" in fewer
    assert yaml_edits.with_items(fewer, ("opening_days",), [0, 1, "wed", 2, 3]) == PRACTICE


def test_a_comment_behind_an_item_or_right_above_it_goes_with_it() -> None:
    text = "closed:\n  - 2026-12-24  # kerstavond\n  # de zomer\n  - {from: 2026-07-27, to: 2026-08-07}\nb: 1\n"
    assert yaml_edits.with_items(text, ("closed",), [1]) == (
        "closed:\n  # de zomer\n  - {from: 2026-07-27, to: 2026-08-07}\nb: 1\n"
    )
    assert yaml_edits.with_items(text, ("closed",), [1, "2026-12-23", 0]) == (
        "closed:\n  # de zomer\n  - {from: 2026-07-27, to: 2026-08-07}\n  - 2026-12-23\n"
        "  - 2026-12-24  # kerstavond\nb: 1\n"
    )


def test_a_list_in_brackets_with_comments_in_it_is_left_to_a_person() -> None:
    text = 'titles: [\n  "C# kenner",\n  "arts" # nog te vragen\n]\n'
    with pytest.raises(RefusedError):
        yaml_edits.with_items(text, ("titles",), [0, 1, "coach"])
    bare = text.replace(" # nog te vragen", "")
    assert at(yaml_edits.with_items(bare, ("titles",), [0, 1, "coach"]), ("titles",)) == ["C# kenner", "arts", "coach"]


@pytest.mark.parametrize("behind", ["", " ", "   # leeg = geen", "\n# over b\n"])
def test_a_key_with_nothing_behind_it_is_filled_in_and_nothing_else_moves(behind: str) -> None:
    text = f"a:\n  x: 1\n  logo:{behind}\nb: 1\n"
    assert yaml_edits.with_text(text, ("a", "logo"), "media/l.png") == text.replace("logo:", "logo: media/l.png")
    assert yaml_edits.with_text(text, ("a", "more"), "m") == text.replace(
        f"logo:{behind}\n", f"logo:{behind}\n  more: m\n" if "\n" not in behind else f"logo:\n  more: m{behind}\n"
    )
    assert yaml_edits.with_text("a: {x: 1, url: }\n", ("a", "url"), "u") == "a: {x: 1, url: u }\n"


def test_a_key_that_is_missing_is_added_where_it_belongs() -> None:
    text = "a: 1\nlinks:\n  x: https://x.nl  # x\n\n# einde\nb: {c: d}\n"
    added = yaml_edits.with_text(text, ("links", "y"), "https://y.nl")
    assert added == text.replace("# x\n", "# x\n  y: https://y.nl\n")
    assert at(yaml_edits.with_text(text, ("b", "e"), "f, g"), ("b",)) == {"c": "d", "e": "f, g"}
    assert at(yaml_edits.with_text(text, ("new", "key"), "v"), ("new", "key")) == "v"


def test_what_cannot_be_done_safely_is_left_to_a_person() -> None:
    for text in ("a: &x 1\nb: *x\n", "a: [1]\nb: 2\n"):
        with pytest.raises(RefusedError):
            yaml_edits.with_text(text, ("a",), "other")
    with pytest.raises(ProblemsError):
        yaml_edits.with_text('a: "half', ("a",), "other")

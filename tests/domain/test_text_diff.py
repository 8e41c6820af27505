"""Two texts held against each other, and two edits of one text put together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain import text_diff
from service.domain.text_diff import Piece, Row

LINES = st.lists(st.sampled_from(["a", "b", "c", "", "d e", "<b>"]), max_size=12).map("\n".join)


def side(rows: tuple[Row, ...], which: str) -> list[str]:
    pieces = [getattr(row, which) for row in rows]
    return ["".join(piece.text for piece in each) for each in pieces if each is not None]


def test_a_changed_word_is_marked_on_both_sides_and_the_rest_of_its_line_is_not() -> None:
    [row] = text_diff.rows("Wandel elke dag tien minuten.", "Wandel elke dag twintig minuten.")
    assert row.kind == "changed"
    assert row.left == (
        Piece(text="Wandel elke dag ", other=False),
        Piece(text="tien", other=True),
        Piece(text=" minuten.", other=False),
    )
    assert [each.text for each in row.right or () if each.other] == ["twintig"]


def test_what_is_alike_far_from_a_change_is_left_out_and_counted() -> None:
    before = "\n".join(str(number) for number in range(20))
    found = text_diff.rows(before, before.replace("10", "x"))
    assert [row.kind for row in found] == ["gap", "same", "same", "changed", "same", "same", "gap"]
    assert [row.skipped for row in found if row.kind == "gap"] == [8, 7]
    assert found[3].left_number == found[3].right_number == 11


@given(LINES, LINES)
def test_every_line_that_differs_is_shown_and_nothing_is_made_up(before: str, after: str) -> None:
    found = text_diff.rows(before, after)
    skipped = sum(row.skipped for row in found)
    if before == after:
        assert found == ()
        return
    for which, text in (("left", before), ("right", after)):
        lines = side(found, which)
        assert len(lines) + skipped == len(text.splitlines())
        rest = iter(text.splitlines())
        assert all(line in rest for line in lines), "in the order they stand in"


@given(LINES, LINES, LINES)
def test_what_two_people_did_is_put_together_or_not_at_all(base: str, mine: str, theirs: str) -> None:
    together = text_diff.merged(base, mine, theirs)
    assert together == text_diff.merged(base, theirs, mine)
    assert text_diff.merged(base, mine, base) == mine
    assert text_diff.merged(base, mine, mine) == mine
    if together is not None:
        assert set(together.splitlines()) <= set(mine.splitlines()) | set(theirs.splitlines())


def test_edits_apart_are_put_together_and_edits_of_one_line_or_its_neighbour_are_not() -> None:
    base = "een\ntwee\ndrie\nvier\n"
    assert text_diff.merged(base, "EEN\ntwee\ndrie\nvier\n", "een\ntwee\ndrie\nVIER\n") == "EEN\ntwee\ndrie\nVIER\n"
    assert text_diff.merged(base, "EEN\ntwee\ndrie\nvier\n", "ONE\ntwee\ndrie\nvier\n") is None
    assert text_diff.merged(base, "EEN\ntwee\ndrie\nvier\n", "een\nTWEE\ndrie\nvier\n") is None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a\n" * 40_000, "b\n" * 40_000),
        ("a\n\n" * 900, "\na\n" * 900),
        ("".join(f"{n % 7}\n" for n in range(1_900)), "".join(f"{n % 5}\n" for n in range(1_900))),
        ("a b " * 700, "b a " * 700),
        ("x" * 500_000, "y" * 500_000),
    ],
)
def test_texts_that_are_hard_to_compare_are_compared_all_the_same(before: str, after: str) -> None:
    shown = text_diff.rows(before, after)
    for which, text in (("left", before), ("right", after)):
        skipped = sum(row.skipped for row in shown)
        assert len(side(shown, which)) + skipped == len(text.splitlines())
    assert text_diff.merged(before, after, before) == after
    patch = text_diff.unified(before, after, "x").splitlines()
    assert {"-", "+"} <= {line[:1] for line in patch[2:]}

"""CSV files as agendas write them: read in every shape, and every problem told with its line."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain import booking_table
from service.domain.booking_table import Row
from service.domain.calendar import Calendar
from service.errors import Problem
from tests.support.sample_pages import PRACTICE

CALENDAR = Calendar.of(PRACTICE)
ANNA = "anna@example.org"


def read(text: str | bytes) -> tuple[list[Row], list[Problem]]:
    return booking_table.read(text if isinstance(text, bytes) else text.encode(), "afspraken.csv", CALENDAR)


def good(text: str | bytes) -> list[Row]:
    rows, problems = read(text)
    assert not problems, [str(each) for each in problems]
    return rows


def row(**fields: Any) -> Row:
    """Anna's line beneath the head."""
    return replace(Row(line=2, address=ANNA, at=None, id=None, state="booked"), **fields)


@pytest.mark.parametrize(
    "text",
    [
        "email\nanna@example.org\n",
        "\ufeffEmail;Naam\r\nAnna@Example.org;Anna Bakker\r\n",
        'naam,e-mailadres\n"Bakker, Anna", anna@example.org \n',
        "E-mail Address,Status\nanna@example.org,\n",
        "naam;mailadres\nAnna;anna@example.org",
    ],
    ids=["one column", "byte order mark", "comma in quotes", "no status", "no end"],
)
def test_the_address_is_found_in_every_shape(text: str) -> None:
    assert [(each.address, each.state) for each in good(text)] == [(ANNA, "booked")]


def test_windows_writes_its_own_letters() -> None:
    assert good("naam;email\nZoë;anna@example.org\n".encode("cp1252")) == [row()]


@pytest.mark.parametrize(
    ("written", "at"),
    [
        ("2026-11-20 14:30", datetime(2026, 11, 20, 13, 30, tzinfo=UTC)),
        ("2026-11-20T14:30:00+01:00", datetime(2026, 11, 20, 13, 30, tzinfo=UTC)),
        ("2026-07-01T14:30:00Z", datetime(2026, 7, 1, 14, 30, tzinfo=UTC)),
        ("20-11-2026 14:30", datetime(2026, 11, 20, 13, 30, tzinfo=UTC)),
        ("1/7/2026, 9.05", datetime(2026, 7, 1, 7, 5, tzinfo=UTC)),
        ("20-11-2026", datetime(2026, 11, 20, 22, 59, tzinfo=UTC)),
        ("2026-11-20", datetime(2026, 11, 20, 22, 59, tzinfo=UTC)),
        ("", None),
    ],
)
def test_a_moment_is_the_practices_own_unless_it_says_otherwise(written: str, at: datetime | None) -> None:
    assert good(f'email;datum\nanna@example.org;"{written}"\n') == [row(at=at)]


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("", "booked"),
        ("Geboekt", "booked"),
        ("ACCEPTED", "booked"),
        ("geannuleerd", "cancelled"),
        ("canceled", "cancelled"),
    ],
)
def test_a_status_is_read_in_both_languages(status: str, state: str) -> None:
    assert good(f"email,status,id\nanna@example.org,{status},A 1\n") == [row(state=state, id="A 1")]


def test_lines_are_counted_as_an_editor_counts_them() -> None:
    text = 'email;opmerking\n\nanna@example.org;"twee\nregels"\n\nbram@example.org;\n'
    assert [each.line for each in good(text)] == [3, 6]


@pytest.mark.parametrize("slip", ["0202-11-20", "20-11-0026", "9999-12-31 23:59"])
def test_a_year_that_cannot_be_meant_is_a_slip_and_no_appointment_of_long_ago(slip: str) -> None:
    rows, problems = read(f"email;datum\nanna@example.org;{slip}\n")
    assert (rows, [(each.line, each.id) for each in problems]) == ([], [(2, "csv-date")])


def test_every_problem_is_told_with_its_line_and_none_repeats_an_address() -> None:
    text = (
        "email;datum;status;id\n"
        "geen-adres;morgen;misschien;1\n"
        "anna@example.org;31-02-2026;;2\n"
        "anna@example.org;;;3;4;5\n"
        f"anna@example.org;;;{'x' * 256}\n"
    )
    rows, problems = read(text)
    assert rows == []
    assert [(each.line, each.id) for each in problems] == [
        (2, "csv-email"),
        (2, "csv-date"),
        (2, "csv-status"),
        (3, "csv-date"),
        (4, "csv-too-wide"),
        (5, "csv-id"),
    ]
    for each in problems:
        assert str(each).startswith(f"afspraken.csv:{each.line}: ")
        assert each.dutch
        assert not {"geen-adres", "anna", "misschien"} & set(str(each).replace("@", " ").split())


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "csv-no-email"),
        (b"naam;telefoon\nAnna;06\n", "csv-no-email"),
        (b"email;e-mail\na@b.nl;c@d.nl\n", "csv-twice"),
        (b"email\n", "csv-empty"),
        (b'email\n"anna@example.org\n', "csv-broken"),
        (b"PK\x03\x04\x00\x00email", "csv-encoding"),
        (b"email\n\x81\x8d\x8f\n", "csv-encoding"),
    ],
)
def test_what_is_no_such_file_is_said_in_one_problem(data: bytes, problem: str) -> None:
    rows, problems = read(data)
    assert (rows, [each.id for each in problems]) == ([], [problem])


@given(
    data=st.one_of(
        st.binary(max_size=300), st.text(alphabet='email;,"\n\r\x00ë@.-0123456789 ', max_size=300).map(str.encode)
    )
)
def test_any_bytes_give_rows_or_problems(data: bytes) -> None:
    rows, problems = read(b"email;datum;status\n" + data)
    assert rows or problems

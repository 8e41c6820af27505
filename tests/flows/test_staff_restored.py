"""A backup that is put back brings nobody's session back: one may have been ended since it was made."""

from __future__ import annotations

from pathlib import Path

from tests.support import backups, studio
from tests.support.house import House


def test_after_a_restore_everybody_logs_in_anew_with_the_password_and_role_of_the_backup(
    house: House, tmp_path: Path
) -> None:
    number = studio.hire(house)
    here = studio.desk(house, number)
    backups.make(house, tmp_path / "a.zip")
    assert here.is_in()
    backups.restore(house, tmp_path / "a.zip", replace=True)
    assert not here.is_in()
    assert studio.person(house, number).role == "editor"
    assert studio.desk(house).log_in(studio.ESRA).status_code == 303

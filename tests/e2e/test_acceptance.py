"""The acceptance scripts that stand beside the project, where they do: black boxes, run as they are."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.house import ROOT
from tests.support.requirements import not_run

FOLDER = os.environ.get("ACCEPTANCE_DIR", "../shared/acceptance")
SCRIPTS = sorted(path for path in (ROOT / FOLDER).glob("*.py") if path.name != "harness.py")
every_script = pytest.mark.parametrize("script", SCRIPTS or [None], ids=lambda path: path.stem if path else "none")


@every_script
def test_it_passes_on_sqlite(script: Path | None) -> None:
    passes(script)


@pytest.mark.postgres
@every_script
def test_it_passes_on_postgresql(script: Path | None, request: pytest.FixtureRequest) -> None:
    if script is None or os.environ.get("ACCEPTANCE_RAN"):
        passes(script)  # says why not, without a database
    passes(script, ACCEPTANCE_DATABASE_URL=request.getfixturevalue("postgres_url"))


def passes(script: Path | None, **env: str) -> None:
    """Run one script to its end, on this project as it is installed here."""
    if script is None:
        not_run("Acceptance", f"there are no scripts in {FOLDER}", required_as="acceptance")
    if os.environ.get("ACCEPTANCE_RAN"):
        not_run("Acceptance", "the scripts have been run just before", required_as="acceptance")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("ACCEPTANCE_")}
    ours = {"PROJECT": str(ROOT), "NURTURE_BIN": str(Path(sys.executable).with_name("nurture"))}
    done = subprocess.run(
        [sys.executable, str(script)], cwd=ROOT, env=inherited | ours | env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"

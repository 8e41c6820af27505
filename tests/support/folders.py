"""A content folder to edit, copied from the shipped one."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.support.house import ROOT


def content_copy(folder: Path) -> Path:
    """The shipped content as files of the test's own, in `folder`/content."""
    content = folder / "content"
    content.mkdir()
    for name in ("practice.yaml", "forms.yaml"):
        shutil.copy(ROOT / name, content / name)
    for name in ("sequences", "email_templates"):
        shutil.copytree(ROOT / name, content / name)
    return content

"""The script of the editor, where it was built."""

from __future__ import annotations

from pathlib import Path

from service.web.pages import STATIC, static_url

_SCRIPT = "studio/editor.js"


def built() -> str:
    """Where it stands, "" where there is none: the page then does without."""
    return static_url(_SCRIPT) if (Path(STATIC) / _SCRIPT).is_file() else ""

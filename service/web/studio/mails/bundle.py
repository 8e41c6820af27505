"""What makes the editor comfortable: its script and the looks of it, where they are there. Its page does without."""

from __future__ import annotations

from pathlib import Path

from service.web.pages import STATIC, static_url

_FIELD = Path(__file__).parents[2] / "dist" / "editor.js"
_SCRIPT, _STYLES = "studio/editor.js", "studio/editor.css"


def script() -> str:
    """Where the script stands, "" where there is none."""
    return _there(_SCRIPT)


def field() -> str:
    """Where the script finds the field that marks what is wrong while one types; "" where that was not built."""
    return "/editor.js" if _FIELD.is_file() else ""


def styles() -> str:
    """Where its style sheet stands, "" where there is none."""
    return _there(_STYLES)


def _there(name: str) -> str:
    return static_url(name) if (STATIC / name).is_file() else ""

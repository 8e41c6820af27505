"""What makes the editor comfortable: its script and the looks of it, where they are there. Its page does without."""

from __future__ import annotations

from service.web.pages import STATIC, static_url

_SCRIPT, _STYLES = "studio/editor.js", "studio/editor.css"


def script() -> str:
    """Where the script stands, "" where there is none."""
    return _there(_SCRIPT)


def styles() -> str:
    """Where its style sheet stands, "" where there is none."""
    return _there(_STYLES)


def _there(name: str) -> str:
    return static_url(name) if (STATIC / name).is_file() else ""

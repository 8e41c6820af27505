"""What an examination of the installation found: one sentence, and how to mend it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warning", "error"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was looked at.

    `id` is stable. `text` says in English how it is; `fix` what to do, in English, and `dutch_fix` in the plain Dutch
    of whoever keeps the practice's website. Both are empty where all is well.
    """

    id: str
    level: Level
    text: str
    fix: str = ""
    dutch_fix: str = ""

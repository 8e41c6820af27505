"""Bring the studio's catalogues up to date with its templates; whatever is new stands there untranslated."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.support.translations import write

if __name__ == "__main__":
    print(*write("nl"), sep="\n")

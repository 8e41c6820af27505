"""Write the JSON Schemas of the files that staff edit into docs/schema."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from service.flows.schemas import schemas

if __name__ == "__main__":
    folder = Path(__file__).resolve().parents[1] / "docs" / "schema"
    folder.mkdir(exist_ok=True)
    for name, text in schemas().items():
        (folder / name).write_text(text, encoding="utf-8")

"""The broken files of tests/fixtures/broken, each a mistake somebody would make, and what `check` says of them.

`python -m tests.support.broken` prints it, `--write` keeps it in expected.en.txt and expected.nl.txt: read every line
that changed, as somebody who has never seen the code.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from functools import cache
from pathlib import Path

from service.errors import Language, Problem
from service.flows.drafts import read_draft
from tests.support.folders import content_copy
from tests.support.house import ROOT, shipped

FOLDER = ROOT / "tests/fixtures/broken"
LANGUAGES: tuple[Language, ...] = ("en", "nl")
FILES = sorted(path.name for path in FOLDER.iterdir() if path.suffix in {".md", ".yaml"})
ALONE = frozenset({"practice.yaml", "forms.yaml"})
"""They replace a file that all the others need, and so stand in a folder of their own."""


def place(name: str) -> str:
    """Where in a content folder a broken file stands."""
    if name in ALONE:
        return name
    return f"email_templates/{name}" if name.endswith(".md") else f"sequences/{name}"


def put(content: Path, *names: str) -> Path:
    """Broken files among the good ones of a content folder."""
    for name in names:
        shutil.copy(FOLDER / name, content / place(name))
    return content


@cache
def found() -> tuple[Problem, ...]:
    """What one look at each of the two folders finds, beyond what the shipped files are told of. AssertionError when a
    broken file hides something of those."""
    problems: list[Problem] = []
    for names in (ALONE, frozenset(FILES) - ALONE):
        with tempfile.TemporaryDirectory() as folder:
            draft = read_draft(put(content_copy(Path(folder)), *sorted(names)))
        kept = {each for each in shipped().problems if each.file not in names}
        assert kept <= set(draft.problems)
        problems += [each for each in draft.problems if each not in kept]
    return tuple(sorted(problems, key=lambda each: (each.file, each.line or 0)))


def said(language: Language) -> list[str]:
    """The lines that `check` prints of them."""
    return [each.told(language) for each in found()]


def expected(language: Language) -> Path:
    """The file that keeps those lines."""
    return FOLDER / f"expected.{language}.txt"


def main() -> None:
    """Print the lines, or write them anew."""
    for language in LANGUAGES:
        text = "".join(f"{line}\n" for line in said(language))
        if "--write" in sys.argv[1:]:
            expected(language).write_text(text, encoding="utf-8")
        else:
            sys.stdout.write(text)


if __name__ == "__main__":
    main()

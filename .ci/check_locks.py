"""Fail when a lock file tells where a package came from: only names, versions and hashes belong there.

A registry's address in a committed file would bind every installation to one company's mirror. Arguments: files;
without any, every lock file git knows of.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

LOCK_FILES = ("*requirements*.txt", "*package-lock.json", "*npm-shrinkwrap.json", "*.lock", "*pnpm-lock.yaml")
TELLING = {
    "an address": re.compile(r"\b[a-z][a-z0-9+.-]*://", re.IGNORECASE),
    "an index option": re.compile(r"^\s*(-i|-f|--index-url|--extra-index-url|--find-links|--trusted-host)\b"),
    "a direct link": re.compile(r"^\s*(-e|--editable)\b|^\s*[A-Za-z0-9._-]+(\[[^\]]*\])?\s*@|\bgit\+|\bfile:"),
    "the place of a package": re.compile(r'^\s*"?(resolved|registry|tarball)"?\s*[:=]'),
}


def telling_lines(text: str) -> Iterator[tuple[int, str]]:
    """Each line that tells where a package came from: its number from 1, and what it holds."""
    for number, line in enumerate(text.splitlines(), start=1):
        for what, pattern in TELLING.items():
            if pattern.search(line):
                yield number, what
                break


def main(arguments: list[str]) -> int:
    """Print `file:line: …` for each such line; 1 when there is any, or no lock file at all."""
    files = arguments or _tracked()
    found = [(file, *line) for file in files for line in telling_lines(Path(file).read_text(encoding="utf-8"))]
    for file, number, what in found:
        print(f"{file}:{number}: {what} of a package's origin; run 'make lock', which leaves it out", file=sys.stderr)
    if not files:
        print("no lock file found", file=sys.stderr)
    return 1 if found or not files else 0


def _tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "--", *LOCK_FILES], check=True, capture_output=True, text=True)
    return [file for file in listed.stdout.splitlines() if Path(file).exists()]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

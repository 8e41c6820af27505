"""Reads the Dockerfile and the compose file, as far as they are used here."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[2]
Tree = dict[str, "Node"]
Node = str | bool | int | None | list["Node"] | Tree


@dataclass(frozen=True, kw_only=True)
class Instruction:
    """One instruction of a Dockerfile: its word in capitals, and the rest of the line."""

    word: str
    rest: str

    @property
    def arguments(self) -> list[str]:
        """The words of the instruction, of the exec form or of the shell form."""
        return json.loads(self.rest) if self.rest.startswith("[") else shlex.split(self.rest)


def dockerfile() -> list[Instruction]:
    """Every instruction, in order, with continued lines joined and comments gone."""
    text = re.sub(r"^\s*#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    return [Instruction(word=word, rest=rest) for word, rest in re.findall(r"^([A-Z]+)\s+(.+)$", text, re.MULTILINE)]


def stages() -> list[list[Instruction]]:
    """The instructions of each stage, without their FROM; the last one is the image."""
    found: list[list[Instruction]] = []
    for each in dockerfile():
        if each.word == "FROM":
            found.append([])
        else:
            found[-1].append(each)
    return found


def copied(stage: list[Instruction] | None = None) -> list[tuple[list[str], str]]:
    """Each COPY of a stage, else of all: what from the repository (not from another stage), and where to."""
    copies = [each.arguments for each in stage or dockerfile() if each.word == "COPY"]
    return [(each[:-1], each[-1]) for each in copies if not each[0].startswith("--from")]


def compose() -> Tree:
    """The compose file with its anchors and merges resolved."""
    tree: Tree = YAML(typ="safe").load(ROOT / "docker-compose.yml")
    return tree


def services() -> dict[str, Tree]:
    """The services of the compose file, by name."""
    found = compose()["services"]
    assert isinstance(found, dict)
    return {name: branch(service) for name, service in found.items()}


def branch(node: Node) -> Tree:
    """A mapping, or a clear failure where the file has something else."""
    assert isinstance(node, dict), f"expected a mapping, found {node!r}"
    return node


def words(node: Node) -> list[str]:
    """A list of strings, or a clear failure where the file has something else."""
    assert isinstance(node, list), f"expected a list, found {node!r}"
    return [str(entry) for entry in node]


def commands_in(text: str) -> Iterator[list[str]]:
    """The arguments of each `nurture …` in the shell lines of a guide."""
    for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL):
        for line in block.splitlines():
            found = re.search(r"(?:^|\s|/)nurture ([a-z][^#|&>]*)", line)
            if found and "pg_dump" not in line:
                yield shlex.split(found[1])
    for inline in re.findall(r"`(?:\.venv/bin/|docker compose run --rm web )?nurture ([a-z][^`]*)`", text):
        yield shlex.split(inline)

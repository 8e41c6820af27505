"""How long checking and compiling 200 mails takes: `python -m bench.compile`. The goal is under 5 seconds.

Shipped mails, each with words of its own, in the process and through the checks that `nurture check` uses; the start of
that process is counted.
"""

from __future__ import annotations

import argparse
import resource
import time
from dataclasses import dataclass
from pathlib import Path

from service.flows.content import read_content
from service.mail.workshop import Workshop

ROOT = Path(__file__).resolve().parents[1]
GOAL_SECONDS = 5.0


@dataclass(frozen=True, kw_only=True)
class Compiled:
    """What was compiled in how many seconds of the wall clock, and of a processor; `refused` should be none."""

    mails: int
    refused: int
    characters: int
    seconds: float
    processor: float


def folder(mails: int) -> tuple[list[str], dict[str, str]]:
    """Names and sources of so many mails, all different; with the partials and layouts they use."""
    shipped = dict(read_content(ROOT).templates)
    own = [name for name in sorted(shipped) if name.endswith(".md") and name[0] != "_" and "/" not in name]
    made = {f"proef-{n}.md": f"{shipped[own[n % len(own)]]}\nDit is proef {n}.\n" for n in range(mails)}
    return [name.removesuffix(".md") for name in made], shipped | made


def measure(mails: int) -> Compiled:
    """Compile them all, once."""
    names, sources = folder(mails)
    before, began = _used(), time.perf_counter()
    with Workshop() as workshop:
        workshop.folder(sources)
        done = [workshop.mail(name)[0] for name in names]
    seconds = time.perf_counter() - began
    good = [mail for mail in done if mail is not None]
    characters = sum(len(mail.html) for mail in good)
    return Compiled(
        mails=len(good),
        refused=len(done) - len(good),
        characters=characters,
        seconds=seconds,
        processor=_used() - before,
    )


def _used() -> float:
    """Seconds of a processor that this process and its ended children have used."""
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in both)


def main() -> None:
    """Print the best of some rounds, beside the goal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mails", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    rounds = [measure(options.mails) for _ in range(options.rounds)]
    best = min(rounds, key=lambda each: each.seconds)
    print(
        f"{best.mails} mails checked and compiled ({best.refused} refused, {best.characters:,} characters of HTML): "
        f"{best.seconds:.2f} s, of a processor {best.processor:.2f} s; "
        f"slowest round {max(each.seconds for each in rounds):.2f} s; "
        f"goal {GOAL_SECONDS:g} s: ratio {best.seconds / GOAL_SECONDS:.2f}"
    )


if __name__ == "__main__":
    main()

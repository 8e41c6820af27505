"""The last line of a bench: one that a table can be made of."""

from __future__ import annotations


def verdict(name: str, what: str, ratio: float, goal: float, *, least: bool = False) -> bool:
    """Print `name | what | ratio | goal | met/missed`; True where it is met: at most the goal, or at `least` that."""
    met = ratio >= goal if least else ratio <= goal
    print(f"{name} | {what} | {ratio:.2f} | goal {goal:g} | {'met' if met else 'missed'}", flush=True)
    return met

"""The pages of each room of the studio that are worth looking at, each with something on it.

A room is a function of a house: it puts there what is to be seen, and gives a name and a path for each page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.support.house import House
from tests.support.tours import results

Room = Callable[[House], Iterator[tuple[str, str]]]

ROOMS: tuple[Room, ...] = (results.pages,)

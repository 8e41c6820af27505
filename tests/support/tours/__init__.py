"""The pages of each room of the studio that are worth looking at, each with something on it.

A room is a function of a house: it puts there what is to be seen, and gives a name and a path for each page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.support.house import House
from tests.support.tours import leads, mails, media, publishing, results, sequences, settings, waiting

Room = Callable[[House], Iterator[tuple[str, str]]]

ROOMS: tuple[Room, ...] = (
    waiting.pages,  # before another room publishes other steps
    leads.pages,
    mails.mails,
    media.pages,
    publishing.publishing,
    results.pages,
    sequences.pages,
    settings.room,
)

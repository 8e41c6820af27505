"""Whatever staff do, and however many of them: whoever asks for the advice gets an answer meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from httpx2 import Client

from service.errors import UnavailableError
from service.flows.content_desk import ContentDesk
from service.flows.drafts import Draft
from tests.support import studio
from tests.support.house import BASE_URL, House
from tests.support.web_servers import serving
from tests.support.website import BROWSER, OPT_IN

_MANY = 60
"""More than a process has threads."""


@contextmanager
def many_at(url: str, path: str, token: str) -> Iterator[None]:
    """So many browsers of one member of the staff ask for a page at once."""
    headers = BROWSER | {"Cookie": f"{studio.COOKIE}={token}"}
    with Client(base_url=url, timeout=60, headers=headers) as client:  # of which each has a connection of its own
        threads = [threading.Thread(target=client.get, args=[path]) for _ in range(_MANY)]
        for each in threads:
            each.start()
        yield
        for each in threads:
            each.join(60)


def test_an_opt_in_is_answered_while_every_page_of_the_studio_waits_for_the_content_folder(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, waiting = threading.Event(), threading.Semaphore(0)

    def slow(_desk: ContentDesk) -> Draft:
        waiting.release()
        go_on.wait(30)
        raise UnavailableError("it took too long", "Het duurde te lang.")

    monkeypatch.setattr(ContentDesk, "draft", slow)
    token = studio.desk(house, studio.hire(house)).token
    with serving(house) as url, many_at(url, "/studio/mails", token):
        try:
            assert waiting.acquire(timeout=10)
            while waiting.acquire(timeout=0.3):  # until no more of them come in
                pass
            with Client(base_url=url, timeout=5) as lead:
                answer = lead.post("/api/opt-ins", json=OPT_IN, headers={"Origin": BASE_URL})
            assert answer.status_code == 202
        finally:
            go_on.set()

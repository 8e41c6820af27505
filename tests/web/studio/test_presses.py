"""A form that is sent twice in a hurry: what counts as the same press, and what does not."""

from __future__ import annotations

import asyncio

import pytest
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from service.errors import RefusedError
from service.web.bodies import Upload
from service.web.studio import presses
from service.web.studio.presses import Presses, form_of


class Counted:
    """An act that goes on to a page of its own number; `slow` until told otherwise."""

    def __init__(self, answers: list[Response | Exception] | None = None) -> None:
        self.times = 0
        self.slow = asyncio.Event()
        self.slow.set()
        self._answers = answers or []

    async def __call__(self) -> Response:
        self.times += 1
        number = self.times
        await self.slow.wait()
        answer = self._answers.pop(0) if self._answers else RedirectResponse(f"/{number}", status_code=303)
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_a_second_press_waits_for_the_first_and_gets_its_answer() -> None:
    async def story() -> None:
        pressed, act = Presses(), Counted()
        act.slow.clear()
        both = [asyncio.create_task(pressed.once(1, "form", act)) for _ in range(2)]
        await asyncio.sleep(0)
        act.slow.set()
        assert [each.headers["location"] for each in await asyncio.gather(*both)] == ["/1", "/1"]
        assert act.times == 1

    asyncio.run(story())


@pytest.mark.parametrize("between", ["another form", "another session", "a while"])
def test_what_is_no_second_press_is_done(between: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        pressed, act = Presses(), Counted()
        await pressed.once(1, "form", act)
        if between == "another form":
            await pressed.once(1, "other", act)
        if between == "a while":
            monkeypatch.setattr(presses, "_DOUBLE", -1.0)
        before = act.times
        await pressed.once(2 if between == "another session" else 1, "form", act)
        assert act.times == before + 1

    asyncio.run(story())


def test_what_is_shown_once_is_shown_again() -> None:
    async def story() -> None:
        pressed, act = Presses(), Counted([HTMLResponse("the codes")])
        assert [(await pressed.once("link", "form", act)).body for _ in range(2)] == [b"the codes"] * 2
        assert act.times == 1

    asyncio.run(story())


@pytest.mark.parametrize(
    "first", [HTMLResponse("wrong", status_code=422), RefusedError("no", "nee"), StreamingResponse(iter(["a file"]))]
)
def test_what_was_refused_or_is_sent_as_it_is_read_is_asked_again(first: Response | Exception) -> None:
    async def story() -> None:
        pressed, act = Presses(), Counted([first])
        for _ in range(2):
            try:
                answer = await pressed.once(1, "form", act)
            except RefusedError:
                continue
        assert (answer.status_code, act.times) == (303, 2)

    asyncio.run(story())


def test_a_form_is_known_by_its_path_its_fields_and_its_files() -> None:
    def mark(path: str = "/a", data: bytes = b"x", **fields: str) -> str:
        lists = {name: [value] for name, value in fields.items()}
        return form_of(path, lists, {"image": Upload(told_name="a.png", data=data)})

    assert mark(a="1") == mark(a="1")
    assert len({mark(a="1"), mark("/b", a="1"), mark(a="2"), mark(b="1"), mark(data=b"y", a="1")}) == 5

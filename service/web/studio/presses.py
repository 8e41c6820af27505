"""A button that is pressed twice was pressed once: the second press gets the answer to the first.

Else it would read that a colleague was before it, or that something changed meanwhile: it comes from a page that the
first press has overtaken, and a browser shows the answer to the last. So a link or a code that is shown once is not
lost either. Each process knows what was pressed in it alone; where the two come to different ones, the second is judged
by itself, and changes nothing that it did not see.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from starlette.responses import Response, StreamingResponse

from service.web.bodies import Upload

_DOUBLE = 3.0
"""Seconds in which the same form, sent again and nothing else in between, is the same press."""


@dataclass(kw_only=True)
class _Press:
    form: str
    answer: asyncio.Future[Response | None]
    at: float = field(default_factory=time.monotonic)

    @property
    def stands(self) -> bool:
        return not self.answer.done() or (self.answer.result() is not None and time.monotonic() - self.at < _DOUBLE)


class Presses:
    """The last of each session, and of each link that somebody came by who has none, of one application."""

    def __init__(self) -> None:
        self._last: dict[int | str, _Press] = {}

    async def once(self, whose: int | str, form: str, act: Callable[[], Awaitable[Response]]) -> Response:
        """What `act` answers to this form, or answered just now. What was refused is asked again, and so is a file
        that is sent as it is read."""
        before = self._last.get(whose)
        if before and before.form == form and before.stands and (answer := await asyncio.shield(before.answer)):
            return answer
        self._last = {each: press for each, press in self._last.items() if press.stands}
        press = _Press(form=form, answer=asyncio.get_running_loop().create_future())
        self._last[whose] = press
        answer = None
        try:
            answer = await act()
        finally:
            press.answer.set_result(answer if _may_be_given_again(answer) else None)
        return answer


def _may_be_given_again(answer: Response | None) -> bool:
    return answer is not None and answer.status_code < 400 and not isinstance(answer, StreamingResponse)


def form_of(path: str, fields: Mapping[str, Sequence[str]], uploads: Mapping[str, Upload]) -> str:
    """A mark of all that was sent."""
    sent = (path, sorted(fields.items()), sorted((name, each.told_name) for name, each in uploads.items()))
    mark = hashlib.sha256(repr(sent).encode(errors="surrogatepass"))
    for _, each in sorted(uploads.items()):
        mark.update(each.data)
    return mark.hexdigest()

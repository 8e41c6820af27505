"""A button that is pressed twice was pressed once: the second press gets the answer to the first.

Else it would read that a colleague was before it, or that something changed meanwhile: it comes from a page that the
first press has overtaken, and a browser shows the answer to the last. Each process knows what was pressed in it alone;
where the two come to different ones, the second is judged by itself, and changes nothing that it did not see.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from starlette.responses import Response

from service.web.bodies import Upload

_ON = 303
_DOUBLE = 3.0
"""Seconds in which the same form, sent again and nothing else in between, is the same press."""


@dataclass(kw_only=True)
class _Press:
    form: str
    answer: asyncio.Future[Response | None]
    at: float = field(default_factory=time.monotonic)

    @property
    def stands(self) -> bool:
        return not self.answer.done() or time.monotonic() - self.at < _DOUBLE


class Presses:
    """The last of each session, of one application."""

    def __init__(self) -> None:
        self._last: dict[int, _Press] = {}

    async def once(self, session_id: int, form: str, act: Callable[[], Awaitable[Response]]) -> Response:
        """What `act` answers to this form, or answered just now, where it went on to another page: what was refused or
        is shown at once is asked again."""
        before = self._last.get(session_id)
        if before and before.form == form and before.stands and (answer := await asyncio.shield(before.answer)):
            return answer
        self._last = {number: each for number, each in self._last.items() if each.stands}
        press = _Press(form=form, answer=asyncio.get_running_loop().create_future())
        self._last[session_id] = press
        answer = None
        try:
            answer = await act()
        finally:
            press.answer.set_result(answer if answer is not None and answer.status_code == _ON else None)
        return answer


def form_of(path: str, fields: Mapping[str, Sequence[str]], uploads: Mapping[str, Upload]) -> str:
    """A mark of all that was sent."""
    sent = (path, sorted(fields.items()), sorted((name, each.told_name) for name, each in uploads.items()))
    mark = hashlib.sha256(repr(sent).encode(errors="surrogatepass"))
    for _, each in sorted(uploads.items()):
        mark.update(each.data)
    return mark.hexdigest()

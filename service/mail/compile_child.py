"""The process that hostile files are read in: compiles mails and judges images for its parent, within limits.

Started by `workshop.py`, with a socket as its standard input and nothing in its environment. One JSON object a line in
each direction: no answer of this process is ever unpickled or run. After its imports it gives up what it will not need.
"""

from __future__ import annotations

import base64
import dataclasses
import json
import resource
import socket
import sys
from collections.abc import Mapping
from typing import Any

from service.errors import Problem, trace
from service.mail.compile import compile_mail, compile_partial
from service.mail.compiled import CompiledMail, Image
from service.mail.compose import HeldMailError, MailValues, render
from service.mail.front_matter import FOLDER
from service.mail.image_check import judge
from service.mail.image_prepare import Prepared, prepare
from service.mail.try_out import try_out

_READY: Mapping[str, Any] = {"ready": True}


def serve(line: socket.socket, *, memory: int, seconds: int) -> None:
    """Answer requests until the parent hangs up. After a request that took too much memory this process ends."""
    _confine(memory)
    folder: dict[str, Any] = {}
    with line, line.makefile("rb") as requests:
        line.sendall(_written(_READY))
        for request in requests:
            _allow(seconds)
            try:
                answer = _answer(json.loads(request), folder)
            except MemoryError:
                line.sendall(b'{"failed": "memory"}\n')
                return
            except Exception as error:  # told to the parent, which says so beside the name of the file
                answer = {"failed": trace(error)}
            line.sendall(_written(answer))


def _answer(request: Mapping[str, Any], folder: dict[str, Any]) -> Mapping[str, Any]:
    match request:
        case {"folder": {**sent}}:
            folder.clear()
            folder.update({str(key): value for key, value in sent.items()})
            return _READY
        case {"mail": str(name)}:
            mail, problems = _compiled(name, folder)
            return _result(mail.model_dump(mode="json") if mail else None, problems)
        case {"sample": str(name), "values": {**values}}:
            return _sample(name, {str(key): value for key, value in values.items()}, folder)
        case {"partial": str(name)}:
            partial, problems = compile_partial(name, folder["sources"])
            return _result(partial.model_dump(mode="json") if partial else None, problems)
        case {"image": str(path), "data": str(data)}:
            image, problems = judge(path, base64.b64decode(data))
            return _result(image.model_dump(mode="json") if image else None, problems)
        case {"prepare": str(data), "description": str(description)}:
            prepared, problems = prepare(base64.b64decode(data), description)
            return _result(_as_json(prepared) if prepared else None, problems)
    raise ValueError("no such request")


def _compiled(name: str, folder: Mapping[str, Any]) -> tuple[CompiledMail | None, list[Problem]]:
    images = {path: Image.model_validate(each) if each else None for path, each in folder["images"].items()}
    mail, problems = compile_mail(name, folder["sources"], protected_titles=folder["titles"], images=images)
    if mail is not None and (found := try_out(mail)):
        return None, [*problems, *found]
    return mail, problems


def _sample(name: str, given: Mapping[str, Any], folder: Mapping[str, Any]) -> Mapping[str, Any]:
    """The mail, and the same filled in with these values: here too a mail may take what it likes of this process."""
    mail, problems = _compiled(name, folder)
    if mail is None:
        return _result(None, problems)
    values = MailValues.model_validate(given)
    try:
        rendered = render(mail, values if mail.for_lead else values.for_practice())
    except HeldMailError as error:
        dutch = (
            "voor deze lezer kan de mail niet worden ingevuld: er ontbreekt een gegeven. Zet het tussen een `if`, of "
            "vul het in bij de praktijk."
        )
        held = Problem(id="mail.fill", file=f"{FOLDER}{name}.md", message=error.english, dutch=dutch)
        return _result({"mail": mail.model_dump(mode="json"), "rendered": None}, [*problems, held])
    filled = {"mail": mail.model_dump(mode="json"), "rendered": dataclasses.asdict(rendered)}
    return _result(filled, problems)


def _result(made: object, problems: list[Problem]) -> Mapping[str, Any]:
    return {"made": made, "problems": [dataclasses.asdict(problem) for problem in problems]}


def _as_json(prepared: Prepared) -> Mapping[str, Any]:
    return {**dataclasses.asdict(prepared), "data": base64.b64encode(prepared.data).decode()}


def _written(answer: Mapping[str, Any]) -> bytes:
    return json.dumps(answer).encode() + b"\n"


def _confine(memory: int) -> None:
    """Bytes of address space; no core file, no file written, and (unless this is root) no further process."""
    if sys.platform != "darwin":  # which refuses to limit what is mapped already
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def _allow(seconds: int) -> None:
    """So much more of a processor for the next request: the parent may be gone when a bomb goes off."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + seconds + 1, hard))


if __name__ == "__main__":
    serve(socket.socket(fileno=0), memory=int(sys.argv[1]), seconds=int(sys.argv[2]))

"""Bodies of requests: read up to a limit that holds whatever Content-Length says, and taken apart into fields."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import Field, File, FormParser, parse_options_header

from service.errors import FieldProblem, InvalidInputError
from service.web.problems import TooLargeError, UnsupportedTypeError

LARGEST = 16 * 1024
LARGEST_EVENT = 1024 * 1024
_SWALLOWED = 256 * 1024  # read past the limit and dropped: a client that still writes would never see the answer
_MOST_FIELDS = 100
_DEEPEST = 5
URLENCODED, MULTIPART, JSON = "application/x-www-form-urlencoded", "multipart/form-data", "application/json"


@dataclass(frozen=True, kw_only=True)
class Body:
    """The bytes of a request, and what they say they are. `kind` is the media type, in lower case."""

    content_type: str
    data: bytes

    @property
    def kind(self) -> str:
        return self.content_type.partition(";")[0].strip().lower()


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A file that came in a form. Its name is what the sender says, and no more: it names nothing here."""

    told_name: str
    data: bytes


async def read_body(request: Request) -> Body:
    """The body, at most 16 kB. Raises TooLargeError as soon as there is more."""
    return await _read(request, LARGEST, "16 kB")


async def read_event(request: Request) -> Body:
    """The body of a signed event, at most 1 MB (ACCEPTANCE F2)."""
    return await _read(request, LARGEST_EVENT, "1 MB")


async def read_at_most(request: Request, largest: int) -> Body:
    """The body, at most so many bytes."""
    return await _read(request, largest, f"{largest // 1024} kB")


async def _read(request: Request, largest: int, in_words: str) -> Body:
    data = bytearray()
    seen = 0
    async for chunk in request.stream():
        seen += len(chunk)
        if seen <= largest:
            data += chunk
        elif seen > largest + _SWALLOWED:
            break
    if seen > largest:
        raise TooLargeError(f"the body is larger than {largest} bytes", f"Dit is te groot: hoogstens {in_words}.")
    return Body(content_type=request.headers.get("content-type", ""), data=bytes(data))


def form_fields(body: Body) -> list[tuple[str, str]]:
    """The fields of a form post, in their order. Raises UnsupportedTypeError, or InvalidInputError when broken."""
    return form_parts(body, ())[0]


def form_parts(body: Body, uploads: Collection[str]) -> tuple[list[tuple[str, str]], dict[str, Upload]]:
    """The fields of a form post, and the files that came as these; those that were left empty are not among them.

    Any other file makes the form a broken one.
    """
    if body.kind == URLENCODED:
        try:
            fields = parse_qsl(body.data.decode(), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
        except ValueError:
            _broken("the form is not urlencoded UTF-8")
        return fields, {}
    if body.kind == MULTIPART:
        return _multipart(body, uploads)
    raise UnsupportedTypeError(
        f"expected {JSON}, {URLENCODED} or {MULTIPART}",
        "Stuur dit als application/json, application/x-www-form-urlencoded of multipart/form-data.",
    )


def json_object(body: Body) -> dict[str, Any]:
    """The object in a JSON body. Raises InvalidInputError for anything else, nesting above five levels included."""
    try:
        found = json.loads(body.data.decode(), object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError):
        _broken("the JSON cannot be read")
    if not isinstance(found, dict):
        _broken("the JSON is no object")
    if _deeper(found, _DEEPEST):
        _broken(f"the JSON is nested deeper than {_DEEPEST}")
    return found


def one_each(fields: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Fields by name. Raises InvalidInputError for a name that comes twice: which of them was meant?"""
    found: dict[str, str] = {}
    for name, value in fields:
        if name in found:
            problem = FieldProblem(pointer=pointer(name), detail="Dit veld staat er twee keer.")
            raise InvalidInputError("a field stands there twice", "Een veld staat er twee keer.", fields=[problem])
        found[name] = value
    return found


def pointer(*parts: object) -> str:
    """A JSON pointer (RFC 6901, section 3)."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def _multipart(body: Body, uploads: Collection[str]) -> tuple[list[tuple[str, str]], dict[str, Upload]]:
    fields: list[tuple[str, str]] = []
    files: dict[str, Upload] = {}
    ended: list[bool] = []

    def on_field(field: Field) -> None:
        if len(fields) >= _MOST_FIELDS or field.field_name is None:
            raise ValueError("too many fields, or one without a name")
        fields.append((field.field_name.decode(), (field.value or b"").decode()))

    def on_file(file: File) -> None:
        name = (file.field_name or b"").decode()
        if name not in uploads or name in files:
            raise ValueError("a file where a field belongs, or one too many")
        file.file_object.seek(0)
        data = file.file_object.read()
        file.close()
        if data or file.file_name:  # a browser sends a field that nobody chose a file for as an empty one without name
            files[name] = Upload(told_name=(file.file_name or b"").decode("utf-8", "replace"), data=data)

    _, options = parse_options_header(body.content_type)
    try:
        parser = FormParser(
            MULTIPART,
            on_field,
            on_file,
            on_end=lambda: ended.append(True),
            boundary=options.get(b"boundary"),
            config={"MAX_MEMORY_FILE_SIZE": len(body.data) + 1},  # none of it goes to a disk
        )
        parser.write(body.data)
        parser.finalize()
    except (FormParserError, ValueError):
        _broken("the multipart form cannot be read")
    if not ended:
        _broken("the multipart form has no end")
    return fields, files


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands there twice")
    for name in found:
        name.encode()  # half a character (RFC 8259, section 8.2) could not be named in the answer: UnicodeEncodeError
    return found


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _deeper(value: object, levels: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return inner is not None and (levels == 0 or any(_deeper(each, levels - 1) for each in inner))


def _broken(english: str) -> NoReturn:
    problem = FieldProblem(pointer="", detail="Dit kunnen we niet lezen.")
    raise InvalidInputError(english, "Wat je stuurde kunnen we niet lezen.", fields=[problem])

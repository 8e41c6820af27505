"""What an opt-in may look like: each field, how long it may be, and the Dutch for all that can be wrong with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from service.domain.forms import LONGEST_VERSION, MOST_QUESTIONS
from service.errors import FieldProblem
from service.flows.clients import Client
from service.flows.opt_in_check import OptInRequest
from service.flows.proof_of_work import Proof
from service.web import bodies

_ANSWER = "answers."
_BOXES = ("consent_advice", "consent_follow_up")
_TICKED = {"on": True, "true": True, "1": True, "off": False, "false": False, "0": False, "": False}
_LONGEST_PAGE = 2_000
_WEB_ADDRESS = re.compile(r"https?://[!-~]+", re.IGNORECASE)  # visible ASCII: it is kept, and shown to staff
_HOSTILE = re.compile(r"[\x00-\x1f\x7f]")


def _web_address(value: str) -> str:
    if value and not _WEB_ADDRESS.fullmatch(value):
        raise PydanticCustomError("web_address", "no http or https address")
    return value


def _one_line(value: str) -> str:
    if _HOSTILE.search(value):
        raise PydanticCustomError("one_line", "a control character")
    return value


_Word = Annotated[str, Field(max_length=LONGEST_VERSION), AfterValidator(_one_line)]


class OptInBody(BaseModel):
    """The fields of `POST /api/opt-ins`. Types are strict: `"true"` is no boolean in JSON."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)

    email: Annotated[str, Field(max_length=254)]
    topic: _Word | None = None
    form: _Word | None = None
    consent_advice: bool = False
    consent_follow_up: bool = False
    first_name: Annotated[str, Field(max_length=200)] | None = None
    answers: Annotated[dict[_Word, _Word], Field(max_length=MOST_QUESTIONS)] | None = None
    consent_version: _Word | None = None
    source_url: Annotated[str, Field(max_length=_LONGEST_PAGE), AfterValidator(_web_address)] | None = None
    form_token: Annotated[str, Field(max_length=2_000)] | None = None
    altcha: Annotated[str, Field(max_length=8_000)] | None = None
    leave_empty: Annotated[str, Field(max_length=2_000)] | None = None


def _flat() -> dict[str, Any]:
    """The same fields as a form has them: all text, and each answer a field of its own."""
    schema = OptInBody.model_json_schema()
    fields = {name: field for name, field in schema["properties"].items() if name != "answers"}
    fields |= {name: {"type": "string", "enum": list(_TICKED)} for name in _BOXES}
    return schema | {"properties": fields, "patternProperties": {r"^answers\..+": {"type": "string"}}}


_ASKED = {"email": "anna@example.org", "topic": "lage-rug", "consent_advice": True}
_FORM = {"schema": _flat(), "example": _ASKED | {"consent_advice": "on"}}
DOCUMENTED: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            bodies.JSON: {"schema": OptInBody.model_json_schema(), "example": _ASKED},
            bodies.URLENCODED: _FORM,
            bodies.MULTIPART: _FORM,
        },
    },
    "parameters": [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "description": "Visible ASCII; the same key again is the same opt-in, taken once. Empty is none.",
            "schema": {"type": "string", "maxLength": 200, "pattern": "^[!-~]*$"},
        }
    ],
}
"""`openapi_extra` of the endpoint."""


def is_page(url: str) -> bool:
    """Can this be a `source_url`? A form that carries another one could not be sent by anybody."""
    return len(url) <= _LONGEST_PAGE and _WEB_ADDRESS.fullmatch(url) is not None


def from_form(fields: Mapping[str, str]) -> dict[str, Any]:
    """A form's fields in the shape of the JSON. A box says `on`, `true` or `1`, or does not come at all."""
    shaped: dict[str, Any] = {}
    for name, value in fields.items():
        if name.startswith(_ANSWER) and len(name) > len(_ANSWER):
            shaped.setdefault("answers", {})[name.removeprefix(_ANSWER)] = value
        elif name == "answers":
            shaped["answers."] = value  # in a form there is no such field
        else:
            shaped[name] = _TICKED.get(value.lower(), value) if name in _BOXES else value
    return shaped


def shape(given: Mapping[str, Any]) -> tuple[OptInBody, list[FieldProblem]]:
    """The body, and all that is wrong with its shape. Fields that cannot be taken are as if they were left out."""
    try:
        return OptInBody.model_validate(given), []
    except ValidationError as error:
        problems = [_problem(each) for each in error.errors(include_url=False, include_input=False)]
        wrong = {each["loc"][0] for each in error.errors(include_url=False, include_input=False)}
        rest = {name: value for name, value in given.items() if name not in wrong}
        return OptInBody.model_validate({"email": ""} | rest), problems


def to_request(
    body: OptInBody, idempotency_key: str | None, *, signed: bool, proof: Proof | None, client: Client | None
) -> OptInRequest:
    """For the flow. What is empty was not filled in."""
    return OptInRequest(
        email=body.email,
        topic=body.topic or None,
        form=body.form or None,
        consent_advice=body.consent_advice,
        consent_follow_up=body.consent_follow_up,
        first_name=body.first_name or None,
        answers={name: value for name, value in (body.answers or {}).items() if value},
        consent_version=body.consent_version or None,
        source_url=body.source_url or None,
        idempotency_key=idempotency_key,
        trapped=bool(body.leave_empty),
        form_token=body.form_token or None,
        proof=proof,
        signed=signed,
        client=client,
    )


def _problem(error: ErrorDetails) -> FieldProblem:
    path = [part for part in error["loc"] if part != "[key]"]
    limit = error.get("ctx", {}).get("max_length")
    sentences = {
        "missing": "Vul je e-mailadres in.",
        "extra_forbidden": "Dit veld kennen we niet.",
        "string_type": "Dit moet tekst zijn.",
        "string_unicode": "Hier staan tekens in die we niet kunnen lezen.",
        "string_too_long": f"Dit is te lang: hoogstens {limit} tekens.",
        "bool_type": "Dit moet true of false zijn.",
        "dict_type": "Dit moeten vragen met hun antwoorden zijn.",
        "too_long": f"Dit zijn er te veel: hoogstens {limit}.",
        "web_address": "Dit moet een adres zijn dat begint met http:// of https://.",
        "one_line": "Hier staan tekens in die we niet kunnen lezen.",
    }
    return FieldProblem(pointer=bodies.pointer(*path), detail=sentences.get(error["type"], "Dit kunnen we niet lezen."))

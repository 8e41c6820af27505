"""What the OpenAPI document says of our routes: every answer there is, and what a post may hold. The fuzzer reads it.

A page's room says `default_response_class=HTMLResponse, responses=documented.errors(404, 503)` once, at its router;
a route adds what it alone answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI

Responses = dict[int | str, dict[str, Any]]

_TEXT = {"type": "string"}
_PROBLEM = {
    "description": "RFC 9457; `errors` names each field by a JSON pointer (RFC 6901).",
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"const": "about:blank"},
        "title": _TEXT,
        "status": {"type": "integer"},
        "detail": _TEXT,
        "code": _TEXT,
        "errors": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["pointer", "detail"],
                "properties": {"pointer": {"type": "string", "pattern": "^$|^/"}, "detail": _TEXT},
                "additionalProperties": False,
            },
        },
    },
    "additionalProperties": False,
}
_AFTER = {"Retry-After": {"description": "Seconds.", "required": True, "schema": {"type": "string"}}}
_HEADERS = {429: _AFTER, 503: _AFTER}


class Described(FastAPI):
    """The framework, but for one thing: it documents a 422 of its own for each path with a name in it."""

    def openapi(self) -> dict[str, Any]:
        """The document. Paths are text, which is never invalid, and bodies we read ourselves."""
        document = super().openapi()
        for operations in document["paths"].values():
            for operation in operations.values():
                if "HTTPValidationError" in str(operation["responses"].get("422")):
                    del operation["responses"]["422"]
        document["components"] = {"schemas": {"Problem": _PROBLEM}}
        return document


def errors(*statuses: int) -> Responses:
    """Answers in the shape of `problems.py`: a problem for programs, a page for people in a browser."""
    problem = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {"application/problem+json": problem, "text/html": {"schema": _TEXT}},
            "headers": _HEADERS.get(status, {}),
        }
        for status in statuses
    }


def content(status: int, *kinds: str, description: str = "", headers: Sequence[str] = ()) -> Responses:
    """An answer of one of these media types; none where there is only a header to read."""
    return {
        status: {
            "description": description or HTTPStatus(status).phrase,
            "content": {kind: {"schema": {} if kind == "application/json" else _TEXT} for kind in kinds},
            "headers": {name: {"required": True, "schema": _TEXT} for name in headers},
        }
    }


def said(status: int, word: str) -> Responses:
    """The answer `{"status": word}`."""
    schema = {"type": "object", "properties": {"status": {"const": word}}, "required": ["status"]}
    return {status: {"content": {"application/json": {"schema": schema | {"additionalProperties": False}}}}}


def query(name: str, *choices: str) -> dict[str, Any]:
    """`openapi_extra` for a field of the query; whatever else it says is as if it were not there."""
    return {"parameters": [{"name": name, "in": "query", "required": False, "schema": _one_of(choices)}]}


def form(fields: Mapping[str, Sequence[str] | dict[str, Any]], *, uploads: Sequence[str] = ()) -> dict[str, Any]:
    """`openapi_extra` for a page's post: its fields with their choices, () for free text, or a schema.

    Other fields are not looked at. `uploads` are those that take a file.
    """
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {name: given if isinstance(given, dict) else _one_of(given) for name, given in fields.items()},
        "additionalProperties": _TEXT,
    }
    if uploads:
        files = {name: {"type": "string", "format": "binary"} for name in uploads}
        with_files = {**schema, "properties": {**schema["properties"], **files}}
        return {"requestBody": {"content": {"multipart/form-data": {"schema": with_files}}}}
    kinds = ("application/x-www-form-urlencoded", "multipart/form-data")
    return {"requestBody": {"content": {kind: {"schema": schema} for kind in kinds}}}


def _one_of(choices: Sequence[str]) -> dict[str, Any]:
    return {"type": "string", "enum": list(choices)} if choices else _TEXT

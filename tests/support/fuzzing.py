"""Requests made up from the OpenAPI document, lawful and broken ones, and what is wrong in the answers.

The generator is schemathesis, driven by its engine: its plugin for pytest would cost every start of the tests most of a
second.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import schemathesis
from fastapi import FastAPI
from schemathesis.core.failures import Failure
from schemathesis.engine import events, from_schema
from schemathesis.engine.recorder import ScenarioRecorder
from starlette.types import ASGIApp, Receive, Scope, Send

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
    "unsupported_method",
    "allow_header_conformance",
)
HEADERS: tuple[tuple[tuple[bytes, bytes], ...], ...] = (
    (),
    ((b"accept", b"text/html,*/*;q=0.8"),),
    ((b"origin", b"null"), (b"accept", b"text/html")),
    ((b"origin", b"https://kwaad.example"), (b"referer", b"javascript:alert(1)")),
    ((b"accept", b"\xff\xfe\x00text/html"), (b"accept-language", b"=?utf-8?q?x?=")),
    ((b"cookie", b"=;;\xe9=\x80; session=1"), (b"authorization", b"Basic \xff")),
    ((b"x-forwarded-for", b"' OR 1=1 --"), (b"forwarded", b"for=unknown;host=kwaad.example")),
    ((b"content-length", b"-1"), (b"content-type", b"multipart/form-data; boundary=\xff")),
    ((b"content-encoding", b"gzip"), (b"expect", b"100-continue"), (b"range", b"bytes=0-,-1")),
    ((b"idempotency-key", b"x" * 5_000), (b"if-none-match", b"*"), (b"if-modified-since", b"gisteren")),
    ((b"host", b"kwaad.example"), (b"x-http-method-override", b"DELETE"), (b"accept", b"text/html;q=zero")),
)
"""Headers that each request in turn gets on top of its own."""


@dataclass(frozen=True, kw_only=True)
class Fuzzed:
    """What came of it: how often each operation gave each status, and each defect with a request that shows it."""

    answers: Counter[tuple[str, int]]
    defects: Mapping[str, str]

    def statuses(self, operation: str) -> set[int]:
        """The statuses of one operation, such as `GET /healthz`."""
        return {status for label, status in self.answers if label == operation}


def fuzz(
    app: FastAPI,
    *,
    values: Mapping[str, Mapping[str, Sequence[str]]],
    strict: Sequence[str],
    examples: int,
    seed: int,
) -> Fuzzed:
    """Send `examples` requests made up for each operation, and those that try the limits of its schema.

    `values` are real ones by path and parameter (`path.token`, `body.email`): half of the requests hold them. The paths
    in `strict` must also refuse whatever their schema does not allow.
    """
    schema = schemathesis.openapi.from_dict(app.openapi(), config=_config(values, strict, examples, seed))
    schema.app = _Hostile(app)
    answers: Counter[tuple[str, int]] = Counter()
    defects: dict[str, str] = {}
    for event in from_schema(schema).execute():
        match event:
            case events.ScenarioFinished():
                answers += Counter(_answers(event.recorder))
                defects |= {what: shown for what, shown in _failures(event.recorder) if what not in defects}
            case events.NonFatalError() | events.FatalError():
                defects[f"the fuzzer itself: {event}"] = ""
    return Fuzzed(answers=answers, defects=defects)


def _config(
    values: Mapping[str, Mapping[str, Sequence[str]]], strict: Sequence[str], examples: int, seed: int
) -> schemathesis.Config:
    named = {f"{path} {name}": list(given) for path, names in values.items() for name, given in names.items()}
    operations = {
        path: {"parameters": {name: {"dictionary": f"{path} {name}", "probability": 0.5} for name in names}}
        for path, names in values.items()
    }
    for path in strict:
        operations.setdefault(path, {})["checks"] = {"negative_data_rejection": {"enabled": True}}
    return schemathesis.Config.from_dict(
        {
            "seed": seed,
            "continue-on-failure": True,
            "cache": {"enabled": False},
            "dictionaries": {name: {"values": given} for name, given in named.items()},
            "operations": [{"include-path": path, **settings} for path, settings in operations.items()],
            "checks": {"enabled": False} | {name: {"enabled": True} for name in CHECKS},
            "generation": {"mode": "all", "max-examples": examples, "database": "none", "no-shrink": True},
        }
    )


def _answers(recorder: ScenarioRecorder) -> Iterator[tuple[str, int]]:
    for key, interaction in recorder.interactions.items():
        assert interaction.response is not None, "no answer at all"
        yield recorder.cases[key].value.operation.label, interaction.response.status_code


def _failures(recorder: ScenarioRecorder) -> Iterator[tuple[str, str]]:
    for key, checks in recorder.checks.items():
        for check in checks:
            if check.failure_info is not None:
                failure: Failure = check.failure_info.failure
                what = f"{recorder.cases[key].value.operation.label}: {failure.title}"
                yield what, f"{failure.message}\n{check.failure_info.code_sample}"


class _Hostile:
    """Requests come from this machine, where the figures are shown, and each with other headers on top."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._headers = itertools.cycle(HEADERS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            more: dict[str, Any] = {
                "client": ("127.0.0.1", 50_000),
                "headers": [*scope["headers"], *next(self._headers)],
            }
            scope = {**scope, **more}
        await self._app(scope, receive, send)

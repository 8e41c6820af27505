"""The pages of `nurture dev`: every mail as it is read, made anew on each save. For the writer's own machine alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from fastapi import FastAPI, HTTPException
from fastapi.responses import HTMLResponse
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.staticfiles import StaticFiles

from service.errors import Problem
from service.flows.pictures import LOOKS, Look, alone, in_the_dark
from service.flows.samples import Sample
from service.flows.workbench import Seen, Workbench
from service.web import pages
from service.web.views import Page

Told = Callable[[Problem], str]

_NO_SCROLLBAR = "<style>html { scrollbar-width: none }</style>"
"""It would take its width from the mail's, and 320 px would be 305."""


@dataclass(frozen=True, kw_only=True)
class WorkbenchPage(Page):
    """Every mail, and everything that is wrong."""

    template: ClassVar[str] = "workbench/mails.html"
    scripts: ClassVar[bool] = True

    seen: Seen
    problems: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class WorkbenchMailPage(WorkbenchPage):
    """One mail in every look, and what is wrong in its own file."""

    template: ClassVar[str] = "workbench/mail.html"
    frames: ClassVar[bool] = True

    name: str
    mail: Sample
    looks: tuple[Look, ...] = LOOKS


def create_workbench(bench: Workbench, told: Told) -> FastAPI:
    """The application; `told` puts a problem into words."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    # another site must not read drafts through a name of its own that points here
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=["localhost", "127.0.0.1"])
    app.mount("/static", StaticFiles(directory=pages.STATIC), name="static")

    @app.get("/")
    def mails() -> HTMLResponse:
        seen = bench.seen
        problems = tuple(told(each) for each in seen.problems)
        return pages.render(WorkbenchPage(practice=None, seen=seen, problems=problems))

    @app.get("/state")
    def state() -> dict[str, int]:
        return {"number": bench.seen.number}

    @app.get("/mails/{name}")
    def mail(name: str) -> HTMLResponse:
        seen = bench.seen
        own = tuple(told(each) for each in seen.problems if each.file.endswith(f"/{name}.md"))
        return pages.render(
            WorkbenchMailPage(practice=None, seen=seen, problems=own, name=name, mail=_mail(seen, name))
        )

    @app.get("/mails/{name}/{look}")
    def look(name: str, look: str) -> HTMLResponse:
        chosen = next((each for each in LOOKS if each.name == look), None)
        if chosen is None:
            raise HTTPException(404)
        sample = _mail(bench.seen, name)
        page = alone(sample.rendered.html, sample.hosted, images=chosen.images)
        page = page.replace("</head>", f"{_NO_SCROLLBAR}</head>", 1)
        return pages.mail_frame(in_the_dark(page) if chosen.dark else page)

    return app


def _mail(seen: Seen, name: str) -> Sample:
    if name not in seen.mails:
        raise HTTPException(404)
    return seen.mails[name]

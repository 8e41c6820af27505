"""The web application: every route, and what goes round them."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from service.flows.consent_texts import Counts
from service.flows.content_desk import ContentDesk
from service.flows.previews import Previews
from service.flows.services import Services
from service.mail.hook_certificates import HookCertificates
from service.web import (
    all_data,
    answers,
    booking,
    challenges,
    confirm,
    demo,
    editor_script,
    embed,
    forms,
    health,
    mail_webhooks,
    media,
    my_data,
    opt_ins,
    pages,
    problems,
    unsubscribe,
    webhooks,
)
from service.web.documented import Described
from service.web.edge import Edge
from service.web.metrics import Metrics
from service.web.refusals import Refusals, keep_hooks
from service.web.studio import routes as studio
from service.web.studio.hashing import Hashing
from service.web.studio.results.figures import Counter


def create_app(services: Services, *, worker_alive: Callable[[], bool] | None) -> FastAPI:
    """The application. `worker_alive` where the worker runs inside this process, else None; /readyz asks it."""
    app = Described(
        title="nurture",
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json" if services.demo else None,  # for the fuzzer; nobody else needs a map
        redirect_slashes=False,
    )
    app.state.services = services
    app.state.metrics = metrics = Metrics(services)
    app.state.worker_alive = worker_alive
    app.state.schema_seen = False
    app.state.refusals = Refusals(services)
    app.state.hook_certificates = HookCertificates()
    app.state.hashing = Hashing()
    app.state.hook_refusals = Refusals(services, keep_hooks)
    app.state.consent_counts = Counts()
    app.state.previews = Previews()
    app.state.content_desk = ContentDesk(services.content_dir, app.state.previews.lent)
    app.state.results_counter = Counter()
    for room in (health, opt_ins, challenges, webhooks, mail_webhooks, forms, embed, editor_script, media):
        app.include_router(room.router)
    for page in (confirm, unsubscribe, booking, answers, my_data, all_data):
        app.include_router(page.router)
    app.include_router(studio.router)
    if services.demo:
        app.include_router(demo.router)
    app.mount("/static", StaticFiles(directory=pages.STATIC), name="static")
    problems.install(app, services)
    app.add_middleware(Edge, services=services, metrics=metrics)
    return app

"""The web application: every route, and what goes round them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from fastapi import APIRouter, FastAPI
from starlette.routing import BaseRoute
from starlette.staticfiles import StaticFiles

from service.flows.consent_texts import Counts
from service.flows.content_desk import ContentDesk
from service.flows.content_log import ContentLog
from service.flows.opt_in_groups import OptInGroups
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
from service.web.studio.presses import Presses
from service.web.studio.results.figures import Counter
from service.web.studio.threads import StaffThreads


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
    app.state.opt_in_groups = OptInGroups(services)
    app.state.refusals = Refusals(services)
    app.state.hook_certificates = HookCertificates()
    app.state.hashing = Hashing()
    app.state.staff_threads = StaffThreads()
    app.state.presses = Presses()
    app.state.hook_refusals = Refusals(services, keep_hooks)
    app.state.consent_counts = Counts()
    app.state.previews = Previews()
    log = ContentLog(services.database)
    app.state.content_desk = ContentDesk(services.content_dir, app.state.previews.lent, log)
    app.state.results_counter = Counter()
    app.router.routes.extend(_routes(demo_too=services.demo))
    app.mount("/static", StaticFiles(directory=pages.STATIC), name="static")
    problems.install(app, services)
    app.add_middleware(Edge, services=services, metrics=metrics)
    return app


@cache
def _routes(*, demo_too: bool) -> list[BaseRoute]:
    """Every page and endpoint. They belong to no installation, and building them takes longer than most requests."""
    whole = APIRouter(redirect_slashes=False)
    rooms = (health, opt_ins, challenges, webhooks, mail_webhooks, forms, embed, editor_script, media)
    for room in (*rooms, confirm, unsubscribe, booking, answers, my_data, all_data, studio):
        whole.include_router(room.router)
    if demo_too:
        whole.include_router(demo.router)
    return whole.routes

"""Commands that run the service: serve, worker, demo, migrate."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import socket
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.opening import open_services
from service.cli.telling import say
from service.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    import uvicorn
    from fastapi import FastAPI

    from service.flows.services import Services
    from service.worker import Worker

Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")]
_BACKLOG = 2048  # connections that may wait, as uvicorn has it: opt-ins come in bursts after a broadcast


def serve(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    worker: Annotated[bool, typer.Option(help="Send in this process too.")] = True,
) -> None:
    """Answer the website, and send in the same process."""
    _, services = open_services()
    _serve(services, host, port, with_worker=worker)


def worker() -> None:
    """Send in the background, without a website. Any number of these on PostgreSQL."""
    from service.logs import configure
    from service.worker import Worker

    _, services = open_services()
    configure()
    running = Worker(services)
    stop = threading.Event()

    def ask_to_stop(*_: object) -> None:
        running.begin_stop()
        stop.set()

    on_a_stop(ask_to_stop)
    keep_what_is_loaded()
    running.start()
    while not stop.wait(1.0):
        if not running.alive:
            raise RefusedError("the background work has stopped by itself; see the log")
    running.stop()


def demo(port: Port = 8000) -> None:
    """The main job to try out, with an inbox and a clock to move. Its data is under data/demo/."""
    root = Path(__file__).resolve().parents[2]
    folder = root / "data" / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    # The demo is what it is whatever the environment says: it must never mail anybody real.
    for name in [name for name in os.environ if name.startswith("NURTURE_")]:
        del os.environ[name]
    os.environ |= {
        "NURTURE_DEMO": "1",
        "NURTURE_DATA_DIR": str(folder),
        "NURTURE_DATABASE_URL": f"sqlite:///{folder / 'nurture.db'}",
        "NURTURE_MAIL_URL": f"file:{folder / 'outbox'}",
        "NURTURE_CONTENT_DIR": str(root),
        "NURTURE_BASE_URL": f"http://localhost:{port}",
        "NURTURE_MAIL_FROM": "Solid Performance <advies@praktijk.example>",
        "NURTURE_ENV": "development",
    }
    os.chdir(folder)  # away from a .env that is meant for the real service
    _, services = open_services()
    hello = f"The demo: http://localhost:{port}/demo/ (inbox: /demo/inbox). Stop with Ctrl-C; start again any time."
    _serve(services, "127.0.0.1", port, with_worker=True, hello=hello)


def migrate() -> None:
    """Bring the database to the newest schema. Safe to run from several machines at once."""
    from service.bootstrap import check_schema
    from service.store import schema

    _, services = open_services(ready=False)
    check_schema(services.database, but={schema.Schema.EMPTY, schema.Schema.OLDER})
    worked = schema.migrate(services.database)
    if worked:
        say("The schema was brought up to date.", "De database is bijgewerkt.")
    else:
        say("The schema is current.", "De database is al bij.")


def _serve(services: Services, host: str, port: int, *, with_worker: bool, hello: str = "") -> None:
    from service.bootstrap import publish_first
    from service.flows import content_log
    from service.logs import configure
    from service.web.app import create_app
    from service.worker import Worker

    with contextlib.closing(listen(host, port)) as listening:
        if hello:  # once the port is ours
            typer.echo(hello)
        publish_first(services)
        configure()
        content_log.catch_up(services.database, services.content_dir)
        running: Worker | None = Worker(services) if with_worker else None
        server = web_server(create_app(services, worker_alive=(lambda: running.alive) if running else None))
        stop_together(server, running)
        keep_what_is_loaded()
        if running:
            running.start()
        try:
            server.run(sockets=[listening])
        finally:
            if running:
                running.stop()
            services.database.close()


def keep_what_is_loaded() -> None:
    """Python's collector need not look at it again and again, as it stays: that took a twentieth of all sending."""
    gc.freeze()


def web_server(app: FastAPI) -> uvicorn.Server:
    """The web server as it stands behind a proxy (docs/deployment.md says what that one has to limit)."""
    import uvicorn

    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,  # paths hold tokens; the app logs each request without them
        server_header=False,
        proxy_headers=False,
        ws="none",
        h11_max_incomplete_event_size=16 * 1024,  # bytes: request line and headers together
        timeout_keep_alive=5,
        timeout_graceful_shutdown=8,  # a container is killed ten seconds after it was asked to stop
    )
    return uvicorn.Server(config)


def stop_together(server: uvicorn.Server, running: Worker | None) -> None:
    """Web and worker stop on the same signal: one after the other would take longer than a container is given.

    Also before the server listens to signals itself, and when it raises once more, at its end, the one that it got: by
    default that would end us with mail in flight.
    """
    told = server.handle_exit

    def stop(number: int, frame: FrameType | None) -> None:
        if running:
            running.begin_stop()
        told(number, frame)

    server.handle_exit = stop  # type: ignore[method-assign, assignment]
    on_a_stop(stop)


def on_a_stop(do: Callable[[int, FrameType | None], None]) -> None:
    """Call this when we are asked to stop, or the terminal that we were started in is closed."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:  # `nohup` outlives its terminal
            signal.signal(number, do)


def listen(host: str, port: int) -> socket.socket:
    """A busy port is told before anything starts."""
    listening = None
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        # Named TCP, or asyncio leaves Nagle's algorithm on: each answer then waits 40 ms for a late acknowledgement.
        listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(_BACKLOG)
    except (OSError, UnicodeError) as error:  # the latter of a name that cannot be looked up
        if listening is not None:
            listening.close()
        reason = getattr(error, "strerror", None) or str(error)
        raise RefusedError(f"cannot listen on {host}:{port}: {reason}; choose another with --port") from error
    return listening

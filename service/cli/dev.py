"""`nurture dev`: on each save, check the content again and show the mails anew."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.checking import counted
from service.cli.opening import open_services
from service.cli.reading import Answers, pairs
from service.cli.running import listen
from service.cli.telling import Told, complain, language, say, tell_in
from service.errors import RefusedError

if TYPE_CHECKING:
    import socket

    from fastapi import FastAPI

    from service.flows.workbench import Seen


def dev(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the page with every mail.")] = 8001,
    out: Annotated[Path | None, typer.Option(help="Folder for the mails as files.")] = None,
    answer: Answers = None,
    told: Told = None,
) -> None:
    """Watch the content: on each save, tell what is wrong and show the mails anew. Stop with Ctrl-C."""
    from service.flows.workbench import Workbench, saves
    from service.web.workbench import create_workbench

    tell_in(told)
    settings, services = open_services(ready=False)
    folder = out or settings.data_dir / "preview"
    bench = Workbench(services, pairs(answer))
    words = language()
    app = create_workbench(bench, lambda problem: problem.told(words))
    stop = threading.Event()
    with contextlib.closing(listen("127.0.0.1", port)) as listening, _served(app, listening):
        bench.look(datetime.now(UTC))
        say(
            f"Every mail: http://localhost:{port}/ (files: {folder}). Stop with Ctrl-C.",
            f"Alle mails: http://localhost:{port}/ (bestanden: {folder}). Stop met Ctrl-C.",
        )
        _tell(bench.seen, folder, first=True)
        try:
            for _ in saves(services.content_dir, stop):
                if bench.look(datetime.now(UTC)):
                    _tell(bench.seen, folder)
        except KeyboardInterrupt:
            typer.echo("")


def _tell(seen: Seen, folder: Path, *, first: bool = False) -> None:
    """Errors each time, warnings when they are new; then what was made."""
    from service.flows import samples

    errors = [each for each in seen.problems if each.severity == "error"]
    complain(errors if first else [*errors, *(each for each in seen.new if each.severity == "warning")])
    at = f"{datetime.now(UTC).astimezone():%H:%M:%S}"
    typer.echo(f"{at}  {counted(seen.problems)}")
    try:
        for name in seen.changed:
            samples.write(seen.mails[name], name, folder)
        for name in seen.gone:
            samples.remove(name, folder)
    except OSError as error:
        raise RefusedError(
            f"{folder} cannot be written to: {error.strerror}",
            f"in {folder} kan niet geschreven worden: {error.strerror}",
        ) from error
    if seen.changed and not first:
        say(f"{at}  made anew: {', '.join(seen.changed)}", f"{at}  opnieuw gemaakt: {', '.join(seen.changed)}")
    if seen.gone:
        say(f"{at}  gone: {', '.join(seen.gone)}", f"{at}  weg: {', '.join(seen.gone)}")


@contextmanager
def _served(app: FastAPI, listening: socket.socket) -> Iterator[None]:
    """The pages, answered in a thread of their own meanwhile."""
    import uvicorn

    config = uvicorn.Config(app, log_config=None, access_log=False, server_header=False, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="pages", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(timeout=5)

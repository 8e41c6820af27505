"""Runs `nurture` in this process, as a person would: what it printed, and how it ended."""

from __future__ import annotations

import contextlib
import io
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from unittest.mock import patch

import structlog
import typer.main

from service.cli import main

built = cache(typer.main.get_command)
"""A process of the service reads how its commands are called once; for each of these it would be done anew."""


@dataclass(frozen=True, kw_only=True)
class Said:
    """Exit status, standard output and standard error of one command."""

    status: int
    out: str
    err: str


def nurture(*arguments: str, folder: Path, answers: str = "", **settings: str) -> Said:
    """Run a command in a working directory, with these settings alone (`database_url=…` is NURTURE_DATABASE_URL).

    `answers` is what is typed; then the input ends.
    """
    out, err = io.StringIO(), io.StringIO()
    environment = {f"NURTURE_{name.upper()}": value for name, value in settings.items()}
    status = 0
    with (
        patch.dict("os.environ", environment),
        patch.object(sys, "argv", ["nurture", *arguments]),
        patch.object(typer.main, "get_command", built),
        patch.object(sys, "stdin", io.StringIO(answers)),
        contextlib.chdir(folder),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
        finally:
            structlog.reset_defaults()  # the command's log went where its stderr did
    return Said(status=status, out=out.getvalue(), err=err.getvalue())

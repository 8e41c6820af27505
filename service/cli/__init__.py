"""`nurture`: commands are thin, flows do the work. Exit 0 done, 1 refused in one plain sentence, 2 wrong usage."""

from __future__ import annotations

import gc
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from service.cli import (
    approving,
    audit,
    backups,
    bookings,
    checking,
    consent,
    copying,
    dev,
    doctor,
    feedback,
    keys,
    lead_data,
    leads,
    messages,
    previewing,
    publishing,
    requests,
    retention,
    running,
    setup,
    simulating,
    snippets,
    staff,
    stats,
    telling,
    topics,
)
from service.cli.opening import opened
from service.cli.telling import complain, forget, refusal, say, unusable
from service.errors import NurtureError, ProblemsError, RefusedError

SELDOM = 50_000  # objects made since Python's collector last looked; its own 700 is for small programs


class _Commands(TyperGroup):
    """All commands. What is wrong with an option is told without the word that pydantic puts before it, and a question
    that nobody can answer, as under cron, is told as such."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was given."""
        try:
            return super().invoke(ctx)
        except typer.Abort as error:
            if not isinstance(error.__context__, EOFError):
                raise  # whoever was asked said no
            typer.echo(err=True)  # the question stands there still
            raise RefusedError(
                "nobody is here to answer: give --yes, or what is asked as an option (--help names them)",
                "er is hier niemand om te antwoorden: geef --yes, of geef wat gevraagd wordt als optie (zie --help)",
            ) from error
        except typer.BadParameter as error:
            error.message = error.message.removeprefix("Value error, ")
            raise


app = typer.Typer(
    name="nurture",
    cls=_Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def about(
    _version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=telling.version, help="Tell the version and stop.")
    ] = False,
) -> None:
    """Mails requested advice at once, and the follow-ups on their days."""


app.command()(running.serve)
app.command()(running.worker)
app.command()(running.demo)
app.command()(running.migrate)
app.command()(checking.check)
app.command()(publishing.publish)
app.command()(publishing.rollback)
app.command()(publishing.revisions)
app.command()(approving.approve)
app.command()(simulating.simulate)
app.command()(previewing.preview)
app.command()(dev.dev)
app.command("send-test")(previewing.send_test)
app.command()(publishing.pause)
app.command()(publishing.resume)
app.command()(snippets.snippets)
app.command()(setup.setup)
app.command()(doctor.doctor)
app.command("audit")(audit.audit)
app.command()(stats.stats)
app.command()(backups.backup)
app.command()(backups.restore)
app.command()(copying.copy_database)
app.command()(retention.retention)
app.add_typer(leads.app, name="lead")
leads.app.command()(lead_data.export)
leads.app.command()(lead_data.erase)
leads.app.command()(lead_data.traces)
app.add_typer(keys.app, name="keys")
app.add_typer(consent.app, name="consent")
app.add_typer(messages.app, name="message")
app.add_typer(feedback.app, name="feedback")
app.add_typer(requests.app, name="request")
app.add_typer(bookings.app, name="bookings")
app.add_typer(staff.app, name="staff")
app.add_typer(topics.app, name="new")


def main() -> None:
    """Run a command; nothing a user can cause ends in a traceback."""
    # What is loaded at the start stays: to look for rubbish in it again and again took a fifth of the start.
    gc.set_threshold(SELDOM)
    try:
        with opened:
            app()
    except ProblemsError as error:
        complain(error.problems)
        sys.exit(1)
    except NurtureError as error:
        typer.echo(refusal(error), err=True)
        sys.exit(1)
    except OSError as error:  # a file, a folder or a disk that nobody asked about beforehand
        typer.echo(unusable(error), err=True)
        sys.exit(1)
    except UnicodeEncodeError as error:
        if error.reason != "surrogates not allowed":
            raise
        say("What was typed is no text in UTF-8.", "Wat er is getypt, is geen tekst in UTF-8.", err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        forget()

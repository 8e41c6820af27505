"""What commands share: opening the installation, and who is at the keyboard. Heavy imports wait until they are needed,
so that `nurture --help` answers at once."""

from __future__ import annotations

import getpass
import os
from contextlib import ExitStack
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.flows.services import Services
    from service.settings import Settings

opened = ExitStack()
"""What commands have opened; `main` closes it at the end, however that comes."""


def open_services(*, ready: bool = True) -> tuple[Settings, Services]:
    """Settings and parts; `ready` also sees to schema and keys. Raises NurtureError with what is wrong."""
    from service.bootstrap import build, prepare, unbuildable
    from service.settings import load_settings

    _log_to_stderr()
    settings = load_settings(also=unbuildable)
    services = build(settings)
    opened.callback(services.database.close)
    if ready:
        prepare(services, settings)
    return settings, services


def _log_to_stderr() -> None:
    """What a command says on stdout is its answer; of the log a person at the keyboard needs warnings alone."""
    import logging

    import structlog

    from service.logs import to_stderr

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING), logger_factory=to_stderr)


def staff_name() -> str:
    """Who runs this command, for the audit log."""
    try:
        return f"staff:{getpass.getuser()}"
    except (KeyError, OSError):  # a container may run as a number without a name
        return f"staff:{os.getuid()}"

"""One JSON line an event. Ids of leads and messages may stand in it; addresses, names, answers and tokens never do."""

from __future__ import annotations

import contextlib
import logging
import sys
import threading
import time

import structlog

from service.errors import trace

_MOST_LINES = 1000  # of libraries that are remembered


def configure() -> None:
    """Write structured lines to stderr, and what libraries log the same way, warnings and worse alone; so comes out
    a defect that nobody caught."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer(ensure_ascii=False)],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=to_stderr,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.addFilter(_Seldom())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            use_get_message=False,
            foreign_pre_chain=[*shared, _without_values],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    sys.excepthook = lambda _kind, error, _trace: _tell(error)
    threading.excepthook = lambda given: _tell(given.exc_value)
    sys.unraisablehook = lambda given: _tell(given.exc_value)


class _Seldom(logging.Filter):
    """What a library says again within a second is left out: asyncio says two thousand times a second that it can take
    no connection, where no more files may be opened, and the disk would be full of it."""

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether it is told."""
        line, now = (record.name, str(record.msg).partition("\n")[0]), time.monotonic()
        if now - self._said.get(line, -1.0) < 1.0:
            return False
        if len(self._said) >= _MOST_LINES:
            self._said.clear()
        self._said[line] = now
        return True


class _Lines(structlog.PrintLogger):
    """A line that cannot be written is lost (a full disk, a pipe that nobody reads any more), and never what it tells
    of: it is logged in the middle of transactions, and where failures are dealt with."""

    def msg(self, message: str) -> None:
        """Write one line, where that can be done."""
        with contextlib.suppress(OSError):
            super().msg(message)

    debug = info = warning = error = critical = msg


def to_stderr(*_: object) -> structlog.PrintLogger:
    """Where structlog writes."""
    return _Lines(sys.stderr)


def _without_values(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """A library's traceback, and what it puts into its sentence, may be what it failed on: somebody's address.

    The sentence comes out as the library wrote it, its gaps open; below the first line, too, it may show values.
    """
    event["event"] = str(event["event"]).partition("\n")[0]
    record = event.get("_record")
    if isinstance(record, logging.LogRecord):
        event["logger"] = record.name
        if event.pop("exc_info", None) and record.exc_info and record.exc_info[1]:
            event["error"] = trace(record.exc_info[1])
        record.exc_info = None
        record.exc_text = None
    return event


def _tell(error: BaseException | None) -> None:
    """Python would write the error's own text."""
    if error is not None and not isinstance(error, SystemExit):
        structlog.get_logger().error("nobody caught this", error=trace(error))

"""What `nurture serve` and `nurture worker` import, all of it; see `forking.py`."""

from __future__ import annotations

import gc

import uvicorn  # noqa: F401 - as all of these, imported for whoever is forked

import service.bootstrap
import service.cli
import service.cli.running
import service.web.app
import service.worker  # noqa: F401
import tests.support.compiling  # noqa: F401

gc.freeze()

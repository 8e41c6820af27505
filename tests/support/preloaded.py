"""What `nurture serve` and `nurture worker` import, all of it; see `forking.py`."""

from __future__ import annotations

import gc
from importlib import import_module

for name in (
    "uvicorn",
    "service.bootstrap",
    "service.cli.running",
    "service.web.app",
    "service.worker",
    "tests.support.compiling",
):
    import_module(name)

gc.freeze()

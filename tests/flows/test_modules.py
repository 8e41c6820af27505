"""Each flow can be read first: which one is, differs from command to command."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from service import flows

EACH_FIRST = """
import importlib, sys
for name in sys.argv[1:]:
    for known in [each for each in sys.modules if each.startswith("service.flows")]:
        del sys.modules[known]
    try:
        importlib.import_module(f"service.flows.{name}")
    except ImportError as error:
        print(f"{name}: {error}")
"""


def test_no_flow_needs_another_to_be_read_before_it() -> None:
    names = sorted(path.stem for path in Path(flows.__file__).parent.glob("*.py"))
    done = subprocess.run([sys.executable, "-c", EACH_FIRST, *names], capture_output=True, text=True, check=False)
    assert len(names) > 100
    assert (done.stdout, done.returncode) == ("", 0), done.stderr

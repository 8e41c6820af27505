"""No bytes make the reader of mail raise, hang, or say the mail's own words.

`make fuzz MAILS=100000` runs a long one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from service.mail.inbound.values import InboundKind
from tests.support.house import ROOT

MAILS, SEED = int(os.environ.get("FUZZ_MAILS", "1500")), int(os.environ.get("FUZZ_SEED", "1"))
SHARES = 4 if MAILS > 10_000 else 1


@pytest.mark.parametrize("share", range(SHARES))
def test_no_mail_is_too_strange_to_be_judged(share: int, record_property: Callable[[str, object], None]) -> None:
    count, seed = -(-MAILS // SHARES), SEED * 1_000 + share
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.mail_fuzz", str(count), str(seed)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    if MAILS > 10_000:
        shown = f"{told['mails']} hostile mails, seed {seed}: {len(told['defects'])} defects"
        record_property("summary", f"{shown}, the slowest took {told['slowest']:.2f} s")
    else:  # a busy machine is no defect: how long one takes is looked at by `make fuzz`
        told["defects"] = {what: where for what, where in told["defects"].items() if not what.startswith("took ")}
    assert told["defects"] == {}
    assert told["mails"] == count
    assert set(told["kinds"]) == {kind.value for kind in InboundKind}, "half of this shows nothing"

"""The script that solves a proof of work in the browser: a bundle of its own, built by `make bundle`.

The service does without: the form then goes without a proof, and a person of the practice looks at it.
"""

from __future__ import annotations

from pathlib import Path

from service.flows.services import Services

BUNDLE = Path(__file__).parent / "dist" / "proof.js"


def script() -> str | None:
    """The bundle; None where it was not built."""
    return BUNDLE.read_text(encoding="utf-8") if BUNDLE.is_file() else None


def url_for(services: Services) -> str:
    """Where a form finds it; "" where no proof is asked for, or none can be made."""
    return "/proof.js" if services.proof_of_work and BUNDLE.is_file() else ""

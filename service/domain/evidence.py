"""The chain of consent receipts: what their hashes are made of. `docs/consent.md` tells how to check them by hand.

A receipt is the evidence as canonical JSON, a random salt, and two hashes. The digest binds the evidence, and nobody
guesses it back once the salt is gone. The chain value binds the digest, its place, and every receipt before it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Literal

Kind = Literal["given", "withdrawn"]
BEGIN = "0" * 64
"""Stands for the chain value before the first receipt."""


def canonical(evidence: Mapping[str, object]) -> str:
    """The one text of this evidence: JSON with sorted keys and nothing between them, not escaped (RFC 8259)."""
    return json.dumps(evidence, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest(salt: str, document: str) -> str:
    """SHA-256 over the salt's bytes (given as hex) and the document's UTF-8, as hex."""
    return hashlib.sha256(bytes.fromhex(salt) + document.encode()).hexdigest()


def chain(previous: str, position: int, kind: str, digested: str) -> str:
    """SHA-256 over `previous:position:kind:digest` in ASCII, as hex; `previous` is the chain value one place before."""
    return hashlib.sha256(f"{previous}:{position}:{kind}:{digested}".encode()).hexdigest()

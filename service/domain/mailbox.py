"""A sender or a reply address with its display name, checked so that it can stand in a header as it is."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email

_FORM = re.compile(r'(?:"(?P<quoted>[^"<>\\]*)"|(?P<plain>[^"<>\\]*))\s*<(?P<address>[^<>]+)>')


@dataclass(frozen=True, kw_only=True)
class Mailbox:
    """One mailbox (RFC 5322 section 3.4): display name, not quoted or encoded and maybe empty, and ASCII address."""

    name: str
    address: str

    def __str__(self) -> str:
        """As people write it, and as `parse_mailbox` reads it; not yet encoded for a header."""
        return f'"{self.name}" <{self.address}>' if self.name else self.address


@lru_cache(maxsize=64)  # a practice's own few, looked at for each mail
def parse_mailbox(text: str) -> Mailbox:
    """Read `Name <address>` or a bare address. A non-ASCII domain comes back as A-labels.

    Raises ValueError with a plain sentence. Refused in a name: control characters, and `=?`, which some readers
    decode into headers of their own (RFC 2047).
    """
    text = text.strip()
    match = _FORM.fullmatch(text)
    name = (match["quoted"] or match["plain"] or "").strip() if match else ""
    if len(name) > 78:
        raise ValueError("the name is longer than 78 characters")
    # Line and paragraph separators (Zl, Zp) end a line for some readers; Cc holds CR, LF and NUL.
    if "=?" in text or any(unicodedata.category(character) in {"Cc", "Zl", "Zp"} for character in text):
        raise ValueError("it holds a control character or '=?'")
    return Mailbox(name=name, address=parse_address(match["address"] if match else text))


def parse_address(text: str) -> str:
    """The address alone, its domain as A-labels. A host without a dot may stand here (a machine of one's own).

    Raises ValueError with a plain sentence.
    """
    try:
        checked = validate_email(
            text.strip(),
            check_deliverability=False,
            globally_deliverable=False,
            test_environment=True,  # names under .test (RFC 2606) can be tried out
            allow_smtputf8=False,
        )
    except EmailNotValidError as error:
        raise ValueError(f"{text.strip()!r} is no mail address: {str(error).rstrip('.')}") from error
    return checked.ascii_email or checked.normalized

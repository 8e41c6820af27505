"""Changing a `.env`: the settings named and nothing else, in a form that is read back as it was meant."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping

from dotenv.parser import parse_stream

_PLAIN = re.compile(r"[A-Za-z0-9_./:@%+=,~?&*<>;|-]+")


def with_settings(text: str, values: Mapping[str, str]) -> str:
    """The text with these settings, each in place of its last line, else at the end; all other lines stay."""
    pieces = list(parse_stream(io.StringIO(text)))
    last = {binding.key: position for position, binding in enumerate(pieces) if binding.key in values}
    written = []
    for position, binding in enumerate(pieces):
        original = binding.original.string
        if binding.key is not None and last.get(binding.key) == position:
            blank = original[
                : len(original) - len(original.lstrip())
            ]  # a binding begins with the blank lines before it
            original = blank + _line(binding.key, values[binding.key])
        written.append(original)
    found = "".join(written)
    if found and not found.endswith("\n"):
        found += "\n"
    return found + "".join(_line(name, value) for name, value in values.items() if name not in last)


def _line(name: str, value: str) -> str:
    if _PLAIN.fullmatch(value):
        return f"{name}={value}\n"
    quoted = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"{name}='{quoted}'\n"

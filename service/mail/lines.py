"""A message as lines that end as they all must: anything else could be a command to the server, or a second mail."""

from __future__ import annotations


class Lines(bytes):
    """Whole lines, each ended by CRLF, without a CR or LF anywhere else (RFC 5321 section 2.3.8).

    Whoever makes one of it promises that; of bytes from anywhere else `of` makes it.
    """

    @classmethod
    def of(cls, data: bytes) -> Lines:
        """Bytes that are such lines. ValueError for others."""
        between = b"".join(data.split(b"\r\n"))  # half the time of counting all three
        if b"\r" in between or b"\n" in between:
            raise ValueError("the message holds a bare CR or LF")
        if not data.endswith(b"\r\n"):
            raise ValueError("the message does not end with CRLF")
        return cls(data)

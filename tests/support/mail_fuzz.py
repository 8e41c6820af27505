"""Hostile mails for `judged`, in a process whose memory and time the kernel and a clock bound.

`python -m tests.support.mail_fuzz COUNT SEED` prints one JSON line: how many mails, of which kinds, the slowest, and
the defects: an error, a mail above `SLOW` seconds, words of the mail in the reason, or a value out of its bounds.
"""

from __future__ import annotations

import json
import random
import re
import resource
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import FrameType

from service.errors import trace
from service.mail.inbound.classify import judged
from service.mail.inbound.values import Inbound
from tests.support.inbound_mails import expected, mail

MEMORY, SLOW, HANGS = 400_000_000, 2.0, 20
MARK = "zqxjk"
"""Stands in words, names and addresses of many mails, and must stand in no reason."""
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_NASTY = (
    *(b"\x00", b"\xff\xfe", b"\xe2\x82", b"\xed\xa0\x80", b"\r", b"\r\n\r\n", b"\n\n", b"\x1b[2J", b"\xe2\x80\xa8"),
    *(b"=?utf-8?b?====?=", b"=?x?q?=0D=0ABcc:_x?=", b"=?utf-7?q?+2AA-?=", b"=?idna?q?" + b"a" * 300 + b"?="),
    *(b"--", b"--B_9f8e7d", b"--B_9f8e7d--", b"<!--", b"<a " * 50, b"<blockquote>" * 50, b"&#xD800;", b"&" * 200),
    *(b"<", b">" * 90, b"<" * 200, b'"' * 90, b"\\" * 90, b"(" * 200, b"@" * 200, b"a@" * 100, b"5.1.1 " * 40),
    *(b"550 " * 60, b"Op 9 schreef wrote " * 30 + b":", b"Van: x\nAan: y\n", b"/u/" * 100, b"a." * 200, b" " * 900),
    *(b"charset=idna", b"charset=unicode_escape", b"charset=utf-16", b"charset=\x00", b"boundary=", b'boundary=""'),
    *(b"Content-Transfer-Encoding: base64\n", b"Content-Type: multipart/report; boundary=b\n\n--b\n", MARK.encode()),
)
_CHARSETS = (b"utf-8", b"utf-16", b"utf-32", b"us-ascii", b"big5", b"iso-2022-kr", b"idna", b"punycode", b"zlib", b"xx")


@dataclass(kw_only=True)
class Told:
    """What a run found."""

    mails: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    defects: dict[str, str] = field(default_factory=dict)


def mails(count: int, seed: int) -> Iterator[bytes]:
    """As many hostile mails: random bytes, and mails of the corpus cut, spliced, bent and wrapped."""
    chance = random.Random(seed)
    names = sorted(expected())
    for _ in range(count):
        source = mail(chance.choice(names))
        for _ in range(chance.choice((1, 1, 1, 2, 3))):
            source = chance.choice(_WAYS)(source, chance)
        yield source


def _noise(_: bytes, chance: random.Random) -> bytes:
    return chance.randbytes(chance.choice((0, 1, 40, 400, 4_000)))


def _headed_noise(_: bytes, chance: random.Random) -> bytes:
    letters = b"abcdef:;<>@.-= \n\n\t\"'/?0123456789"
    return b"From: a@b.example\nContent-Type: text/html\n\n" + bytes(chance.choices(letters, k=chance.randrange(800)))


def _cut(source: bytes, chance: random.Random) -> bytes:
    return source[: chance.randrange(len(source) + 1)]


def _cut_at_a_sign(source: bytes, chance: random.Random) -> bytes:
    """Right before or after a boundary, a colon, a line's end, an encoding: where a reader decides."""
    places = [found.start() for found in re.finditer(rb"\n\n|\n--|: |;|=\n|=\?|\n", source)]
    return source[: chance.choice(places) + chance.randrange(3)] if places else source


def _without_a_piece(source: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(source) + 1)
    return source[:start] + source[start + chance.randrange(1, 400) :]


def _spliced(source: bytes, chance: random.Random) -> bytes:
    other = mail(chance.choice(sorted(expected())))
    return source[: chance.randrange(len(source) + 1)] + other[chance.randrange(len(other)) :]


def _bent(source: bytes, chance: random.Random) -> bytes:
    bent = bytearray(source)
    for _ in range(chance.randrange(1, 30) if bent else 0):
        bent[chance.randrange(len(bent))] = chance.randrange(256)
    return bytes(bent)


def _sown(source: bytes, chance: random.Random) -> bytes:
    for _ in range(chance.randrange(1, 6)):
        at = chance.randrange(len(source) + 1)
        source = source[:at] + chance.choice(_NASTY) + source[at:]
    return source


def _marked(source: bytes, chance: random.Random) -> bytes:
    """Words of the mail's own in front of what is read as codes, names and reasons."""
    word = chance.choice((b"anna", b"unknown", b"550", b"rejected", b"Status: ", b"Action: ", b"Subject: "))
    return source.replace(word, MARK.encode() + b" " + word)


def _other_charset(source: bytes, chance: random.Random) -> bytes:
    return re.sub(rb"charset=[^\s;]+", lambda _: b"charset=" + chance.choice(_CHARSETS), source)


def _other_encoding(source: bytes, chance: random.Random) -> bytes:
    encoding = chance.choice((b"base64", b"quoted-printable", b"8bit", b"x-uuencode"))
    return source.replace(b"MIME-Version: 1.0", b"Content-Transfer-Encoding: " + encoding, 1)


def _other_boundary(source: bytes, chance: random.Random) -> bytes:
    found = re.search(rb'boundary="?([^"\s;]+)', source)
    return (
        source.replace(found[1], chance.choice((b"b", b"-", b"", found[1] + b"x")), chance.randrange(4))
        if found
        else source
    )


def _lines_shuffled(source: bytes, chance: random.Random) -> bytes:
    lines = source.split(b"\n")
    at, size = chance.randrange(len(lines)), chance.randrange(2, 12)
    piece = lines[at : at + size]
    chance.shuffle(piece)
    return b"\n".join([*lines[:at], *piece, *piece, *lines[at + size :]])


def _wrapped(source: bytes, chance: random.Random) -> bytes:
    """Within mails within mails, or parts within parts."""
    for depth in range(chance.choice((1, 2, 5, 60))):
        if chance.random() < 0.5:
            source = b"From: a@b.example\nContent-Type: message/rfc822\n\n" + source
        else:
            edge = b"edge%d" % depth
            source = b"Content-Type: multipart/mixed; boundary=%b\n\n--%b\n%b\n--%b--\n" % (edge, edge, source, edge)
    return source


def _swollen(source: bytes, chance: random.Random) -> bytes:
    """One piece many times; seldom, for it takes long."""
    if chance.random() > 0.15:
        return _sown(source, chance)
    at = chance.randrange(len(source) + 1)
    piece = chance.choice((source[at : at + chance.randrange(1, 60)], chance.choice(_NASTY))) or b"x"
    return source[:at] + piece * (chance.choice((20_000, 300_000, 900_000)) // len(piece)) + source[at:]


_WAYS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    *(_noise, _headed_noise, _cut, _cut_at_a_sign, _without_a_piece, _spliced, _bent, _sown, _marked),
    *(_other_charset, _other_encoding, _other_boundary, _lines_shuffled, _wrapped, _swollen),
)


def run(count: int, seed: int) -> Told:
    """Judge so many mails. The clock of a hang raises in this thread, within a regular expression too."""
    told = Told()
    signal.signal(signal.SIGALRM, _hangs)
    for number, source in enumerate(mails(count, seed)):
        begun = time.process_time()
        signal.alarm(HANGS)
        try:
            found = judged(source)
        except Exception as error:
            wrong = trace(error)
        else:
            told.kinds[found.kind.value] += 1
            wrong = _out_of_bounds(found)
        signal.alarm(0)
        took = time.process_time() - begun
        told.mails += 1
        told.slowest = max(told.slowest, took)
        wrong = wrong or (f"took {took:.1f} s" if took > SLOW else "")
        if wrong:
            told.defects.setdefault(wrong, f"mail {number} of seed {seed}, {len(source)} bytes")
    return told


def _hangs(_: int, __: FrameType | None) -> None:
    raise TimeoutError(f"a mail takes longer than {HANGS} s")


def _out_of_bounds(found: Inbound) -> str:
    """What of this may not be; empty where all is well."""
    texts = [found.subject, found.text, found.recipient or "", found.sender or "", *found.came_for, *found.message_ids]
    if MARK in found.reason or "@" in found.reason or len(found.reason) > 80:
        return "the mail's own words in the reason"
    if len(found.text) > 20_000 or any(len(each) > 1_000 for each in (*texts[:1], *texts[2:])):
        return "too long a text"
    if any(not (char.isprintable() or char == "\n") for each in texts for char in each):
        return "a control character"
    if found.status is not None and not _STATUS.fullmatch(found.status):
        return "no code for a status"
    return "" if all(each.encode() is not None for each in texts) else "half a character"


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    result = run(int(sys.argv[1]), int(sys.argv[2]))
    sys.stdout.write(json.dumps(vars(result)) + "\n")

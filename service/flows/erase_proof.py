"""After an erasing: is anything left? Every row of every table is searched, and SQLite's own files (ACCEPTANCE P1).

What is sought is gathered before the erasing and lives in memory alone; a trace is told by its place, not its text.
"""

from __future__ import annotations

import base64
import json
import math
import time
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any
from urllib.parse import quote

from sqlmodel import Session

from service.errors import RefusedError
from service.flows import archive
from service.flows.services import Services
from service.store import dump, lead_rows, message_rows
from service.store.leads import opt_ins
from service.store.tables import ErasedToken, Lead, Message, Revision, Staff

_CHUNK = 1 << 22
_SHORTEST = 5  # letters: a shorter name stands in other words too
_SHORTEST_LINE = 20  # of what somebody wrote: a greeting stands in many mails
_LEFT_BY_DESIGN = frozenset({str(ErasedToken.__tablename__)})  # ids of old links stay, so that they still say no
_OF_STAFF = frozenset({str(Revision.__tablename__), "media", str(Staff.__tablename__)})
_NAMES_OF_STAFF: Mapping[str, frozenset[str]] = MappingProxyType(
    {"audit": frozenset({"actor"}), "message": frozenset({"recipient", "mail_from", "reply_to"})}
)
"""Columns, by table, in which a colleague of the same name stands, also in rows about nobody."""
_TO_STAFF = ("account:", "invitation:")  # causes of mails to a colleague by name


@dataclass(frozen=True, kw_only=True)
class Sought:
    """One thing to look for: what it is, and every way to write it, in lower case.

    `certain`: wherever it stands, it is about this lead. A name may be somebody else's too.
    `in_files`: it may stand in no byte of a file either; the ids of links may, by design.
    """

    what: str
    forms: frozenset[bytes] = field(repr=False)
    certain: bool = True
    in_files: bool = True


@dataclass(frozen=True, kw_only=True)
class Trace:
    """Something is left: where (`message 12`, `nurture.db-wal`), and what it is."""

    where: str
    what: str


@dataclass(frozen=True, kw_only=True)
class Proof:
    """What was searched and what was found. `backups` are archives of ours that hold the lead until they expire.

    `whole`: all of it was searched; else patience ran out before.
    """

    sought: int
    tables: int
    rows: int
    files: tuple[str, ...]
    traces: tuple[Trace, ...]
    backups: tuple[str, ...]
    whole: bool


def sought_of(session: Session, lead: Lead) -> tuple[Sought, ...]:
    """What to look for once this lead is erased: address, names, what was typed, and the ids of mails and links."""
    mails = message_rows.of_lead(session, lead.id)
    forms = opt_ins(session, lead.id)
    requests = lead_rows.booking_requests(session, lead.id)
    found = [*sought_for(lead.address)]
    typed: Mapping[str, Iterable[str | None]] = {
        "name": {lead.first_name, *(each.first_name for each in forms), *(each.name for each in requests)},
        "phone number": {each.phone for each in requests},
        "remark": {each.note for each in requests},
        "answer": {line for each in mails for line in _own_words(each) if len(line) >= _SHORTEST_LINE},
    }
    for what, texts in typed.items():
        found += [
            Sought(what=what, forms=_written(text), certain=False) for text in texts if text and len(text) >= _SHORTEST
        ]
    links = {lead.public_id, *(each.public_id for each in forms), *(each.public_id for each in mails)}
    # All but its last letter: so far an id stands in its tokens too, letter for letter (`mail/links.py`).
    found += [Sought(what="id of a link", forms=_written(each[:-1]), in_files=False) for each in sorted(links)]
    found += [Sought(what="Message-ID", forms=_written(each.message_id.strip("<>"))) for each in mails]
    return tuple(found)


def _own_words(mail: Message) -> Iterable[str]:
    """The lines that a lead wrote to us, in the mail that took them to the practice."""
    lines: list[str] = mail.content.get("extra", {}).get("reply", {}).get("lines", [])
    return lines


def sought_for(address: str) -> tuple[Sought, ...]:
    """The address alone, in every way it may be written: for a search later on."""
    local, _, domain = address.rpartition("@")
    readable = ".".join(_unicode(label) for label in domain.split("."))
    forms = set[bytes]()
    for each in {address, f"{local}@{readable}"}:
        plain = each.encode()
        forms |= _written(each) | {quote(each, safe="").lower().encode()}
        forms |= {plain.replace(b"@", sign).lower() for sign in (b"=40", b"&#64;", b"&#x40;", b"\\u0040")}
        forms |= {_inside_base64(plain, before).lower() for before in range(3)}
    return (Sought(what="address", forms=frozenset(forms)),)


def search(
    services: Services,
    sought: Sequence[Sought],
    *,
    lead_id: int | None = None,
    also: Iterable[Path] = (),
    patience: float = math.inf,
) -> Proof:
    """Look everywhere. `lead_id` is whose rows may not be there any more; `also` names files and folders besides.

    After `patience` seconds no further row or file is looked at. Raises RefusedError for a path that cannot be read.
    """
    ends = time.monotonic() + patience
    tables, rows, traces, others = _search_rows(services, sought, lead_id, ends)
    # A name that others have as well would be found in the file of the database too, and prove nothing.
    in_files = [each for each in sought if each.in_files and each not in others]
    files, backups = [], []
    for file in [*_own_files(services), *_files(also)]:
        if time.monotonic() > ends:
            break
        files.append(str(file))
        found = sorted({each.what for each in _search_file(file, in_files)})
        if found and _is_backup(file):
            backups.append(str(file))
        else:
            traces += [Trace(where=str(file), what=what) for what in found]
    return Proof(
        sought=len(sought),
        tables=tables,
        rows=rows,
        files=tuple(files),
        traces=tuple(traces),
        backups=tuple(backups),
        whole=time.monotonic() <= ends,
    )


def _search_rows(
    services: Services, sought: Sequence[Sought], lead_id: int | None, ends: float
) -> tuple[int, int, list[Trace], set[Sought]]:
    """How many tables and rows there are, the traces in them, and what turned out to be somebody else's too."""
    traces: list[Trace] = []
    others: set[Sought] = set()
    rows = 0
    with services.database.snapshot() as connection:
        tables = dump.tables(connection, others=True)
        for table in tables:
            with closing(dump.lines(connection, table)) as lines:
                for line in lines:
                    if time.monotonic() > ends:
                        break
                    rows += 1
                    text = line.lower().encode()
                    found = _found(sought, text)
                    if not found:
                        continue
                    row = dict(zip(table.columns, json.loads(line), strict=True))
                    for each in found:
                        if not each.certain and _is_of_others(table.name, row, lead_id, each):
                            others.add(each)
                        elif each.in_files or table.name not in _LEFT_BY_DESIGN:
                            key = " ".join(str(row[column.name]) for column in table.table.primary_key.columns)
                            place = table.name if table.name in _LEFT_BY_DESIGN else f"{table.name} {key}"
                            traces.append(Trace(where=place, what=each.what))
    return len(tables), rows, traces, others


def _is_of_others(table: str, row: Mapping[str, Any], lead_id: int | None, sought: Sought) -> bool:
    """Does this row belong to another lead, is it what staff published, or does it but name one of them?"""
    owner = row.get("id") if table == "lead" else row.get("lead_id")
    if table in _OF_STAFF or (owner is not None and owner != lead_id):
        return True
    if table not in _NAMES_OF_STAFF:
        return False
    told = [value for name, value in row.items() if name not in _NAMES_OF_STAFF[table]]
    to_staff = str(row.get("cause")).startswith(_TO_STAFF)
    return to_staff or not _found([sought], json.dumps(told, ensure_ascii=False).lower().encode())


def _found(sought: Sequence[Sought], text: bytes) -> list[Sought]:
    return [each for each in sought if any(form in text for form in each.forms)]


def _search_file(file: Path, sought: Sequence[Sought]) -> set[Sought]:
    try:
        if zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as found:
                return {each for name in found.namelist() for each in _search_bytes(found.open(name), sought)}
        return _search_bytes(file.open("rb"), sought)
    except FileNotFoundError:
        return set()  # SQLite has just taken its log away
    except archive.DAMAGED as error:
        raise RefusedError(f"{file} cannot be searched: {error}", f"{file} is niet te doorzoeken: {error}") from error


def _search_bytes(opened: IO[bytes], sought: Sequence[Sought]) -> set[Sought]:
    longest = max((len(form) for each in sought for form in each.forms), default=1)
    found: set[Sought] = set()
    with opened as file:
        kept = b""
        while chunk := file.read(_CHUNK):
            text = kept + chunk.lower()
            found |= set(_found(sought, text))
            kept = text[-longest:]
    return found


def _own_files(services: Services) -> list[Path]:
    """SQLite's database, write-ahead log, shared memory and journal; PostgreSQL's are its own."""
    if not services.database.is_sqlite:
        return []
    file = Path(services.database.url.database or "")
    # Not by glob: a name may have brackets in it.
    return sorted(each for each in file.parent.iterdir() if each.name.startswith(file.name) and each.is_file())


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if not path.exists():
            raise RefusedError(f"there is no {path}", f"{path} is er niet")
        yield from sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]


def _is_backup(file: Path) -> bool:
    if not zipfile.is_zipfile(file):
        return False
    with zipfile.ZipFile(file) as found:
        return "manifest.json" in found.namelist()


def _written(text: str) -> frozenset[bytes]:
    """As it stands in a row, and in the JSON of one."""
    ways = {text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]}
    return frozenset(form.lower() for way in ways for form in (way.encode(), way.lower().encode()))


def _inside_base64(text: bytes, before: int) -> bytes:
    """What is sure to stand in any base64 that holds the text, `before` bytes after a group of three."""
    encoded = base64.b64encode(b"\0" * before + text)
    begins = -(-before * 8 // 6)  # letters that also depend on what stands before it
    return encoded[begins : (before + len(text)) * 8 // 6]


def _unicode(label: str) -> str:
    try:
        return label.encode("ascii").decode("idna")
    except UnicodeError:
        return label

"""Staff of a house, and their browsers at its studio."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from secrets import token_hex

from httpx2 import Response
from starlette.testclient import TestClient

from service.domain.staff import Role
from service.flows import staff, staff_secrets, staff_sessions
from service.flows.staff_sessions import Stage
from service.store import staff as rows
from service.store.db import real_now
from service.store.staff_tables import Staff
from tests.support.house import BASE_URL, House
from tests.support.website import BROWSER, same_website

COOKIE = "__Host-nurture-staff"
PASSWORD = "een zin die niemand raadt"
ESRA, FRANK, GIJS = "esra@praktijk.example", "frank@praktijk.example", "gijs@praktijk.example"
OURS = BROWSER | {"Origin": BASE_URL}


@dataclass(frozen=True, kw_only=True)
class Desk:
    """A browser at the studio. Every post carries the token of the forms of its session, where there is one."""

    house: House
    client: TestClient

    def see(self, path: str) -> Response:
        """A page."""
        return self.client.get(path, headers=BROWSER)

    def post(self, path: str, **fields: str) -> Response:
        """A form of ours, sent by a page of ours; never a second press on one, which is answered as the first was."""
        return self.client.post(
            path, headers=OURS, data={"form_token": self.form_token, "as_new": token_hex(4)} | fields
        )

    @property
    def token(self) -> str:
        """The session's, as the cookie has it; "" where there is none."""
        return self.client.cookies.get(COOKIE) or ""

    @property
    def form_token(self) -> str:
        """What the forms of this session carry."""
        return staff_secrets.form_token(self.house.services.keyring, staff_secrets.token_hash(self.token))

    def log_in(self, address: str, password: str = PASSWORD) -> Response:
        """By the form."""
        return self.post("/studio/login", address=address, password=password)

    def is_in(self) -> bool:
        """Does the first page open?"""
        return self.see("/studio/").status_code == 200


@cache
def hashed(password: str = PASSWORD) -> str:
    """Made once: it takes its time."""
    return staff_secrets.hash_password(password)


def hire(house: House, address: str = ESRA, role: Role = Role.EDITOR, name: str = "Esra", language: str = "nl") -> int:
    """Somebody with a password, ready to log in. Returns their id."""
    with house.services.database.transaction() as session:
        person = Staff(
            address=address,
            name=name,
            role=role.value,
            language=language,
            password_hash=hashed(),
            created_at=house.clock.now(),
        )
        session.add(person)
        session.flush()
        return person.id


def person(house: House, staff_id: int) -> Staff:
    """Somebody as they are now."""
    with house.services.database.reading() as session:
        found = session.get(Staff, staff_id)
        assert found is not None
        return found


def desk(house: House, staff_id: int | None = None, *, stage: Stage = "in", peer: str = "203.0.113.7") -> Desk:
    """A browser; of somebody who is logged in, or of nobody."""
    client = same_website(house, peer=peer)
    if staff_id is not None:
        with house.services.database.transaction() as session:
            found = rows.locked(session, staff_id)
            assert found is not None
            token = staff_sessions.begin(session, found, agent="Firefox", now=real_now(session), stage=stage)
        client.cookies.set(COOKIE, token, domain="praktijk.example")
    return Desk(house=house, client=client)


def invited(house: House, address: str = GIJS, role: Role = Role.EDITOR) -> str:
    """The token of a new invitation."""
    with house.services.database.transaction() as session:
        made = staff.add(
            session,
            house.services,
            address=address,
            name="Gijs",
            role=role,
            language="nl",
            actor="test",
            now=real_now(session),
        )
    return made.url.rpartition("/")[2]


def words(answer: Response) -> str:
    """What a page says, without its tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())

"""What bench/opt_in.py measures the service beside: an endpoint of FastAPI and SQLModel as their documentation has it.

It checks one body and writes two rows; no consent, no cap, no mail: an engine with a pool of
15, a session for each request, a plain `def`. `python -m bench.peer_opt_in DATABASE PORT` serves it by uvicorn.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any

import uvicorn
from fastapi import Depends, FastAPI
from sqlalchemy import event
from sqlmodel import Field, Session, SQLModel, create_engine, select


class Person(SQLModel, table=True):
    """Who asked."""

    id: int | None = Field(default=None, primary_key=True)
    email: str = Field(unique=True)
    first_name: str | None = None
    created_at: datetime


class Asked(SQLModel, table=True):
    """What for."""

    id: int | None = Field(default=None, primary_key=True)
    person_id: int | None = Field(foreign_key="person.id", index=True)
    topic: str
    created_at: datetime


class OptIn(SQLModel):
    """The body."""

    email: str
    topic: str
    first_name: str | None = None


# The service's own patience is 5 s; with that, some requests here would end in "database is locked".
engine = create_engine(
    f"sqlite:///{sys.argv[1]}",
    connect_args={"check_same_thread": False, "timeout": 60},
    pool_size=15,
    max_overflow=0,
    pool_timeout=60,
)


@event.listens_for(engine, "connect")
def _as_the_service_has_it(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")


def opened() -> Iterator[Session]:
    """A session of its own for each request."""
    with Session(engine) as session:
        yield session


app = FastAPI()


@app.post("/opt-ins", status_code=202)
def opt_in(body: OptIn, session: Annotated[Session, Depends(opened)]) -> dict[str, str]:
    """Look her up, write her where she is new, and write what she asked for."""
    now = datetime.now(UTC)
    person = session.exec(select(Person).where(Person.email == body.email)).first()
    if person is None:
        person = Person(email=body.email, first_name=body.first_name, created_at=now)
        session.add(person)
        session.flush()
    session.add(Asked(person_id=person.id, topic=body.topic, created_at=now))
    session.commit()
    return {"status": "accepted"}


if __name__ == "__main__":
    SQLModel.metadata.create_all(engine)
    uvicorn.run(app, port=int(sys.argv[2]), access_log=False, log_level="warning")

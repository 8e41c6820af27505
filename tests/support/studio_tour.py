"""A studio in use, on loopback, and each of its pages as a browser gets to it: for tests, and to be looked at."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import BrowserContext, Page

from service.domain.staff import Role
from service.flows import alerts, brake, staff, staff_secrets, staff_sessions
from service.store import staff as rows
from service.store.db import real_now
from tests.support import studio
from tests.support.folders import content_copy
from tests.support.house import House, open_house
from tests.support.tours import ROOMS
from tests.support.web_servers import serving


@dataclass(frozen=True, kw_only=True)
class Site:
    """A house whose studio is served at `url`; `admin` is somebody with every right."""

    house: House
    url: str
    admin: int

    def enter(self, context: BrowserContext, *, halfway: bool = False) -> None:
        """Log the admin in, in this browser."""
        with self.house.services.database.transaction() as session:
            person = rows.locked(session, self.admin)
            assert person is not None
            stage: staff_sessions.Stage = "code" if halfway else "in"
            token = staff_sessions.begin(session, person, agent="Firefox", now=real_now(session), stage=stage)
        context.add_cookies([{"name": "nurture-staff", "value": token, "url": self.url}])


@contextmanager
def site(published: Path, folder: Path) -> Iterator[Site]:
    """A house of its own on a copy of this SQLite file, with staff of every kind."""
    file = folder / "nurture.db"
    shutil.copyfile(published, file)
    content = content_copy(folder)
    with open_house(
        f"sqlite:///{file}", folder, published=False, base_url="http://127.0.0.1", demo=True, content_dir=content
    ) as house:
        admin = studio.hire(house, studio.GIJS, Role.ADMIN, "Gijs de Vries")
        manager = studio.hire(house, studio.FRANK, Role.MANAGER, "Frank van den Heuvel-Oosterhuis")
        studio.invited(house, "nova@praktijk.example")
        with house.services.database.transaction() as session:
            staff.disable(session, house.services, manager, actor=f"studio:{admin}", now=real_now(session))
        with serving(house) as url:
            yield Site(house=house, url=url, admin=admin)


def busy(here: Site) -> None:
    """Give everybody something to do, and hold mail back."""
    with here.house.services.database.transaction() as session:
        now = here.house.clock.now()
        alerts.tell_unknown(session, now)
        brake.pull(session, here.house.services, name=None, all_mail=False, actor="studio:1", now=now)


def with_code(here: Site) -> None:
    """The admin's second step is on."""
    with here.house.services.database.transaction() as session:
        person = rows.locked(session, here.admin)
        assert person is not None
        secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
        person.totp = staff_secrets.encrypt(here.house.services.keyring, "totp", here.admin, secret)


def tour(here: Site, page: Page) -> Iterator[tuple[str, Callable[[], None]]]:
    """Each page by a name, as soon as it stands in `page`. Call what comes along to see the next."""

    def to(path: str) -> Callable[[], None]:
        def go() -> None:
            page.goto(f"{here.url}{path}")

        return go

    def post(path: str, button: str, **fields: str) -> Callable[[], None]:
        def go() -> None:
            page.goto(f"{here.url}{path}")
            for label, text in fields.items():
                page.locator(f"#{label}").fill(text)
            page.get_by_role("button", name=button).first.click()

        return go

    token = studio.invited(here.house, "tess@praktijk.example")
    yield "login", to("/studio/login")
    yield "login-wrong", post("/studio/login", "Inloggen", address="anna@example.org", password="verkeerd")
    yield "invitation", to(f"/studio/invitation/{token}")
    yield (
        "invitation-short",
        post(f"/studio/invitation/{token}", "Dit wachtwoord instellen", password="x" * 12, again="x" * 12),
    )
    yield "invitation-gone", to("/studio/invitation/verzonnen")
    here.enter(page.context)
    yield "home", to("/studio/")
    busy(here)
    yield "home-busy", to("/studio/")
    yield "account", to("/studio/account")
    yield "second-step", to("/studio/account/code")
    yield "second-step-wrong", post("/studio/account/code", "Aanzetten", code="123456", current=studio.PASSWORD)
    yield "staff", to("/studio/staff")
    yield "staff-invited", post("/studio/staff", "Uitnodigen", name="Tim", address="tim@praktijk.example")
    yield "audit", to("/studio/audit")
    yield "refused", to("/studio/audit?sort=x")
    for room in ROOMS:
        for name, path in room(here.house):
            yield name, to(path)
    gone = str(here.house.lead("frits@example.org").id)
    yield "lead-erased", post(f"/studio/leads/{gone}/erase", "Voorgoed wissen", number=gone)
    with_code(here)
    yield "account-second-step", to("/studio/account")
    here.enter(page.context, halfway=True)
    yield "code", to("/studio/login/code")

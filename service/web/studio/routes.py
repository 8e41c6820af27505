"""Every door of the studio, and who may enter at least (ACCEPTANCE E4). Dispatch goes by this table alone."""

from __future__ import annotations

from service.domain.staff import Least, Role
from service.web.studio import account, audit, home, invitation, login, people, set_up_code
from service.web.studio.doors import CODE, HOME, LOGIN, SET_UP, Door
from service.web.studio.doors import router as built
from service.web.studio.leads import routes as leads
from service.web.studio.mails import routes as mails
from service.web.studio.publishing import routes as publishing
from service.web.studio.results import routes as results
from service.web.studio.sequences import routes as sequences
from service.web.studio.settings import routes as settings
from service.web.studio.waiting import routes as waiting

_SHELL: tuple[Door, ...] = (
    Door(method="GET", path="/studio", least=Least.ANYONE, answer=home.to_home),
    Door(method="GET", path=LOGIN, least=Least.ANYONE, answer=login.show),
    Door(method="POST", path=LOGIN, least=Least.ANYONE, answer=login.act, fields={"address": (), "password": ()}),
    Door(method="GET", path=CODE, least=Least.CODE, answer=login.show_code),
    Door(method="POST", path=CODE, least=Least.CODE, answer=login.act_code, fields={"code": ()}),
    Door(method="POST", path="/studio/logout", least=Least.CODE, answer=login.log_out),
    Door(method="GET", path="/studio/invitation/{token}", least=Least.ANYONE, answer=invitation.show),
    Door(
        method="POST",
        path="/studio/invitation/{token}",
        least=Least.ANYONE,
        answer=invitation.act,
        fields={"password": (), "again": ()},
    ),
    Door(method="GET", path=HOME, least=Least.EDITOR, answer=home.show),
    Door(method="POST", path="/studio/pause", least=Least.EDITOR, answer=home.pause, fields={"what": home.WHAT}),
    Door(method="POST", path="/studio/resume", least=Least.MANAGER, answer=home.resume),
    Door(method="GET", path=account.ACCOUNT, least=Least.EDITOR, answer=account.show, query=("done",)),
    Door(
        method="POST",
        path="/studio/account/password",
        least=Least.EDITOR,
        answer=account.change_password,
        fields={"current": (), "password": (), "again": ()},
    ),
    Door(
        method="POST",
        path="/studio/account/language",
        least=Least.EDITOR,
        answer=account.change_language,
        fields={"language": ("nl", "en")},
    ),
    Door(
        method="POST",
        path="/studio/account/session",
        least=Least.EDITOR,
        answer=account.end_session,
        fields={"session": ()},
    ),
    Door(method="GET", path=SET_UP, least=Least.EDITOR, answer=set_up_code.show, sets_up=True),
    Door(
        method="POST",
        path=SET_UP,
        least=Least.EDITOR,
        answer=set_up_code.act,
        sets_up=True,
        fields={"sealed": (), "code": (), "current": ()},
    ),
    Door(
        method="POST",
        path="/studio/account/code/off",
        least=Least.EDITOR,
        answer=account.turn_code_off,
        fields={"current": ()},
    ),
    Door(method="GET", path=people.PEOPLE, least=Least.ADMIN, answer=people.show),
    Door(
        method="POST",
        path=people.PEOPLE,
        least=Least.ADMIN,
        answer=people.invite,
        fields={"name": (), "address": (), "role": [each.value for each in Role], "language": ("nl", "en")},
    ),
    Door(
        method="POST",
        path="/studio/staff/change",
        least=Least.ADMIN,
        answer=people.change,
        fields={"action": people.ACTIONS, "staff": (), "role": [each.value for each in Role]},
    ),
    Door(method="GET", path="/studio/staff/{staff}/remove", least=Least.ADMIN, answer=people.ask_to_remove),
    Door(method="GET", path="/studio/audit", least=Least.MANAGER, answer=audit.show, query=("before", "action", "who")),
    Door(method="GET", path="/studio/audit/{entry}", least=Least.MANAGER, answer=audit.show_entry),
)

DOORS: tuple[Door, ...] = (
    *_SHELL,
    *leads.DOORS,
    *mails.DOORS,
    *publishing.DOORS,
    *results.DOORS,
    *sequences.DOORS,
    *settings.DOORS,
    *waiting.DOORS,
)
router = built(DOORS)

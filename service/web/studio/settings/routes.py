"""The doors of this room. What only admins may change is shown to managers, without its buttons."""

from __future__ import annotations

from service.domain.staff import Least
from service.web.studio.doors import Door
from service.web.studio.settings import consent, days, forms, origins, overview, practice, studio, transport

_FORM, _TEXTS = f"{forms.PATH}/{{form}}", f"{consent.PATH}/{{form}}"
_MANAGER, _ADMIN = Least.MANAGER, Least.ADMIN

DOORS: tuple[Door, ...] = (
    Door(method="GET", path=overview.SETTINGS, least=_MANAGER, answer=overview.show),
    Door(method="GET", path=practice.PATH, least=_MANAGER, answer=practice.show, query=("saved",)),
    Door(
        method="POST",
        path=practice.PATH,
        least=_MANAGER,
        answer=practice.act,
        fields=dict.fromkeys(practice.FIELDS, ()),
    ),
    Door(method="GET", path=days.PATH, least=_MANAGER, answer=days.show, query=("year",)),
    Door(
        method="POST",
        path=days.PATH,
        least=_MANAGER,
        answer=days.act,
        fields=dict.fromkeys(days.FIELDS, ()) | {"what": days.WHAT},
    ),
    Door(method="GET", path=forms.PATH, least=_MANAGER, answer=forms.show_all),
    Door(method="GET", path=_FORM, least=_MANAGER, answer=forms.show, query=("tried",)),
    Door(method="POST", path=_FORM, least=_MANAGER, answer=forms.act, fields={"to": (), "follow_up": ("yes",)}),
    Door(method="GET", path=origins.PATH, least=_MANAGER, answer=origins.show),
    Door(
        method="POST",
        path=origins.PATH,
        least=_ADMIN,
        answer=origins.act,
        fields={"what": origins.WHAT, "origin": ()},
    ),
    Door(method="GET", path=consent.PATH, least=_MANAGER, answer=consent.show),
    Door(method="POST", path=consent.PATH, least=_MANAGER, answer=consent.check),
    Door(method="GET", path=_TEXTS, least=_MANAGER, answer=consent.show_texts),
    Door(method="POST", path=_TEXTS, least=_MANAGER, answer=consent.act, fields=dict.fromkeys(consent.FIELDS, ())),
    Door(method="GET", path=transport.PATH, least=_MANAGER, answer=transport.show),
    Door(
        method="POST",
        path=f"{transport.PATH}/mail",
        least=_MANAGER,
        answer=transport.send,
        fields={"to": (), "way": ("mail", "mail-fallback")},
    ),
    Door(
        method="POST",
        path=f"{transport.PATH}/doctor",
        least=_MANAGER,
        answer=transport.examine,
        fields={"look": ("yes",)},
    ),
    Door(method="GET", path=studio.PATH, least=_ADMIN, answer=studio.show, query=("saved",)),
    Door(
        method="POST",
        path=studio.PATH,
        least=_ADMIN,
        answer=studio.act,
        fields=dict.fromkeys(studio.FIELDS, ("yes",)) | {"was": studio.FIELDS},
    ),
)

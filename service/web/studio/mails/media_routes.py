"""The doors of the images. No mail's page stands beneath `/studio/mails/-/`, whatever a mail is called."""

from __future__ import annotations

from service.domain.staff import Least
from service.flows.media_files import LARGEST_UPLOAD
from service.web.studio.doors import Door
from service.web.studio.mails import media

_ROUND_IT = 64 * 1024  # what a form weighs beside its file

DOORS: tuple[Door, ...] = (
    Door(method="GET", path=media.MEDIA, least=Least.EDITOR, answer=media.show, query=("added", "removed")),
    Door(
        method="POST",
        path=media.MEDIA,
        least=Least.EDITOR,
        answer=media.add,
        fields={"alt": ()},
        uploads=("image",),
        largest=LARGEST_UPLOAD + _ROUND_IT,
    ),
    Door(method="GET", path=f"{media.MEDIA}/all", least=Least.EDITOR, answer=media.listed),
    Door(method="GET", path=f"{media.MEDIA}/{{file}}", least=Least.EDITOR, answer=media.image),
    Door(
        method="POST",
        path=f"{media.MEDIA}/{{file}}/delete",
        least=Least.EDITOR,
        answer=media.remove,
        fields={"seen": ()},
    ),
)

"""The images of mails: all of them on a page, one to look at, another to add, and one to throw away."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

from service.errors import InvalidInputError, NurtureError
from service.flows import media_files
from service.flows.content_desk import NEW, Change
from service.flows.media_files import Picture
from service.web.problems import TooLargeError
from service.web.studio import rendering
from service.web.studio.doors import Visit
from service.web.studio.mails.media_views import MediaPage, card
from service.web.studio.publishing.saving import save

MEDIA = "/studio/mails/-/media"


def show(visit: Visit) -> Response:
    """`GET /studio/mails/-/media`. `added` names the image of just now, `removed` that there is one less."""
    if (removed := visit.query("removed")) not in {"", "1"}:
        raise InvalidInputError("this page knows no such question", "Die vraag kent deze pagina niet.")
    added = visit.query("added")
    found = _all(visit)
    new = next((each for each in found if each.file == added), None)
    return rendering.render(_page(visit, found, added=new, removed=bool(removed)))


def listed(visit: Visit) -> Response:
    """`GET /studio/mails/-/media/all`: those a mail can show, for the editor to choose from."""
    return JSONResponse(
        {
            "images": [
                {
                    "path": each.path,
                    "alt": each.description,
                    "url": f"{MEDIA}/{each.file}",
                    "width": each.width,
                    "height": each.height,
                }
                for each in _all(visit)
                if each.usable
            ]
        }
    )


def image(visit: Visit) -> Response:
    """`GET /studio/mails/-/media/{file}`: the bytes, as what they are by their own beginning, and as nothing else.

    Whatever the file holds besides, it is no page: a browser that opens it by itself runs nothing in it.
    """
    data, told = media_files.shown(visit.desk, visit.request.path_params["file"])
    headers = {
        "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
        "Content-Disposition": "inline",
    }
    return Response(data, media_type=told.kind, headers=headers)


def add(visit: Visit) -> Response:
    """`POST /studio/mails/-/media`: an image, drawn anew, under a name of ours."""
    told = visit.field("alt")
    try:
        upload = visit.upload("image")
        if upload is None:
            raise InvalidInputError("choose an image", "Kies een plaatje.")
        if len(upload.data) > media_files.LARGEST_UPLOAD:
            most = media_files.LARGEST_UPLOAD // 1_000_000
            raise TooLargeError(f"the image is larger than {most} MB", f"Dit plaatje is groter dan {most} MB.")
        words = media_files.described(told)
        made = media_files.prepared(upload.data, words)
    except NurtureError as error:
        if error.status >= 500 or "text/html" not in visit.request.headers.get("accept", ""):
            raise
        return rendering.render(_page(visit, _all(visit), told=visit.words(error), typed=told), status=error.status)
    name = media_files.new_name(upload.told_name, made.ending, [each.file for each in _all(visit)])
    return save(visit, {f"media/{name}": Change(data=made.data, seen=NEW)}, done=f"{MEDIA}?added={name}")


def remove(visit: Visit) -> Response:
    """`POST /studio/mails/-/media/{file}/delete`: only where nothing uses it. What was published keeps its own."""
    found = media_files.picture(visit.desk, visit.services.content_dir, visit.request.path_params["file"])
    media_files.may_go(found)
    return save(visit, {found.path: Change(data=None, seen=visit.field("seen"))}, done=f"{MEDIA}?removed=1")


def _all(visit: Visit) -> tuple[Picture, ...]:
    return media_files.pictures(visit.desk, visit.services.content_dir)


def _page(
    visit: Visit,
    found: tuple[Picture, ...],
    *,
    added: Picture | None = None,
    removed: bool = False,
    told: str = "",
    typed: str = "",
) -> MediaPage:
    return MediaPage(
        frame=visit.frame(),
        cards=tuple(card(each) for each in found),
        writable=visit.desk.writable,
        added=card(added) if added else None,
        removed=removed,
        told=told,
        typed=typed,
    )

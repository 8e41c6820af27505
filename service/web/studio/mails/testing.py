"""A mail as it is being typed, sent to somebody of the staff. The answer stands in the frame: nothing typed is lost."""

from __future__ import annotations

from starlette.responses import Response

from service.errors import NotFoundError, NurtureError, RefusedError
from service.flows import mail_trials
from service.mail.compose import HeldMailError
from service.web.studio.doors import Visit
from service.web.studio.mails.preview import framed, make, problems, values
from service.web.studio.mails.typed import opened, typed

_DUTCH = {
    "retry": "De mailserver neemt hem nu niet aan. Probeer het later nog eens.",
    "invalid": "De mailserver zegt dat dit adres niet klopt.",
    "suppressed": "De mailserver weigert dit adres.",
    "unknown": "Het is niet zeker of hij is aangekomen.",
    "down": "De mailserver is niet te bereiken.",
}
_ENGLISH = {
    "retry": "The mail server does not take it now. Try again later.",
    "invalid": "The mail server says this address is wrong.",
    "suppressed": "The mail server refuses this address.",
    "unknown": "It is not certain whether it arrived.",
    "down": "The mail server cannot be reached.",
}


def act(visit: Visit) -> Response:
    """`POST /studio/mails/{name}/test`: the mail as typed, to a member of the staff. Always a page for the frame."""
    opened(visit)
    try:
        return _sent(visit)
    except NurtureError as error:
        return framed(visit, error=error)


def _sent(visit: Visit) -> Response:
    to = visit.field("to")
    if not (to.isascii() and to.isdigit() and len(to) < 10):
        raise NotFoundError("a test goes to staff alone", "Een testmail gaat alleen naar medewerkers.")
    found = typed(visit)
    draft = visit.desk.draft()
    made = make(visit, draft, found)
    given = values(visit, draft)
    if made.mail is None or given is None or made.rendered is None:
        wrong = problems(visit, draft, found, made)
        return framed(visit, problems=tuple(each for each in wrong if each.severity == "error"))
    try:
        address, result = mail_trials.send(visit.services, made.mail, given, to=int(to), member=visit.me, now=visit.now)
    except HeldMailError:
        raise RefusedError("this mail cannot be filled in", "Deze mail kan niet worden ingevuld.") from None
    dutch = visit.language == "nl"
    if result.outcome != "accepted":
        words = (_DUTCH if dutch else _ENGLISH)[result.outcome]
        raise RefusedError(words, words)
    return framed(visit, good=f"Testmail verstuurd aan {address}" if dutch else f"Test mail sent to {address}")

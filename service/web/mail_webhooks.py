"""`POST /webhooks/mail/{provider}`: a mail provider tells what became of our mails, and proves that it is the one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from service.domain.feedback import Feedback, FeedbackKind, Tie
from service.errors import NotFoundError, NurtureError, TooManyError, UnauthorisedError, UnavailableError, trace
from service.flows import clock_check, feedback
from service.flows.services import Services
from service.mail.hook_certificates import HookCertificates
from service.mail.inbound import codes
from service.mail.inbound.diagnosis import judge
from service.mail.inbound.values import InboundKind
from service.mail.providers import PROVIDERS
from service.mail.providers.values import Event, EventKind, Hook, Provider, UnreadableHookError
from service.store.db import real_now
from service.web import bodies, documented
from service.web.deps import Here
from service.web.problems import RETRY_AFTER

_KINDS: Mapping[EventKind, FeedbackKind] = MappingProxyType(
    {
        EventKind.ACCEPTED: FeedbackKind.ACCEPTED,
        EventKind.DELIVERED: FeedbackKind.DELIVERED,
        EventKind.DEFERRED: FeedbackKind.DEFERRED,
        EventKind.HARD_BOUNCE: FeedbackKind.HARD_BOUNCE,
        EventKind.SOFT_BOUNCE: FeedbackKind.SOFT_BOUNCE,
        EventKind.REJECTED: FeedbackKind.REJECTED,
        EventKind.FAILED: FeedbackKind.REJECTED,  # they could not make a mail of it: ours to mend
        EventKind.COMPLAINED: FeedbackKind.COMPLAINED,
        EventKind.UNSUBSCRIBED: FeedbackKind.UNSUBSCRIBED,
        EventKind.RESUBSCRIBED: FeedbackKind.UNKNOWN,  # a yes is given here, by the button in a mail, and nowhere else
        EventKind.UNKNOWN: FeedbackKind.UNKNOWN,
    }
)
"""What is not here is forgotten: who opened a mail about her complaint, and when, is nothing that we may keep."""
_TOO_MANY = 429
_LATER = "Dit bericht konden we nu niet verwerken."
_UNSIGNED = "De handtekening van dit bericht ontbreekt, klopt niet of is te oud."
_ANSWERS = documented.said(200, "taken") | documented.errors(401, 404, 413, 422, 429, 503)
_BODY = {"requestBody": {"required": True, "content": {bodies.JSON: {"schema": {}}}}}
SentEvent = Annotated[bodies.Body, Depends(bodies.read_event)]
log = structlog.get_logger()
router = APIRouter()


@router.post("/webhooks/mail/{provider}", responses=_ANSWERS, openapi_extra=_BODY)
async def event(provider: str, request: Request, services: Here, body: SentEvent) -> Response:
    """From a provider of docs/adding-a-provider.md; what each must be told is in docs/feedback.md.

    200 also for events that are unknown, and for the same ones again. 401: the signature is missing, wrong or old, or
    no secret is set here. 422: genuine, and nobody here can read it. 429 or 503, whichever makes this provider try
    again: a fault of ours.
    """
    known = PROVIDERS.get(provider)
    if known is None:
        raise NotFoundError("no such mail provider")
    secrets = services.webhook_secrets.get(provider, ())
    hook = Hook(headers=dict(request.headers), body=body.data)
    certificates: HookCertificates = request.app.state.hook_certificates
    with _tried_again(known):
        try:
            await _check(services, known, secrets, hook, certificates)
        except UnauthorisedError:
            await run_in_threadpool(request.app.state.hook_refusals.add, known.name)
            raise
        await certificates.confirm(known, hook)
        await run_in_threadpool(_take, services, known, hook)
    services.bell.ring()
    return JSONResponse({"status": "taken"})


async def _check(
    services: Services, provider: Provider, secrets: Sequence[str], hook: Hook, certificates: HookCertificates
) -> None:
    """Raise UnauthorisedError unless the call is genuine; the same for whatever is wrong with it."""
    try:
        # Where a certificate is needed the secret is what stands in the body: nobody else has us fetch anything.
        mine = any(each.encode() in hook.body for each in secrets)
        complete = await certificates.complete(provider, hook) if mine else hook
        genuine = await run_in_threadpool(_is_genuine, services, provider, secrets, complete)
    except UnreadableHookError:
        genuine = False
    if not genuine:
        raise UnauthorisedError(
            "the signature of the event is missing, wrong or old", "Dit bericht is niet ondertekend."
        )


def _is_genuine(services: Services, provider: Provider, secrets: Sequence[str], hook: Hook) -> bool:
    with services.database.reading() as session:
        signed_at = real_now(session)
    return provider.verify(hook, secrets, signed_at)


def _take(services: Services, provider: Provider, hook: Hook) -> None:
    """Act on its events. What of them nobody here can read is told, and raises UnreadableHookError in the end."""
    try:
        events = _read(provider, hook)
    except UnreadableHookError:
        _tell_unreadable(services, provider, hook)
        raise
    readable = [each for each in events if each.kind is not EventKind.UNREADABLE]
    _work_on(services, provider, readable)
    if len(readable) < len(events):
        _tell_unreadable(services, provider, hook)
        raise UnreadableHookError("one of the events cannot be read", "Een van de gebeurtenissen is niet te lezen.")


def _tell_unreadable(services: Services, provider: Provider, hook: Hook) -> None:
    with services.database.transaction() as session:
        feedback.keep_unreadable(session, provider.name, hook.body, clock_check.now(session, services))


def _work_on(services: Services, provider: Provider, events: Sequence[Event]) -> None:
    """Each event in a transaction of its own: they may be about many leads, and locks are taken in their order.

    One that we fail at holds up no other; the call is then answered so that it comes again.
    """
    failed = False
    for each in events:
        news = _news(each)
        if news is None:
            continue
        try:
            with services.database.transaction() as session:
                feedback.apply(session, services, news, clock_check.now(session, services))
        except feedback.TooEarlyError:
            failed = True
        except UnavailableError:
            raise
        except Exception as error:
            failed = True
            log.error("an event could not be worked on", source=provider.name, kind=news.kind, error=trace(error))
    if failed:
        raise UnavailableError("an event could not be worked on", _LATER)


def _read(provider: Provider, hook: Hook) -> list[Event]:
    """Its events. Raises UnreadableHookError also where `parse` fails at a shape that nobody foresaw: it would fail at
    it each time that the call came again."""
    try:
        return provider.parse(hook)
    except UnreadableHookError:
        raise
    except Exception as error:
        log.error("an event could not be read", source=provider.name, error=trace(error))
        raise UnreadableHookError("the event cannot be read", "De gebeurtenis is niet te lezen.") from error


def _news(said: Event) -> Feedback | None:
    """In the words that all sources share; None for what is not kept."""
    kind = _KINDS.get(said.kind)
    if kind is None:
        return None
    # What was handed over by SMTP to the same provider has our own Message-ID there.
    message_id = f"<{said.provider_id}>" if said.provider_id and "@" in said.provider_id else None
    return Feedback(
        source=said.provider,
        key=said.dedup_key,
        kind=_milder(kind, said.diagnostic),
        raw_kind=said.raw_kind,
        tie=Tie(public_id=said.own_key, provider_id=said.provider_id, message_id=message_id),
        at=said.occurred_at,
        diagnostic=said.diagnostic,
    )


def _milder(kind: FeedbackKind, said: str | None) -> FeedbackKind:
    """A bounce as the recipient's server explains it, where its words are given and excuse the reader.

    Providers call each refusal for good a hard bounce. One for our reputation or content is ours, and a full mailbox is
    none that is gone. Words never make it worse.
    """
    if kind not in {FeedbackKind.HARD_BOUNCE, FeedbackKind.SOFT_BOUNCE} or not said:
        return kind
    verdict = judge(list(codes.enhanced(said)), said)
    if not verdict.sure or verdict.kind is InboundKind.HARD:
        return kind
    return FeedbackKind.REJECTED if verdict.kind is InboundKind.POLICY else FeedbackKind.SOFT_BOUNCE


@contextmanager
def _tried_again(provider: Provider) -> Iterator[None]:
    """A fault of ours is answered by what makes this provider deliver the event again: 5xx, unless it drops that."""
    try:
        yield
    except UnavailableError as error:
        _ask_again(provider, error)
        raise
    except NurtureError:
        raise
    except Exception as error:
        log.error("an event could not be worked on", source=provider.name, error=trace(error))
        _ask_again(provider, UnavailableError("the event could not be worked on", _LATER))
        raise


def _ask_again(provider: Provider, error: UnavailableError) -> None:
    if provider.capabilities.retry_code == _TOO_MANY:
        raise TooManyError(error.english, error.dutch, retry_after=RETRY_AFTER) from error

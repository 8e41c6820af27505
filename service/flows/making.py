"""The mails of a claimed group, made from a reading: what is wrong with one never stops the others."""

from __future__ import annotations

from datetime import datetime

import structlog

from service.errors import UnavailableError, trace
from service.flows import building
from service.flows.off_loop import OffLoop
from service.flows.services import Services
from service.mail.transport import OutboundMail

log = structlog.get_logger()


class Making:
    """For one sender. Nobody who writes waits while mails are made."""

    def __init__(self, services: Services, off_loop: OffLoop) -> None:
        self._services, self._off_loop = services, off_loop

    async def mails(self, ids: list[int], lease: str, composed_at: datetime) -> dict[int, OutboundMail]:
        """Message id -> its mail, of those that this lease still holds. A row that cannot be read or built is held."""
        try:
            built = await self._off_loop.read(
                lambda session: building.build_all(session, self._services, ids, lease, composed_at)
            )
        except UnavailableError:
            raise
        except Exception as error:
            if len(ids) == 1:
                await self.set_aside(ids[0], lease, error)
                return {}
            made: dict[int, OutboundMail] = {}
            for one in ids:
                made |= await self.mails([one], lease, composed_at)
            return made
        for each, why in built.broken.items():
            await self.set_aside(each, lease, why)
        return built.mails

    async def set_aside(self, message_id: int, lease: str, error: Exception) -> None:
        """Hold the one message at which something failed that nobody foresaw, and tell."""
        log.error("sending failed at one mail", message=message_id, error=trace(error))
        now = self._services.clock.now()
        await self._off_loop.write(lambda session: building.set_aside(session, message_id, lease, error, now))

"""The doors of this room."""

from __future__ import annotations

from service.web.studio.doors import Door
from service.web.studio.mails import media_routes

DOORS: tuple[Door, ...] = (*media_routes.DOORS,)

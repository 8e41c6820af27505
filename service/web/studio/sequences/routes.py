"""The doors of this room."""

from __future__ import annotations

from service.web.studio.doors import Door

DOORS: tuple[Door, ...] = ()

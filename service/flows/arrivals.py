"""An opt-in on its way from what a form sent to what is written."""

from __future__ import annotations

from dataclasses import dataclass

from service.domain.screening import Held
from service.errors import NurtureError
from service.flows.opt_in_check import Checked, OptInRequest
from service.store.tables import Lead


@dataclass(kw_only=True, eq=False)
class Arrival:
    """One opt-in on its way: what it asks, the lead where we know her, and what was decided of it.

    `error` where it is refused, and then the rest says nothing; `is_spent` where its proof of work had been before, and
    `is_blocked` where the address said no, or did not exist lately.
    """

    checked: Checked
    hmac: str
    is_spent: bool = False
    known: Lead | None = None
    error: NurtureError | None = None
    disposition: str = "accepted"
    held: Held | None = None
    is_blocked: bool = False

    @property
    def request(self) -> OptInRequest:
        return self.checked.request

    @property
    def address(self) -> str:
        return self.checked.address

    @property
    def network(self) -> str | None:
        """The client network (a keyed hash), where it counts against a cap."""
        return self.request.client.network if self.request.client else None

    @property
    def is_enough(self) -> bool:
        """May the follow-ups come without a button? An address that once said no says yes again by that alone."""
        single = self.checked.live.sequence.confirmation == "single"
        return single and self.request.consent_follow_up and not self.is_blocked and not self.held

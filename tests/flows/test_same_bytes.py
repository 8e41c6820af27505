"""A mail that waits between being built and being handed over: its Date is that of its bytes (ACCEPTANCE L3, L6)."""

from __future__ import annotations

from datetime import datetime

from tests.support.house import FakeClock, House
from tests.support.transports import Network, accepted, in_turn, lost_after_the_dot

ANNA = "anna@example.org"


class _Ticking(FakeClock):
    """A second passes whenever somebody looks."""

    def now(self) -> datetime:
        """A second later than the last time."""
        return self.advance(seconds=1)


def test_a_repeat_has_the_date_that_the_first_was_built_with(house: House) -> None:
    network = Network(answer=in_turn(lost_after_the_dot(), accepted()))
    house.opt_in(ANNA)
    house.with_changes(open_transport=network.open, clock=_Ticking(house.clock.now())).send_due()
    first, second = network.to(ANNA)
    assert first.data == second.data

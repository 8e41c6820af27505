"""How sure a share is that was counted over few: so that two mails are not called different by chance alone."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

_Z = 1.959964  # of a two-sided 95 % interval


@dataclass(frozen=True, kw_only=True)
class Share:
    """So many of so many, with the interval that holds the true share 19 times out of 20 (Wilson, 1927).

    A mail of unknown fate may bring a booking, so there may be more of those than of mails that were taken: then all.
    """

    count: int
    of: int

    @property
    def interval(self) -> tuple[float, float]:
        """The lowest and the highest likely share, from 0 to 1; all is likely where nothing was counted."""
        if self.of == 0:
            return 0.0, 1.0
        share, squared = min(self.count / self.of, 1), _Z * _Z
        centre = share + squared / (2 * self.of)
        spread = _Z * sqrt(share * (1 - share) / self.of + squared / (4 * self.of * self.of))
        whole = 1 + squared / self.of
        return max(0.0, (centre - spread) / whole), min(1.0, (centre + spread) / whole)

    def differs_from(self, other: Share) -> bool:
        """Whether the two intervals lie apart. Cautious: where they touch, chance may be all there is."""
        low, high = self.interval
        others_low, others_high = other.interval
        return high < others_low or others_high < low

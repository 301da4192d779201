"""What the hosts of a run did as a whole, with whatever else ran on them."""

from __future__ import annotations

from .frozen import Frozen


class Flow(Frozen):
    """One direction of a link over the measured window."""

    mean_megabytes_per_s: float
    peak_megabytes_per_s: float | None = None
    """Between two scrapes, which come each second."""
    share: float | None = None
    """Of what the link carries, in the mean; None if its speed is not known."""
    dropped: int | None = None
    """Packets that the host dropped; among those received also what nobody there wanted."""
    errors: int | None = None
    """Packets that were damaged, or could not be sent."""


class NodeLink(Frozen):
    """A network device by which a host is reached."""

    device: str
    speed_megabytes_per_s: float | None = None
    """Each way; None if the driver does not say, as those of most virtual machines."""
    received: Flow
    sent: Flow

    @property
    def share(self) -> float | None:
        """Of its busier direction."""
        known = [way.share for way in (self.received, self.sent) if way.share is not None]
        return max(known, default=None)

    @property
    def megabytes_per_s(self) -> float:
        """In its busier direction."""
        return max(self.received.mean_megabytes_per_s, self.sent.mean_megabytes_per_s)


class NodeUse(Frozen):
    """A host over the measured window."""

    name: str | None = None
    """None if it was the only one."""
    cores: int | None = None
    mean_busy_share: float | None = None
    """Of all its cores together."""
    peak_busy_share: float | None = None
    """Between two scrapes."""
    links: tuple[NodeLink, ...] = ()

    @property
    def busiest_link(self) -> NodeLink | None:
        """The one that is nearest to its limit; where none is known, that carried most."""
        return max(
            self.links, key=lambda link: (link.share or 0.0, link.megabytes_per_s), default=None
        )

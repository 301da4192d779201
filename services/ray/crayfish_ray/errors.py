"""What may go wrong with a cluster; here, and not beside Ray, so that a supervisor needs no Ray."""


class ClusterError(ConnectionError):
    """The cluster did not answer, or has no worker: there is nothing to go on with."""


class ActorsError(Exception):
    """An actor died or raised: new ones can go on."""

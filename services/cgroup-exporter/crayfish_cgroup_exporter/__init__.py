"""Exports CPU, throttling and memory of every container on a host, without an engine socket.

And what the host as a whole did. The files of both are mounted read-only; a container is known by
its 64-digit id, which the controller translates into a service. One instance per host serves any
number of experiments.
"""

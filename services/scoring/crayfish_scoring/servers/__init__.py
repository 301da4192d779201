"""Clients of model servers: one file a protocol, one client for gRPC and one for HTTP around them.

`scorer` keeps the rules that hold for every server (deadline, retries, replicas, what a failure is
called), `client` and `http` the connections; a protocol's file only knows its messages (`wire`).
Nothing here blocks but `score`: `call` is a coroutine, so that many calls are under way at once.
"""

"""Clients of model servers: one file a protocol, and one gRPC client around them all.

`client` keeps the connections and the rules that hold for every server (deadline, retries,
replicas, what a failure is called); a protocol's file only knows its messages (`wire`). Nothing
here blocks but `score`: `call` is a coroutine, so that many calls are under way at once.
"""

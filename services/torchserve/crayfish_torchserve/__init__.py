"""TorchServe: how it is configured, and the handlers that run in its workers."""

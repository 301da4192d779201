"""Ray Serve: its cluster, and the deployments of a model and of noop."""

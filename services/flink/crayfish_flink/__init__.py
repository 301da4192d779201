"""Flink: the driver that submits a run's job, and the job's scoring function."""

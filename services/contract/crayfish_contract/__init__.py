"""What the parts of Crayfish agree on: the record and the run config.

Every Python service and the controller import this package, and nothing else of each other.
`codec` and `arrays` need numpy alone, so that a scoring process stays small; `runconfig` needs
pydantic; `topics` needs confluent-kafka.
"""

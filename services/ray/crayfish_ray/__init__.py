"""Ray: the driver of a run, its actors between two Kafka topics, and the nodes they live on."""

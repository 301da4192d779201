"""The consumer: the other end of every latency, and the judge of every id and prediction."""

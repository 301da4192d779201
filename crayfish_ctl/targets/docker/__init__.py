"""What every target knows of an engine that runs containers: its clients, locks, events, rules."""

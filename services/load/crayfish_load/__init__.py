"""The load: when records are due, what they carry, and whether what comes back is right."""

"""Made by services/protocols/generate."""

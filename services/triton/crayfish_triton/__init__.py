"""Triton: its model repository, and what its Python backend runs."""

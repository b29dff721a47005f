"""Triglot: one contract, three languages, one durable workflow."""

"""The embedded stack: server, workers and inbox as supervised processes of one run folder."""

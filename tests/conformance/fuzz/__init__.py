"""Random schemas and messages, by which the languages are compared: `make fuzz`."""

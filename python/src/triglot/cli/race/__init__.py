"""`triglot race`: one report, one task queue, workers in three languages, some of which are killed."""

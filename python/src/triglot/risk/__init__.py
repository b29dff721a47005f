"""The risk report: workflow, analytics, statistics and reference kernel."""

"""The kernel in C, compiled for the very processor it runs on: what speeds are ratios of.

`python -m triglot.bench.native --bench` is an executor. No worker uses it.
"""

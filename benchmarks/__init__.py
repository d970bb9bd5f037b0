"""What `./course bench` runs: Stagelab against the tools that it would replace, on one engine.

Each `bench_NAME.py` is a benchmark. It has `CASES`, a mapping of its cases' names to what they
are, and `measure(**options)`, which gives a `benchmarks.report.Report`.

A figure is a ratio or a difference of two medians that were measured in one go: the contestants
take turns, and each round begins with another one, so that a machine that slows down slows all.
"""

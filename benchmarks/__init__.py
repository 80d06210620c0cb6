"""Reproducible comparisons: `python -m benchmarks`. Every figure is a ratio within one run; see README.md."""

"""Drills: whole scenarios with real processes, and whether what the design promises holds in each.

`ops/drills/run` runs them and says how. Each scenario gives a `Report`; none of them is a test that
CI runs, because they take minutes.
"""

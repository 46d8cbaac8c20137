"""Chaos: real processes are harmed at random by a seed, and each lead is accounted for afterwards.

`ops/chaos/run` runs it; `README.md` beside this file says what is injected and what is held. The
checker trusts two things alone: the receipts that apps were given, and what the API got.
"""

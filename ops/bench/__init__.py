"""The benchmark: this project beside others, on the same leads, Redis and stand-in API.

`ops/bench/run` says how to use it, `README.md` beside this file what is measured and how. It must
never change how a contender works: each is run as its own documentation says.
"""

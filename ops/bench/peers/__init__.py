"""The contenders, each as its own documentation would have a user write it.

A module is both what a contender's workers import and its producer: see `bench.producing`.
"""

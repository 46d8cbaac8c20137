"""Errors that mean we cannot go on; what is expected is a value instead."""

from __future__ import annotations


class LeadWorkerError(Exception):
    """The root of the worker's errors. The text is one line for a person, without personal data."""


class SettingsError(LeadWorkerError):
    """One or more settings are wrong. The text has one line for each."""


class NamespaceMismatchError(LeadWorkerError):
    """The namespace in Redis belongs to another record format or another API address."""

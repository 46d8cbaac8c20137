"""The sub-commands of `leads`, one module for each noun."""

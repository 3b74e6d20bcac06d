"""Checks of a live federation, each yielding a finding."""

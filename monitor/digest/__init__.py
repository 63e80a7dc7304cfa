"""Digests: when they are due, what is in them, how they look. Pure but for reading templates."""

"""Training entries that were written for this project."""

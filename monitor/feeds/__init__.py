"""Feeds: fetched, read, recognised. Importing this package costs nothing; its modules import what they need."""

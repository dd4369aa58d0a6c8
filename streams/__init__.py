"""Groundswell: the walk of an event through the packages."""

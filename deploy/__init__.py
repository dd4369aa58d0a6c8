"""Runs the engines: the embedded stack on one machine, and what a cluster needs."""

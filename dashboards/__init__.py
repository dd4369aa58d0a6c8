"""Panels and dashboards as code."""

"""The panels, each declared once, a module for each dashboard; Grafana draws them, and so does the live page."""

from dashboards.panels.launch import LAUNCH

__all__ = ["LAUNCH"]

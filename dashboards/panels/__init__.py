"""The panels, each declared once, a module for each dashboard; Grafana draws them, and so does the live page."""

from dashboards.panels.conversation import CONVERSATION
from dashboards.panels.launch import LAUNCH
from dashboards.panels.people import PEOPLE
from dashboards.panels.pipeline import PIPELINE
from dashboards.panels.post_mortem import POST_MORTEM
from dashboards.panels.traction import TRACTION

__all__ = ["CONVERSATION", "LAUNCH", "PEOPLE", "PIPELINE", "POST_MORTEM", "TRACTION"]

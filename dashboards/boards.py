"""The dashboards, in the order in which they link to each other."""

from dashboards.marks import MARKS
from dashboards.panel import Dashboard
from dashboards.panels import CONVERSATION, LAUNCH, PEOPLE, PIPELINE, POST_MORTEM, TRACTION

DASHBOARDS = (
    Dashboard(
        "launch",
        "Launch",
        "A campaign's launch window, every few seconds: the time range is the launch window.",
        LAUNCH,
        refresh="5s",
        marks=MARKS,
    ),
    Dashboard(
        "people",
        "People",
        "Who carries a campaign: contributors, partners, reach, and whom they address.",
        PEOPLE,
        marks=MARKS,
    ),
    Dashboard(
        "conversation",
        "Conversation",
        "What is said: hashtags that stand together, mood, languages and countries.",
        CONVERSATION,
        marks=MARKS,
    ),
    Dashboard(
        "traction",
        "Traction",
        "Hashtags outside the campaigns that rise now, to be verified before anybody shares them.",
        TRACTION,
        since="now-65m",
        granularity_s=300,
    ),
    Dashboard(
        "post-mortem",
        "Post-mortem",
        "What a launch came to, next to the bench-mark: choose the time range of the whole launch.",
        POST_MORTEM,
        since="now-7d",
        granularity_s=3600,
        refresh="",
        marks=MARKS,
    ),
    Dashboard(
        "pipeline",
        "Pipeline",
        "Whether counting keeps up, by the workers' own metrics; of all campaigns.",
        PIPELINE,
        refresh="10s",
    ),
)

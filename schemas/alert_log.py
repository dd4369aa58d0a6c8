"""The history of alerts: what table ``alert_log`` records, and what view ``alerts`` makes of it.

An *episode* is one time that an alert holds, from crossing its limit to being well below it. Episodes of an alert are
numbered from 1, and every transition of an episode is a row, so that repeated or reordered rows change nothing.
"""

from typing import Literal, get_args

Transition = Literal["fired", "notified", "failed", "acknowledged", "resolved", "silenced"]
"""``silenced`` is of a campaign or of one of its alerts, from its time to ``until``; all others are of an episode."""

TRANSITIONS = get_args(Transition)

VIEW = "alerts"
MEANING = "Alerts that fired, one row for each time; `alert_id` is `campaign/alert/ordinal`, the same in notifications."
COLUMNS = {
    "alert_id": ("String", "`campaign/alert/ordinal`"),
    "campaign": ("LowCardinality(String)", "the campaign whose file declares it"),
    "alert": ("LowCardinality(String)", "its name there"),
    "ordinal": ("UInt32", "how many times this alert has fired, this one included"),
    "kind": ("LowCardinality(String)", "`threshold`, `spike`, `pace`, `silence`, `mood` or `hijack`"),
    "severity": ("LowCardinality(String)", "`info`, `warning` or `critical`"),
    "started": ("DateTime64(3, 'UTC')", "when it was found to hold"),
    "value": ("Float64", "what was measured then"),
    "limit": ("Float64", "the limit then"),
    "message": ("String", "the same as a sentence"),
    "notified": ("Nullable(DateTime64(3, 'UTC'))", "when the first recipient's service took it, NULL when none has"),
    "recipients": ("Array(String)", "whose service took it, by the names in `notify`"),
    "failures": ("UInt64", "attempts to notify that failed"),
    "resolved": ("Nullable(DateTime64(3, 'UTC'))", "when it was over, NULL while it fires"),
    "acknowledged": ("Nullable(DateTime64(3, 'UTC'))", "when somebody took it on, NULL when nobody has"),
    "acknowledged_by": ("String", "who did, `''` when nobody has"),
}
"""The view's columns: ClickHouse type and meaning."""

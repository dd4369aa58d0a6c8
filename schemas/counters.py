"""The counters: each declared once; its ClickHouse tables, the rows the worker writes and its views follow."""

from schemas.counter import Counter, Measure

DATABASE = "groundswell"
EVERY_CAMPAIGN = "*"
KINDS = ("hashtag", "emoji", "account")

_WINDOW = {"window_start": "DateTime('UTC')"}
_CAMPAIGN = {"campaign": "LowCardinality(String)"}
_KIND = {"kind": "LowCardinality(String)"}
_EVENT_KIND = {"source": "LowCardinality(String)", "event_type": "LowCardinality(String)"}
_ROLE = {"role": "LowCardinality(String)"}
_MONTH = "toYYYYMM(window_start)"

TOKEN_COUNTS = Counter(
    view="token_counts",
    table="token_counter",
    totals="token_totals",
    meaning="Hashtags, emojis and accounts in windows of 10 s by event time.",
    key=_WINDOW | _CAMPAIGN | _KIND | {"token": "String"} | _EVENT_KIND,
    measures=(
        Measure("posts", "events that contain the token", "posts_added", "posts_removed"),
        Measure("occurrences", "every occurrence of the token", "occurrences_added", "occurrences_removed"),
    ),
    order_by=("campaign", "kind", "window_start", "token", "source", "event_type"),
    totals_by=_MONTH,
)

ENGAGEMENT = Counter(
    view="engagement",
    table="engagement_counter",
    totals="engagement_totals",
    meaning="Events in windows of 10 s by event time, with what is known of their language, country and sentiment.",
    key=_WINDOW | _CAMPAIGN | _EVENT_KIND | dict.fromkeys(("lang", "country", "sentiment"), "LowCardinality(String)"),
    measures=(
        Measure("events", "how many events there were", "events"),
        Measure("quantity", "the sum of their quantities", "quantity_added", "quantity_removed"),
    ),
    order_by=("campaign", "window_start", "source", "event_type", "lang", "country", "sentiment"),
    totals_by=_MONTH,
)

SPELLINGS = Counter(
    view="spellings",
    table="spelling_counter",
    totals="spelling_totals",
    meaning="How a token was really written.",
    key=_CAMPAIGN | _KIND | {"token": "String", "spelling": "String"},
    measures=(Measure("posts", "events that spell the token so", "posts_added", "posts_removed"),),
    order_by=("campaign", "kind", "token", "spelling"),
    totals_by="tuple()",
)

AUTHORS = Counter(
    view="authors",
    table="author_counter",
    totals="author_totals",
    meaning="Who wrote the events of a campaign (not of `*`), and how many follow them. `role` is `own` or `partner`.",
    key=_WINDOW | _CAMPAIGN | _EVENT_KIND | {"author_id": "String", "author_name": "String"} | _ROLE,
    measures=(
        Measure("events", "how many events there were", "events"),
        Measure("quantity", "the sum of their quantities", "quantity_added", "quantity_removed"),
        Measure(
            "impressions",
            "the author's followers, once for each post: potential impressions",
            "impressions_added",
            "impressions_removed",
        ),
        Measure(
            "likely_impressions",
            "impressions by Sprinklr's factor: 0.15 of followers below 100,000, falling linearly to 0.06 at 10 million",
            "likely_impressions_added",
            "likely_impressions_removed",
        ),
        Measure("unknown", "events whose author's followers are not known", "unknown"),
        Measure("followers", "the most followers the author had, NULL when not known", "followers", highest=True),
    ),
    order_by=("campaign", "window_start", "source", "event_type", "author_id", "author_name", "role"),
    totals_by=_MONTH,
)

TARGET_MENTIONS = Counter(
    view="target_mentions",
    table="target_counter",
    totals="target_totals",
    meaning="Who @-mentions a campaign's targets, whether or not the event belongs to the campaign.",
    key=_WINDOW | _CAMPAIGN | {"target": "LowCardinality(String)"} | _EVENT_KIND | {"author_id": "String"},
    measures=(Measure("posts", "events that mention the target", "posts_added", "posts_removed"),),
    order_by=("campaign", "target", "window_start", "source", "event_type", "author_id"),
    totals_by=_MONTH,
)

HASHTAG_PAIRS = Counter(
    view="hashtag_pairs",
    table="pair_counter",
    totals="pair_totals",
    meaning="Hashtags that stand together in events of a campaign (not of `*`); of each pair the first is the lesser.",
    key=_WINDOW | _CAMPAIGN | {"hashtag": "String", "other": "String"},
    measures=(Measure("posts", "events that contain both", "posts_added", "posts_removed"),),
    order_by=("campaign", "window_start", "hashtag", "other"),
    totals_by=_MONTH,
)

HASHTAG_GROUPS = Counter(
    view="hashtag_groups",
    table="group_counter",
    totals="group_totals",
    meaning="A campaign's groups of hashtags: an event with several hashtags of a group counts once.",
    key=_WINDOW | _CAMPAIGN | {"hashtag_group": "LowCardinality(String)"} | _EVENT_KIND,
    measures=(Measure("posts", "events that contain a hashtag of the group", "posts_added", "posts_removed"),),
    order_by=("campaign", "hashtag_group", "window_start", "source", "event_type"),
    totals_by=_MONTH,
)

PLEDGED = Counter(
    view="pledged",
    table="pledge_counter",
    totals="pledge_totals",
    meaning="Money pledged in events of type `pledge`, of campaigns and of `*`.",
    key=_WINDOW | _CAMPAIGN | {"source": "LowCardinality(String)", "currency": "LowCardinality(String)"},
    measures=(
        Measure("events", "how many pledges there were", "events"),
        Measure("amount", "minor units of the currency", "amount_added", "amount_removed"),
        Measure("unknown", "pledges without an amount", "unknown"),
    ),
    order_by=("campaign", "currency", "window_start", "source"),
    totals_by=_MONTH,
)

REACTIONS = Counter(
    view="reactions",
    table="reaction_counter",
    totals="reaction_totals",
    meaning="Likes, shares and views that carry no text: of `*` all, by whether the `post` they act on is `known` or "
    "`unknown`; of a campaign those whose post belongs to it, beside what `engagement` has.",
    key=_WINDOW | _CAMPAIGN | _EVENT_KIND | {"post": "LowCardinality(String)"},
    measures=(
        Measure("events", "how many events there were", "events"),
        Measure("quantity", "the sum of their quantities", "quantity_added", "quantity_removed"),
    ),
    order_by=("campaign", "window_start", "source", "event_type", "post"),
    totals_by=_MONTH,
)

HASHTAG_REACTIONS = Counter(
    view="hashtag_reactions",
    table="hashtag_reaction_counter",
    totals="hashtag_reaction_totals",
    meaning="The reactions of a campaign (not of `*`), credited to each hashtag of the post they act on.",
    key=_WINDOW | _CAMPAIGN | {"hashtag": "String"} | _EVENT_KIND,
    measures=REACTIONS.measures,
    order_by=("campaign", "hashtag", "window_start", "source", "event_type"),
    totals_by=_MONTH,
)

HASHTAG_SENTIMENT = Counter(
    view="hashtag_sentiment",
    table="hashtag_sentiment_counter",
    totals="hashtag_sentiment_totals",
    meaning="Hashtags in events of a campaign (not of `*`), by how the campaign judges the event, as in `engagement`.",
    key=_WINDOW | _CAMPAIGN | {"hashtag": "String"} | _EVENT_KIND | {"sentiment": "LowCardinality(String)"},
    measures=(Measure("posts", "events that contain the hashtag", "posts_added", "posts_removed"),),
    order_by=("campaign", "window_start", "hashtag", "source", "event_type", "sentiment"),
    totals_by=_MONTH,
)

POST_REACTIONS = Counter(
    view="post_reactions",
    table="post_reaction_counter",
    totals="post_reaction_totals",
    meaning="Likes, shares, views, replies and quotes of a campaign (not of `*`), as `engagement` and `reactions` have "
    "them, by the post that they act on, where they name it.",
    key=_WINDOW | _CAMPAIGN | {"post_id": "String"} | _EVENT_KIND,
    measures=REACTIONS.measures,
    order_by=("campaign", "window_start", "source", "post_id", "event_type"),
    totals_by=_MONTH,
)

AUTHORS_A_SAMPLED_ONE = 8
"""Of so many authors one is sampled."""

SAMPLED_POSTS = Counter(
    view="sampled_posts",
    table="sample_counter",
    totals="sample_totals",
    meaning=(
        "Posts with a hashtag by a sample of the authors, of `*` alone: by a hash of source and author one in "
        f"{AUTHORS_A_SAMPLED_ONE}, with all their posts. So {AUTHORS_A_SAMPLED_ONE} times their number estimates how "
        "many authors there were."
    ),
    key=_WINDOW
    | _CAMPAIGN
    | {"hashtag": "String", "source": "LowCardinality(String)", "author_id": "String", "post_id": "String"},
    measures=(Measure("posts", "posts of the author's that contain the hashtag", "posts_added", "posts_removed"),),
    order_by=("campaign", "window_start", "hashtag", "source", "author_id", "post_id"),
    totals_by=_MONTH,
)

COUNTERS = (
    TOKEN_COUNTS,
    ENGAGEMENT,
    SPELLINGS,
    AUTHORS,
    TARGET_MENTIONS,
    HASHTAG_PAIRS,
    HASHTAG_GROUPS,
    PLEDGED,
    REACTIONS,
    HASHTAG_REACTIONS,
    HASHTAG_SENTIMENT,
    POST_REACTIONS,
    SAMPLED_POSTS,
)

ACCOUNT = ("read", "counted", "duplicates", "dead", "markers")
"""What becomes of a segment's records: read = counted + duplicates + dead + markers."""

"""The same task for each tool, written as its own users would write it; each runs in an environment of its own.

The task: by 10 s window of event time, source and event type, in how many posts stands each hashtag (in lower case)
and each emoji? ``protocol`` is how a contender is called and answers; ``tokens`` finds tokens for those in Python.
"""

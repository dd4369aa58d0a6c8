"""``python -m deploy.kafka lock``: makes ``jars.lock`` anew, after a change of Kafka's version."""

import sys

from deploy.kafka import jars

if sys.argv[1:] != ["lock"]:
    sys.exit("usage: python -m deploy.kafka lock")
sys.stdout.write(f"{jars.lock()} jars locked\n")

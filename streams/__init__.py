"""Groundswell: counts social campaigns, exactly, while they happen.

The walk of an event through this package, in order:

- ``sources`` make events of files and feeds; ``replay`` paces them, ``launch`` plays the demo's, ``producer`` sends;
- ``transport`` reads them from Kafka, chunk by chunk (``chunk``), for the ``worker`` that ``app`` wires; they wait in
  ``owned`` until they are enough or a flush begins;
- ``partition`` counts one partition: ``segments`` cut its log, ``decode`` makes events of records, ``duplicates``
  marks repeated ones, ``extract`` and ``tokens`` find hashtags, emojis and accounts, ``match`` finds campaigns (by
  ``token_table`` and, with ``phrases``, ``keywords``), ``sentiment`` judges for them, ``columns`` and ``count`` add
  up, ``count_campaigns`` what only campaigns want to know (``labels``), and ``count_reactions`` what is credited to the
  posts acted on (``reactions``, ``places``), ``sample`` what one author in eight writes;
- ``dead_letters`` forward what was refused; ``sink`` writes the rest to ClickHouse;
- ``compact`` sums up what is counted for good and ``retire`` deletes its rows, in the worker's ``compactor``;
- ``top``, ``goals`` (with ``measures`` and ``projection``), ``traction``, ``query``, ``doctor`` and ``cli`` read it for
  people.

Beside them: ``settings``, ``errors``, ``metrics``, ``topics``, ``migrate``, ``pinned``, ``campaigns``, ``clickhouse``.
Imports point one way along that walk; ``pyproject.toml`` holds the rule.
"""

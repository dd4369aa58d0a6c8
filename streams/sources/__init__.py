"""What others write, as events: pure converters per format, and the files that lines come from.

A format turns one line into an event, or says why there is none; it knows no file and no Kafka. ``formats`` declares
them once. ``files`` and ``tables`` read JSONL, CSV and Parquet, packed or not, as such lines.
"""

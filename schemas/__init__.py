"""What crosses a process boundary: events, topics, campaign files, ClickHouse tables. No I/O, no Kafka, no clock."""

"""Fixtures of the embedded stack."""

from tests.deploy.clickhouse_fixtures import clickhouse_server, clickhouse_table

__all__ = ["clickhouse_server", "clickhouse_table"]

"""The log of the command line."""

import io
import sys

import pytest
import structlog

from streams import cli


def test_log_goes_to_standard_error_as_it_is_when_a_line_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["groundswell", "--help"])
    before, now = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stderr", before)
    with pytest.raises(SystemExit):
        cli.main()
    before.close()
    monkeypatch.setattr(sys, "stderr", now)
    structlog.get_logger().warning("said later")
    assert "said later" in now.getvalue()

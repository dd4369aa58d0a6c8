"""What starts often starts light: commands and the live page load nothing that counts."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("module", ["streams.cli", "dashboards.page.server"])
def test_commands_and_the_live_page_load_neither_polars_nor_arrow(module: str) -> None:
    loads = f"import sys, {module}; sys.exit(' '.join({{'polars', 'pyarrow', 'pandas', 'faust'}} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", loads], capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr.strip() == ""

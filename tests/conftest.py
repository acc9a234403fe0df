"""Fixtures that every test file shares."""

from pathlib import Path

import pytest

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def data() -> Path:
    """Return the folder of real pictures and videos that lies beside the project, or skip."""
    if not DATA.is_dir():
        pytest.skip("the folder of real test data, ../shared/data, is not here")
    return DATA

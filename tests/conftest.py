"""Fixtures that every test file shares."""

import ctypes
from collections.abc import Iterator
from pathlib import Path

import av
import pytest

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def data() -> Path:
    """Return the folder of real pictures and videos that lies beside the project, or skip."""
    if not DATA.is_dir():
        pytest.skip("the folder of real test data, ../shared/data, is not here")
    return DATA


@pytest.fixture
def in_c() -> Iterator[None]:
    """Make FFmpeg use its C functions; its assembly of SSIM is wrong on some widths."""
    found = list((Path(av.__file__).parents[1] / "av.libs").glob("libavutil*.so*"))
    if not found:
        pytest.skip("FFmpeg's libavutil, which switches its assembly off, is not where Linux wheels have it")
    library = ctypes.CDLL(str(found[0]))
    library.av_force_cpu_flags(0)
    yield
    library.av_force_cpu_flags(-1)

"""What works on this machine, and what to install for the rest: facts as rows, nothing is printed.

Every question is asked behind a guard: a package that is absent or broken is a row, never an error.
"""

from __future__ import annotations

import ctypes
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib import import_module, metadata
from pathlib import Path
from typing import Any, Literal, NamedTuple

from rtdiff import __version__
from rtdiff.errors import EngineError, MissingExtra, redact

State = Literal["ok", "warn", "missing"]

CORE = frozenset({"opencv", "engine numpy"})
"""Rows without which not even two pictures can be compared."""
OPENCV_WHEELS = (
    "opencv-python",
    "opencv-python-headless",
    "opencv-contrib-python",
    "opencv-contrib-python-headless",
)
DECODERS = {
    "h264": ("h264",),
    "hevc": ("hevc",),
    "av1": ("libdav1d", "libaom-av1"),  # FFmpeg's own av1 is a shell around a GPU's decoder
    "vp9": ("vp9", "libvpx-vp9"),
    "mjpeg": ("mjpeg",),
    "prores": ("prores",),
}
WHEELS = {"cuda12": "cupy-cuda12x", "cuda13": "cupy-cuda13x"}
CUDA13_DRIVER = 580  # NVIDIA, CUDA 13 release notes: minor-version compatibility needs driver 580 or later
_SLIM = "pip install opencv-contrib-python; on a slim image also apt-get install libgl1 libglib2.0-0 libxcb1"
_PYAV = "pip install av (videos and streams need it, pictures do not)"


class Row(NamedTuple):
    """One fact about this machine."""

    name: str
    """What was looked at."""
    state: State
    """``ok``; ``warn``: works, but not as it should; ``missing``: is not here."""
    value: str
    """What was found, one line."""
    remedy: str = ""
    """What to do about it, one line; empty where nothing is to be done."""


def survey() -> list[Row]:
    """Return all rows, in the order in which they are to be read."""
    python = f"{platform.python_implementation()} {platform.python_version()}, {platform.machine()}"
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    driver = gpu()
    return [
        Row("python", "ok", python),
        Row("system", "ok", f"{platform.system()} {platform.release()}, {cores} cores"),
        Row("rtdiff", "ok", __version__),
        *opencv(),
        *engines(),
        driver,
        *extras(driver),
        *pyav(),
        display(),
    ]


def core_works(rows: list[Row]) -> bool:
    """Return whether two pictures can be compared on a machine of these rows."""
    return not any(row.name in CORE and row.state == "missing" for row in rows)


def engines() -> list[Row]:
    """Return a row per engine, and one for where Numba keeps what it compiled."""
    from rtdiff.engines import ENGINES, engine_class

    facts: dict[str, Callable[[], str]] = {"cupy": _cupy_facts}
    rows = []
    for row in ENGINES:
        name = f"engine {row.name}"
        try:
            engine_class(row.name)
            rows.append(Row(name, "ok", facts[row.name]() if row.name in facts else version_of(row.needs)))
        except (MissingExtra, EngineError) as error:
            what, _, remedy = redact(error).partition("; ")
            rows.append(Row(name, "missing", what.removeprefix(f"engine '{row.name}': "), remedy))
        except Exception as error:
            rows.append(Row(name, "missing", _told(error), f"reinstall {row.needs}: {row.remedy}"))
    if any(row.name == "engine numba" and row.state == "ok" for row in rows):
        rows.append(numba_cache())
    return rows


def numba_cache() -> Row:
    """Return whether compiled kernels are kept, where, and whether they are there already."""
    from rtdiff.engines import compiled
    from rtdiff.engines.numba_kernels import band

    folder = getattr(getattr(band, "stats", None), "cache_path", None)
    remedy = "set NUMBA_CACHE_DIR to a folder that can be written, or every start compiles for seconds"
    if not folder:
        return Row("numba cache", "warn", "no folder that can be written", remedy)
    if compiled():
        writable = "" if _writable(Path(folder)) else ", read-only"
        return Row("numba cache", "ok", f"kernels are compiled, in {folder}{writable}")
    if not _writable(Path(folder)):
        return Row("numba cache", "warn", f"empty and cannot be written: {folder}", remedy)
    return Row("numba cache", "warn", f"empty: {folder}", "rtdiff doctor --warm, or the first run compiles")


def gpu() -> Row:
    """Return NVIDIA's driver and devices, as ``nvidia-smi`` tells them; none is no fault."""
    ask = ["nvidia-smi", "--query-gpu=driver_version,name,memory.total", "--format=csv,noheader"]
    none = "only for --engine cupy: an NVIDIA GPU and its driver"
    try:
        done = subprocess.run(ask, capture_output=True, text=True, errors="replace", timeout=20, check=False)
    except FileNotFoundError:
        return Row("gpu", "missing", "no nvidia-smi, so no NVIDIA driver", none)
    except (OSError, subprocess.TimeoutExpired) as error:
        return Row("gpu", "warn", f"nvidia-smi: {_told(error)}", "restart the machine or its driver")
    lines = [line.strip() for line in done.stdout.splitlines() if line.strip()]
    if done.returncode or not lines:
        text = " ".join((done.stdout + done.stderr).split()) or f"exit code {done.returncode}"
        return Row("gpu", "missing", f"nvidia-smi: {redact(text)}", none)
    return Row("gpu", "ok", "driver " + "; ".join(lines))


def extras(driver: Row) -> list[Row]:
    """Return rows for the GPU extras; `driver` is what `gpu` found."""
    words = driver.value.removeprefix("driver ").split(".")
    major = int(words[0]) if driver.state == "ok" and words[0].isdigit() else None
    installed = [name for name in WHEELS if version_of(WHEELS[name])]
    rows = []
    for name, fits in (("cuda12", "driver 525 to 579"), ("cuda13", "driver 580 or later")):
        command = f"pip install 'rtdiff[{name}]'"
        if len(installed) > 1:
            both = " ".join(WHEELS[name] for name in installed)
            rows.append(Row(f"extra {name}", "warn", "both are installed", f"pip uninstall {both}; then one"))
        elif name in installed:
            rows.append(Row(f"extra {name}", "ok", f"{WHEELS[name]} {version_of(WHEELS[name])}"))
        elif not installed and (major is None or (major >= CUDA13_DRIVER) == (name == "cuda13")):
            rows.append(Row(f"extra {name}", "missing", f"not installed ({fits})", command))
    return rows


def pyav() -> list[Row]:
    """Return rows for PyAV, its FFmpeg, the decoders that people's files need, and the H.264 encoder."""
    try:
        av = import_module("av")
        codec = import_module("av.codec").Codec
        ffmpeg = getattr(av, "ffmpeg_version_info", "of an unknown version")
        rows = [Row("pyav", "ok", f"{av.__version__}, FFmpeg {ffmpeg}")]
    except Exception as error:
        return [Row("pyav", "missing", _told(error), _PYAV)]
    for name, implementations in DECODERS.items():
        found = [one for one in implementations if _has_codec(codec, one, "r")]
        rows.append(_codec_row(f"decoder {name}", found, implementations))
    found = [one for one in ("libx264",) if _has_codec(codec, one, "w")]
    return [*rows, _codec_row("encoder h264", found, ("libx264",))]


def opencv() -> list[Row]:
    """Return whether OpenCV can be imported, and whether its wheels stand in each other's way."""
    wheels = [f"{name} {version_of(name)}" for name in OPENCV_WHEELS if version_of(name)]
    try:
        rows = [Row("opencv", "ok", str(import_module("cv2").__version__))]
    except Exception as error:
        rows = [Row("opencv", "missing", _told(error), _SLIM)]
    if len(wheels) > 1:
        names = " ".join(wheel.split()[0] for wheel in wheels)
        remedy = f"pip uninstall {names}; pip install opencv-contrib-python"
        rows.append(Row("opencv wheels", "warn", f"{', '.join(wheels)}: one overwrites the other", remedy))
    else:
        rows.append(Row("opencv wheels", "ok", wheels[0] if wheels else "none; not installed by pip"))
    return rows


def display() -> Row:
    """Return whether a window could be opened; asks libxcb, since OpenCV would abort the process."""
    if sys.platform in ("win32", "darwin"):
        return Row("display", "ok", "yes")
    name = os.environ.get("DISPLAY", "")
    remedy = "only for --window: run on a desktop, with ssh -X, or under xvfb-run"
    if not name:
        return Row("display", "missing", "DISPLAY is not set", remedy)
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return Row("display", "missing", "no libxcb.so.1", "apt-get install libxcb1")
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connect.argtypes = [ctypes.c_char_p, ctypes.c_void_p]
    for function in (xcb.xcb_connection_has_error, xcb.xcb_disconnect):
        function.argtypes = [ctypes.c_void_p]
    connection = xcb.xcb_connect(None, None)
    failed = xcb.xcb_connection_has_error(connection)
    xcb.xcb_disconnect(connection)
    if failed:
        return Row("display", "missing", f"{name} does not answer (xcb error {failed})", remedy)
    return Row("display", "ok", name)


def _cupy_facts() -> str:
    cupy = import_module("cupy")
    runtime = cupy.cuda.runtime
    names = [runtime.getDeviceProperties(one)["name"].decode() for one in range(runtime.getDeviceCount())]
    return f"{cupy.__version__}, CUDA driver {runtime.driverGetVersion()}, {', '.join(names)}"


def version_of(name: str) -> str:
    """Return the version of an installed package, nothing where it is not."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _codec_row(name: str, found: list[str], wanted: tuple[str, ...]) -> Row:
    if found:
        return Row(name, "ok", found[0])
    remedy = "pip install --force-reinstall --only-binary av av (the wheel has it)"
    return Row(name, "missing", f"this FFmpeg has no {' or '.join(wanted)}", remedy)


def _has_codec(codec: Any, name: str, mode: str) -> bool:
    try:
        codec(name, mode)
    except Exception:  # PyAV's UnknownCodecError; a stripped build raises others
        return False
    return True


def _writable(folder: Path) -> bool:
    """Return whether a file can be made in `folder`, or in the nearest folder above it that exists."""
    there = next((one for one in (folder, *folder.parents) if one.is_dir()), None)
    try:
        with tempfile.TemporaryFile(dir=there):
            return there is not None
    except OSError:
        return False


def _told(error: BaseException) -> str:
    return redact(error) or type(error).__name__

"""The CuPy engine: the oracle's own text on the GPU."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import cupy
import numpy as np
from numpy.typing import NDArray

from rtdiff.engines.engine import Engine
from rtdiff.errors import EngineError
from rtdiff.records import Frame, Prepared

_REMEDY = "use --engine numba, or run where nvidia-smi lists a GPU"


@dataclass(slots=True)
class CupyEngine(Engine):
    """NumPy's operations on a CUDA device."""

    name = "cupy"
    xp: ClassVar[Any] = cupy
    band = 1 << 20  # rows at a time: all of them, a device has no small cache to stay in

    @classmethod
    def probe(cls) -> None:
        """Run a kernel on the device.

        Raises
        ------
        EngineError
            No device, no driver, or the kernel did not run.
        """
        try:
            if cupy.cuda.runtime.getDeviceCount() < 1:
                raise EngineError(f"engine 'cupy': no CUDA device is visible; {_REMEDY}")
            kernel = cupy.RawKernel('extern "C" __global__ void probe(int* x) { *x = 42; }', "probe")
            answer = cupy.zeros(1, dtype=cupy.int32)
            kernel((1,), (1,), (answer,))
            if int(answer[0]) != 42:
                raise EngineError(f"engine 'cupy': the probe kernel gave a wrong answer; {_REMEDY}")
        except EngineError:
            raise
        except Exception as error:  # CUDA's errors have many types: driver, NVRTC, runtime
            text = " ".join(str(error).split())
            raise EngineError(f"engine 'cupy': {text}; {_REMEDY}") from error

    def prepare(self, frame: Frame) -> Prepared:
        """Return the planes on the device."""
        return Prepared(frame, tuple(cupy.asarray(np.ascontiguousarray(p)) for p in frame.planes))

    def host(self, array: Any) -> NDArray[Any]:
        """Return a device array on the host."""
        return np.asarray(cupy.asnumpy(array))

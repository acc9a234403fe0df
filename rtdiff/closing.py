"""What writes and is closed: the first error is the one to be told."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self

from rtdiff.errors import SinkError


class Closing(ABC):
    """Something that writes, and is used in ``with``."""

    @abstractmethod
    def close(self) -> None:
        """Finish what was begun, so that it can be used; idempotent."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.close()
        except SinkError as second:
            if error is None:
                raise
            error.add_note(str(second))  # the first error is the one to be told

"""Ids that are unique for ever and sort by time (ULID: 48 bits of milliseconds, 80 of chance)."""

from __future__ import annotations

import secrets
import threading

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O, U
LENGTH = 26
CHANCE_BITS = 80
LATEST_MS = (1 << 48) - 1  # in the year 10889


class IdMaker:
    """Makes ids; every next one of the same maker is greater, also when the clock goes back."""

    def __init__(self) -> None:
        self._last = -1
        self._lock = threading.Lock()

    def make(self, time_ms: int) -> str:
        """Return the next id, 26 letters and digits.

        Parameters
        ----------
        time_ms : int
            Wall clock, milliseconds since 1970, UTC.

        Raises
        ------
        ValueError
            When `time_ms` is negative or after the year 10889.
        """
        if not 0 <= time_ms <= LATEST_MS:
            raise ValueError(f"time_ms must be 0..{LATEST_MS}, not {time_ms}")
        value = time_ms << CHANCE_BITS | secrets.randbits(CHANCE_BITS)
        with self._lock:
            if value >> CHANCE_BITS <= self._last >> CHANCE_BITS:
                value = self._last + 1
            self._last = value
        return "".join(ALPHABET[value >> 5 * place & 31] for place in reversed(range(LENGTH)))


def time_ms_of(event_id: str) -> int:
    """Return the milliseconds since 1970 that `event_id` begins with.

    Raises
    ------
    ValueError
        When it is not one of our ids.
    """
    if len(event_id) != LENGTH or event_id[0] > "7" or any(c not in ALPHABET for c in event_id):
        raise ValueError(f"not an id: {event_id!r}")
    value = 0
    for letter in event_id:
        value = value << 5 | ALPHABET.index(letter)
    return value >> CHANCE_BITS

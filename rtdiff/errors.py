"""Errors that a user can act on.

::

    RtdiffError                 anything rtdiff refuses; the message is one line
    |-- SettingsError           an option, a key or a value (also ValueError)
    |-- SourceError             an input that cannot be read (also OSError)
    |-- EngineError             an engine that was asked for and cannot run (also RuntimeError)
    |-- MissingExtra            a feature whose package is not installed (also ImportError)
    `-- SinkError               an output that cannot be written (also OSError)

Every message reads ``SUBJECT: what is wrong; what to do``. The command line prints it after
``rtdiff:`` and exits with 2.
"""

import re


class RtdiffError(Exception):
    """Base of all errors raised on purpose."""


class SettingsError(RtdiffError, ValueError):
    """An option, a key or a value that rtdiff does not accept."""


class SourceError(RtdiffError, OSError):
    """An input that cannot be opened or read."""


class EngineError(RtdiffError, RuntimeError):
    """An engine that was asked for by name and cannot run here."""


class MissingExtra(RtdiffError, ImportError):
    """A feature whose optional package is not installed."""


class SinkError(RtdiffError, OSError):
    """An output that cannot be written."""


_CREDENTIALS = re.compile(r"(?<=://)[^/\s]*@")  # up to the last @: a password may hold one


def redact(text: object) -> str:
    """Return `text` without the ``user:password@`` of any URL in it, on one line.

    Parameters
    ----------
    text : object
        Whatever is about to be shown, logged or raised; PyAV's messages hold the whole URL.
    """
    return _CREDENTIALS.sub("***@", " ".join(str(text).split()))

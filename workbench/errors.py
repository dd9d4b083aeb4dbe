"""The few exceptions a caller may meet; each message is one sentence a person can act on.

A message names the file, the place, what was found, what was expected and what to do. Callers' programming
mistakes stay `ValueError` and `TypeError`; these classes are for bad data and missing parts.
"""


class WorkbenchError(Exception):
    """Bad data, a missing part or an impossible request, told in one sentence."""


class CaseError(WorkbenchError):
    """The case folder is missing, has an unusable name, or lacks what the command needs."""


class InputError(WorkbenchError):
    """A client file could not be used: says which file, where in it, and what to do."""


class MissingPartError(WorkbenchError):
    """An optional part (model, package, browser) is not installed: names what to install."""


class CancelledError(WorkbenchError):
    """The person running a job cancelled it; what was finished before is kept."""

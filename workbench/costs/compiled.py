"""Loops over every row of a log, compiled by numba: the one place where its untyped decorator meets typed code.

A module with compiled functions imports numba when it is loaded, half a second; whoever needs one imports it inside a function.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar, cast

from numba import njit

# numba tells every step of a compilation at the level of debugging, tens of thousands of lines.
logging.getLogger("numba").setLevel(logging.WARNING)

Function = TypeVar("Function", bound=Callable[..., object])


def compiled(function: Function) -> Function:
    """The function as machine code, compiled at its first call and kept for the next process.

    numba keeps it beside the module, or in the user's cache folder where the installation is read-only; a machine that lets it
    write to neither compiles anew in each process. It looks at the time of change of the function's own file alone, so what a
    compiled function calls stands in the same file.
    """
    try:
        return cast(Function, njit(cache=True, nogil=True)(function))
    except RuntimeError:  # no folder it may write to
        return cast(Function, njit(nogil=True)(function))

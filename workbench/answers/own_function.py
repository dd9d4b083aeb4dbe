"""A metric of the client's own out of a Python file that somebody names on the command line.

It runs that file: a file is never taken from a case.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping
from pathlib import Path

from workbench.answers.own_metrics import Own, one_line
from workbench.errors import InputError


def own_function(named: str) -> Mapping[str, Own]:
    """The function behind "FILE.py:FUNCTION", by its name.

    Raises:
        InputError: no such file or function, or the file stops with an error.
    """
    file, _, name = named.rpartition(":")
    path = Path(file)
    if path.suffix != ".py" or not name.isidentifier():
        raise InputError(f"--own {named}: expected FILE.py:FUNCTION, like checks.py:has_number")
    if not path.is_file():
        raise InputError(f"--own {named}: no such file; check the path")
    spec = importlib.util.spec_from_file_location(f"own_metrics_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise InputError(f"--own {named}: cannot be loaded as Python")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # data classes and pickled values look their module up by name
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[spec.name]
        said = one_line(error, 120)
        why = f"{type(error).__name__} ({said})" if said else type(error).__name__
        raise InputError(f"--own {named}: the file stops with {why}") from error
    function = getattr(module, name, None)
    if not callable(function):
        raise InputError(f"--own {named}: the file has no function '{name}'")
    return {name: function}

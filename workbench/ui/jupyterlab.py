"""`workbench lab`: the same notebooks in JupyterLab, for whoever wants to go on from what a page shows.

It starts Jupyter's own server with its own token, and asks it not to look for news or updates on the network.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from workbench.ui.server import prepare_environment, prepend_path
from workbench.ui.steps import notebooks_dir

CONFIGURATION = Path(__file__).resolve().parent / "etc" / "jupyter"
"""Settings for JupyterLab's page: its announcements, which would ask other hosts, are off."""


def open_lab(workspaces: Sequence[Path], *, port: int, open_browser: bool) -> int:
    """Run JupyterLab on the notebooks until it is stopped; returns its exit code.

    Raises:
        MissingPartError: the notebooks are not installed.
    """
    prepare_environment(workspaces)
    prepend_path("JUPYTER_CONFIG_PATH", CONFIGURATION)
    command = [sys.executable, "-m", "jupyterlab", str(notebooks_dir()), f"--port={port}"]
    if not open_browser:
        command.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")  # in a container there is often no other user
    return subprocess.run(command, check=False).returncode

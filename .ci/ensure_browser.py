"""Makes sure the browser tests have a Chromium: one that is there, else Debian's, else Playwright's own, else a failure.

It installs for tests alone; the workbench itself uses whatever browser its user has.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from workbench.errors import MissingPartError
from workbench.ui.browser import find_chromium


def main() -> int:
    """Find or install a browser; 1 with instructions when neither works."""
    for install in (None, _debian, _playwright):
        if install is not None and not install():
            continue
        try:
            sys.stdout.write(f"browser for the tests: {find_chromium()}\n")
        except MissingPartError:
            continue
        return 0
    sys.stderr.write(
        "no Chromium for the browser tests: install one (Debian: apt-get install chromium) or set WORKBENCH_CHROMIUM\n"
    )
    return 1


def _debian() -> bool:
    if os.name != "posix" or os.geteuid() != 0 or shutil.which("apt-get") is None:
        return False
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium", "fonts-dejavu-core"]
    steps = (["apt-get", "update", "-qq"], install)
    return all(subprocess.run(step, env=environment, check=False).returncode == 0 for step in steps)


def _playwright() -> bool:
    return subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main())

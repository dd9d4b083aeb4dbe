"""Compiled loops run from an installation that nobody can write to, and warn of nothing."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import workbench

PROGRAM = """
import numpy as np
from workbench.costs.replay_loop import shared_evidence
print(shared_evidence(np.array([[1, 2], [2, 3]], np.int32), np.array([1], np.int32), np.array([0], np.int32)))
"""


def run_with(tmp_path, home):
    """The program in a process of its own, with a package whose folder cannot take a cache."""
    package = tmp_path / "site" / "workbench"
    source = Path(workbench.__file__).parent
    shutil.copytree(source / "costs", package / "costs", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(source / "records", package / "records", ignore=shutil.ignore_patterns("__pycache__"))
    (package / "__init__.py").write_text("", encoding="utf-8")
    # A file where a folder would be made stops everyone from writing there, the superuser too.
    (package / "costs" / "__pycache__").write_text("", encoding="utf-8")
    variables = {name: value for name, value in os.environ.items() if not name.startswith("NUMBA_")}
    variables |= {"PYTHONPATH": str(tmp_path / "site"), "HOME": str(home), "XDG_CACHE_HOME": str(home)}
    return subprocess.run(
        [sys.executable, "-P", "-B", "-W", "error", "-c", PROGRAM],
        env=variables, cwd=tmp_path, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def test_a_read_only_installation_keeps_its_compiled_loops_in_the_users_cache_folder(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    done = run_with(tmp_path, home)
    assert (done.returncode, done.stdout.strip()) == (0, "[0.33333333]"), done.stderr
    assert list(home.rglob("*.nbi"))


def test_where_nothing_can_be_written_at_all_the_loops_are_compiled_anew(tmp_path):
    home = tmp_path / "home"
    home.write_text("", encoding="utf-8")
    done = run_with(tmp_path, home)
    assert (done.returncode, done.stdout.strip()) == (0, "[0.33333333]"), done.stderr

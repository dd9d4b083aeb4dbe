"""`workbench serve` and `workbench lab`: the notebooks as pages, and in JupyterLab; the servers themselves stand elsewhere."""

from __future__ import annotations

import argparse
from pathlib import Path

from workbench.cli.command import DEFAULT_WORKSPACE, Command


def _add_serve_arguments(parser: argparse.ArgumentParser) -> None:
    _add_server(parser, port=8866)
    parser.add_argument("--token", help="access token (default: a new one at each start)")


def _add_lab_arguments(parser: argparse.ArgumentParser) -> None:
    _add_server(parser, port=8888)


def _add_server(parser: argparse.ArgumentParser, *, port: int) -> None:
    parser.add_argument(
        "--workspace", type=Path, default=DEFAULT_WORKSPACE, help="folder of cases (default: %(default)s)"
    )
    parser.add_argument(
        "--also", type=Path, action="append", default=[], help="further folder of cases, may be repeated"
    )
    parser.add_argument("--port", type=int, default=port, help="default: %(default)s")
    parser.add_argument("--no-browser", action="store_true", help="print the address, open nothing")


def _serve(arguments: argparse.Namespace) -> int:
    from workbench import compute, session
    from workbench.ui.server import serve

    folders = _workspaces(arguments)
    with compute.local_scheduler(session.warm_up):
        return serve(folders, port=arguments.port, open_browser=not arguments.no_browser, token=arguments.token)


def _lab(arguments: argparse.Namespace) -> int:
    from workbench import compute, session
    from workbench.ui.jupyterlab import open_lab

    folders = _workspaces(arguments)
    with compute.local_scheduler(session.warm_up):
        return open_lab(folders, port=arguments.port, open_browser=not arguments.no_browser)


def _workspaces(arguments: argparse.Namespace) -> list[Path]:
    arguments.workspace.mkdir(parents=True, exist_ok=True)
    return [arguments.workspace.resolve(), *(folder.resolve() for folder in arguments.also)]


SERVE = Command("serve", "the notebooks as pages in the browser", _add_serve_arguments, _serve)
LAB = Command("lab", "the notebooks in JupyterLab", _add_lab_arguments, _lab)

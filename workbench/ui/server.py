"""`workbench serve`: Voila with our template, our addresses, a token, and nothing a client did not agree to.

Pages are notebooks with a kernel each; client folders are never below what the server serves as files.
"""

from __future__ import annotations

import logging
import os
import re
import secrets
import sys
import tempfile
import threading
import webbrowser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jupyter_core.paths import jupyter_path
from nbformat import NotebookNode
from tornado import web
from traitlets.config import Config
from voila.app import Voila
from voila.tornado.contentshandler import VoilaContentsHandler
from voila.tornado.treehandler import TornadoVoilaTreeHandler
from voila.utils import create_include_assets_functions

from workbench.ui.assets import assets
from workbench.ui.handlers import (
    AssetHandler,
    HealthHandler,
    LoginHandler,
    NothingHandler,
    PageHandler,
    SourceHandler,
    StartHandler,
    StateHandler,
    without_token,
)
from workbench.ui.navigation import CASES_VARIABLE, frame, workspaces_from
from workbench.ui.steps import notebooks_dir
from workbench.ui.uploads import UploadHandler

TEMPLATE = "workbench"
IDLE_SECONDS = 180
"""A kernel whose page is gone is ended after this; one with a page stays. Each holds a quarter of a gigabyte."""
CULL_SECONDS = 30
PING_MILLISECONDS = 30_000
# What draws widgets; every further extension would be asked for by every page.
EXTENSIONS = ["@voila-dashboards/widgets-manager8", "@jupyter-widgets/jupyterlab-manager", "anywidget"]
# Widget code runs from blobs; everything else, and every connection, stays on this server.
PAGE_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' blob: data:; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
)

log = logging.getLogger(__name__)


class WorkbenchVoila(Voila):  # type: ignore[misc]
    """The server. `workspaces` and `show_browser` are set by `serve` before it starts."""

    name = "voila"  # Voila looks itself up in the settings under this name
    workspaces: tuple[Path, ...] = ()
    show_browser: bool = False

    @property
    def data_dir(self) -> str:
        """Voila's own data: our template folder comes first on the path, but themes and schemas are not in it."""
        folders = (Path(folder) for folder in jupyter_path("voila"))
        return str(next(folder for folder in folders if (folder / "themes").is_dir()))

    def init_settings(self) -> dict[str, Any]:
        """Voila's settings, with local hosts only, our sign-in form, and logs without tokens."""
        settings: dict[str, Any] = super().init_settings()
        self.identity_provider.login_handler_class = LoginHandler
        settings |= {
            "allow_remote_access": False,
            "log_function": _log_request,
            "ws_ping_timeout": PING_MILLISECONDS,
            "workbench_include": create_include_assets_functions(TEMPLATE, self.base_url),
            "default_handler_class": NothingHandler,
            "default_handler_args": self._handler_settings(),
            "headers": {"Content-Security-Policy": PAGE_POLICY, "Referrer-Policy": "same-origin"},
        }
        return settings

    def init_handlers(self) -> list[Any]:
        """Our addresses first; Voila's listings of the notebooks folder are left out."""
        ours = self._handler_settings()
        page = {
            "template_paths": self.template_paths,
            "config": self.config,
            "voila_configuration": self.voila_configuration,
        }
        listings = (TornadoVoilaTreeHandler, VoilaContentsHandler)
        return [
            (r"/", StartHandler, ours),
            (r"/workbench/health", HealthHandler, ours),
            (r"/workbench/state", StateHandler, ours),
            (r"/workbench/source", SourceHandler, ours),
            (r"/workbench/upload", UploadHandler, ours),
            (rf"/workbench/assets/({'|'.join(map(re.escape, assets()))})", AssetHandler),
            (r"/voila/render/(.*)", PageHandler, page),
            (r"/voila/templates/(?![^/]+/static/).*", NothingHandler, ours),  # Voila fails on these
            *(handler for handler in super().init_handlers() if handler[1] not in listings),
        ]

    def launch_browser(self) -> None:
        """Say where the server is, and open the browser where that was asked for; runs once the port is known."""
        address = f"http://{self.ip}:{self.port}/?token={self.token}"
        sys.stdout.write(f"The workbench is at\n{address}\nStop it with Ctrl+C.\n")
        sys.stdout.flush()
        if self.show_browser:
            threading.Thread(target=_open_browser, args=(address,), daemon=True).start()

    def _handler_settings(self) -> dict[str, Any]:
        return {"workspaces": self.workspaces, "voila_configuration": self.voila_configuration}


def serve(workspaces: Sequence[Path], *, port: int, open_browser: bool, token: str | None) -> int:
    """Serve the notebooks on this machine until stopped; returns the exit code.

    Args:
        workspaces: folders whose cases can be opened; a new case goes into the first.
        port: the port asked for; another near it is taken when it is in use.
        open_browser: whether to open the start page.
        token: what a browser must present; None makes a new one.

    Raises:
        MissingPartError: the notebooks are not installed.
    """
    folder = notebooks_dir()
    prepare_environment(workspaces)
    secret = token or secrets.token_urlsafe(24)
    hide_in_logs(secret)
    app = WorkbenchVoila.instance(config=configuration(port, secret))
    app.workspaces = tuple(Path(workspace).resolve() for workspace in workspaces)
    app.show_browser = open_browser
    app.initialize([str(folder)])
    app.start()
    return 0


def prepare_environment(workspaces: Sequence[Path]) -> None:
    """Set what the kernels inherit: the workspaces, our template, and where this package is."""
    package = Path(__file__).resolve().parents[1]
    os.environ[CASES_VARIABLE] = os.pathsep.join(str(Path(folder).resolve()) for folder in workspaces)
    prepend_path("JUPYTER_PATH", package / "ui" / "share" / "jupyter")
    prepend_path("PYTHONPATH", package.parent)


def configuration(port: int, token: str) -> Config:
    """Everything fixed about the server: nothing of it can be changed by an address or a file in the current folder."""
    return Config(
        {
            "Voila": {
                "ip": "127.0.0.1",
                "port": port,
                "token": token,
                "open_browser": True,  # ours only says the address, unless asked to open it
                "config_file_paths": [],
                "log_level": logging.ERROR,  # its warnings are about notebooks being notebooks
            },
            "VoilaConfiguration": {
                "template": TEMPLATE,
                "theme": "light",
                "allow_template_override": "NO",
                "allow_theme_override": "NO",
                "extension_allowlist": EXTENSIONS,
                "file_allowlist": [],
                "prelaunch_hook": before_page,
                "show_tracebacks": False,
            },
            "VoilaExecutor": {
                "cell_error_instruction": "This page could not be built; the server's log has the details."
            },
            # Sockets of this user instead of local ports, where the system has them: no other account can listen.
            "KernelManager": {"transport": "ipc" if os.name == "posix" else "tcp"},
            "MappingKernelManager": {"cull_idle_timeout": IDLE_SECONDS, "cull_interval": CULL_SECONDS},
        }
    )


def before_page(handler: web.RequestHandler, notebook: NotebookNode, cwd: str) -> None:
    """Before a page's kernel starts: set the cookie its shutdown request will need, and give the template its top bar.

    Returns nothing on purpose: Voila would take a value for another notebook.
    """
    _ = handler.xsrf_token
    name = handler.request.path.rsplit("/", 1)[-1]
    workspaces = workspaces_from(os.environ[CASES_VARIABLE])
    notebook.metadata["workbench"] = frame(name, handler.get_argument("case", ""), workspaces)
    notebook.metadata["title"] = f"{notebook.metadata['workbench']['title']} - Workbench"


def hide_in_logs(secret: str) -> None:
    """From now on no log record of this process holds the secret: tornado writes whole addresses where a request fails."""
    make = logging.getLogRecordFactory()

    def masked(*args: Any, **kwargs: Any) -> logging.LogRecord:  # noqa: ANN401 - whatever logging passes
        record = make(*args, **kwargs)
        if secret in str(record.msg) or secret in repr(record.args):
            record.msg, record.args = record.getMessage().replace(secret, "[token]"), ()
        return record

    logging.setLogRecordFactory(masked)


def _log_request(handler: web.RequestHandler) -> None:
    status = handler.get_status()
    level = logging.ERROR if status >= 500 else logging.WARNING if status >= 400 else logging.DEBUG
    log.log(level, "%d %s %s", status, handler.request.method, without_token(handler.request.uri or ""))


def prepend_path(variable: str, folder: Path) -> None:
    """Put a folder first in a search path of the environment."""
    before = os.environ.get(variable)
    os.environ[variable] = os.pathsep.join([str(folder), *([before] if before else [])])


def _open_browser(address: str) -> None:
    # Through a file only its owner can read: an address on a command line is seen by everyone on the machine.
    descriptor, name = tempfile.mkstemp(suffix=".html", prefix="workbench-")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(f'<!DOCTYPE html><meta http-equiv="refresh" content="0;url={address}">')
    webbrowser.open(Path(name).as_uri())

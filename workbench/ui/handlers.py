"""The addresses the workbench adds to Voila: start, health, step states, the plotly code, the source viewer.

Every one that shows anything of a client asks for the token first. Answers are rendered through the templates, which escape.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from jupyter_server.auth.decorator import allow_unauthenticated
from tornado import web
from voila.handler import BaseVoilaHandler
from voila.tornado.handler import TornadoVoilaHandler
from voila.voila_identity_provider import VoilaLoginHandler

from workbench import __version__
from workbench.case import Case
from workbench.errors import WorkbenchError
from workbench.ui.assets import PLOTLY_ASSET, assets
from workbench.ui.navigation import find_case, readable_cases, step_states
from workbench.ui.source_view import Excerpt, excerpt
from workbench.ui.steps import step_href

VIEWER_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The viewer shows files of unknown origin: no script but our own two files, no request to anywhere else."""
PLOTLY_WIDGET = assets()[PLOTLY_ASSET]
MONTH = 30 * 24 * 3600

log = logging.getLogger(__name__)


def without_token(address: str) -> str:
    """An address without its token, for logs and redirects.

    >>> without_token("/?token=abc&case=acme")
    '/?case=acme'
    """
    parts = urlsplit(address)
    kept = [(key, value) for key, value in parse_qsl(parts.query, keep_blank_values=True) if key != "token"]
    return parts._replace(query=urlencode(kept)).geturl()


class WorkbenchHandler(BaseVoilaHandler):  # type: ignore[misc]
    """What our own addresses share: the workspaces, one way to say that there is nothing here."""

    def initialize(self, workspaces: Sequence[Path], **settings: Any) -> None:  # noqa: ANN401 - Voila's own settings
        """Take the workspaces; the rest is Voila's."""
        super().initialize(**settings)
        self.workspaces = tuple(workspaces)

    def asked_case(self) -> Case:
        """The case named in the address, looked up among those that exist."""
        return find_case(readable_cases(self.workspaces)[0], self.get_argument("case", ""))

    def finish_page(self, template: str, **values: object) -> None:
        """Send a page under the strict policy."""
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Content-Security-Policy", VIEWER_POLICY)
        self.set_header("Cache-Control", "no-store")
        self.finish(self.render_template(template, base_url=self.base_url, **values))


class StartHandler(WorkbenchHandler):
    """`/`: signs in by the token in the address and goes on to the start page without it."""

    @web.authenticated
    def get(self) -> None:
        """Redirect to the start page."""
        self.redirect(step_href("start", self.get_argument("case", "") or None))


class PageHandler(TornadoVoilaHandler):  # type: ignore[misc]
    """A notebook page; a token in its address is taken out before a kernel could see it."""

    @web.authenticated
    async def get(self, path: str | None = None) -> None:
        """Render the notebook."""
        if "token" in self.request.arguments:
            self.redirect(without_token(self.request.uri))
            return
        await super().get(path)


class HealthHandler(WorkbenchHandler):
    """`/workbench/health`: says that the server is up, to anyone who can reach it, and nothing else."""

    @allow_unauthenticated
    def get(self) -> None:
        """Answer with status and version."""
        self.finish({"status": "ok", "version": __version__})


class StateHandler(WorkbenchHandler):
    """`/workbench/state?case=`: done, running or not measured, per step."""

    @web.authenticated
    async def get(self) -> None:
        """Answer with the states; 404 for an unknown case."""
        try:
            states = await asyncio.to_thread(lambda: step_states(self.asked_case()))
        except WorkbenchError as error:
            self.set_status(404)
            self.finish({"error": str(error)})
            return
        self.finish({"steps": states})


class SourceHandler(WorkbenchHandler):
    """`/workbench/source?case=&path=&at=`: the client's file at the place a finding points to."""

    @web.authenticated
    async def get(self) -> None:
        """Show the lines; 404 with one sentence where there is nothing to show."""
        try:
            case = self.asked_case()
            path, at = self.get_argument("path", ""), self.get_argument("at", "")
            found: Excerpt = await asyncio.to_thread(excerpt, case, path, at)
        except WorkbenchError as error:
            self.set_status(404)
            self.finish_page("nothing.html", sentence=str(error))
            return
        except (OSError, ValueError):
            log.exception("source viewer")
            self.set_status(404)
            self.finish_page("nothing.html", sentence="This file could not be read as text.")
            return
        self.finish_page("source.html", case_name=case.name, title=found.title, note=found.note, lines=found.lines)


class NothingHandler(WorkbenchHandler):
    """Every address that does not exist."""

    async def prepare(self) -> None:
        """Answer 404 to any method."""
        await super().prepare()
        if not self._finished:
            self.set_status(404)
            self.finish_page("nothing.html", sentence="There is nothing at this address.")


class AssetHandler(web.RequestHandler):
    """`/workbench/assets/...`: code and style of the installed plotly and itables, so that they always match the widgets."""

    def get(self, name: str) -> None:
        """Send the file; browsers keep it for a month under the version of its package."""
        suffix = Path(name).suffix
        self.set_header("Content-Type", f"text/{'css' if suffix == '.css' else 'javascript'}; charset=utf-8")
        self.set_header("Cache-Control", f"public, max-age={MONTH}")
        self.set_header("Etag", f'"{name}-{version("plotly" if name == PLOTLY_ASSET else "itables")}"')
        if self.check_etag_header():
            self.set_status(304)
            self.finish()
            return
        self.finish(assets()[name].read_bytes())


class LoginHandler(VoilaLoginHandler):  # type: ignore[misc]
    """The sign-in form in the look of the workbench."""

    def _render(self, message: object = None) -> None:
        template = self.settings["voila_jinja2_env"].get_template("login.html")
        include = self.settings["workbench_include"]
        self.finish(
            template.render(
                base_url=self.base_url,
                next=without_token(self.get_argument("next", default=self.base_url)),
                xsrf=self.xsrf_form_html(),
                refused=bool(message),
                **include,
            )
        )

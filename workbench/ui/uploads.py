"""The address files are uploaded to: `PUT /workbench/upload?case=&name=&target=`, the body is the file.

The body never passes through memory as a whole, and nothing is read of it before the sender is known.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tornado import web

from workbench.case import INBOX
from workbench.errors import WorkbenchError
from workbench.ui.handlers import WorkbenchHandler
from workbench.ui.receiving import MAX_UPLOAD, Receiver

log = logging.getLogger(__name__)


@web.stream_request_body
class UploadHandler(WorkbenchHandler):
    """Receives one file; answers with its place in the case, or with one sentence why it was not taken."""

    def initialize(self, workspaces: Sequence[Path], **settings: Any) -> None:  # noqa: ANN401 - Voila's own settings
        """Take the settings; no file is on its way yet."""
        super().initialize(workspaces, **settings)
        self._receiver: Receiver | None = None
        self._refusal: str | None = None

    async def prepare(self) -> None:
        """Look at who sends what before the first byte of the body is read."""
        await super().prepare()
        if self._finished:
            return
        if self.request.method != "PUT":
            raise web.HTTPError(405)
        if self.current_user is None:
            raise web.HTTPError(403)
        self.request.connection.set_max_body_size(MAX_UPLOAD)
        size = int(self.request.headers.get("Content-Length", "0"))
        name, target = self.get_query_argument("name", ""), self.get_query_argument("target", INBOX)
        try:
            self._receiver = Receiver(self.asked_case(), name, target, size)
        except (WorkbenchError, OSError) as error:
            self._refuse(error)

    def data_received(self, chunk: bytes) -> None:
        """Take a block of the body."""
        if self._receiver is None:
            return
        try:
            self._receiver.take(chunk)
        except (WorkbenchError, OSError) as error:
            self._abandon()
            self._refuse(error)

    @web.authenticated
    async def put(self) -> None:
        """The body is whole: put the file in its place, or say why it was not taken."""
        if self._receiver is None:
            # 200, and the sentence in the body: the page shows it beside the file; a status would only put it on the console.
            self.finish({"error": self._refusal})
            return
        receiver, self._receiver = self._receiver, None
        try:
            # Off this thread: bringing a large file safely onto the disk takes seconds in which no page would be answered.
            self.finish({"path": await asyncio.to_thread(receiver.finish)})
        except (WorkbenchError, OSError) as error:
            receiver.abandon()
            self._refuse(error)
            self.finish({"error": self._refusal})

    def on_connection_close(self) -> None:
        """The sender stopped: what came is of no use."""
        self._abandon()
        super().on_connection_close()

    def _abandon(self) -> None:
        if self._receiver is not None:
            self._receiver.abandon()
            self._receiver = None

    def _refuse(self, error: Exception) -> None:
        """Keep why the file is not taken; it is said when the whole body came.

        An answer before that ends the connection while the browser still sends, and it shows a broken connection instead.
        """
        if isinstance(error, OSError):
            log.error("upload", exc_info=error)
        self._refusal = f"could not be stored ({error.strerror})" if isinstance(error, OSError) else str(error)

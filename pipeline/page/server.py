"""The page's server: a port of this machine, a private folder, and nothing that leaves either."""

from __future__ import annotations

import ipaddress
import os
import signal
import socket
import tempfile
import threading
import webbrowser
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from fet_core.errors import UserError
from fet_core.stopping import heard

if TYPE_CHECKING:
    import gradio as gr
    import uvicorn

_GRACE = 1
"""Seconds that open connections get at the end; a page in a browser always has one."""

_POLICY = (
    "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; "
    "form-action 'self'; frame-ancestors 'none'"
)
"""With it a browser itself refuses to ask any other machine."""


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that listens.

    Raises:
        UserError: there is no such address here, or the port is taken or not to be had.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, *_, address = found[0]
        listener = socket.create_server(address[:2], family=family)
    except (OSError, UnicodeError) as error:
        reason = str(getattr(error, "strerror", None) or error).partition(" (while ")[0]
        raise UserError(
            f"the page cannot be served at {host}, port {port} ({reason}); choose another port "
            "with --port, 0 for any that is free, or another address with --host"
        ) from error
    with listener:
        yield listener


@contextmanager
def private_folder() -> Iterator[Path]:
    """A folder that this user alone can look into, deleted with all that is in it."""
    with tempfile.TemporaryDirectory(prefix="fet-page-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def quieten(folder: Path) -> None:
    """Tell Gradio, before it is imported, to ask no other machine and to write to a folder only."""
    os.environ |= {
        "GRADIO_ANALYTICS_ENABLED": "False",
        "GRADIO_RUN_HISTORY": "False",
        "GRADIO_TEMP_DIR": str(folder),
        "HF_HUB_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }


def run(page: gr.Blocks, listener: socket.socket, browser: bool = False) -> None:
    """Serve a page until a signal comes, which is raised again at the end.

    Args:
        page: of `layout.build`.
        listener: of `listening`.
        browser: open the page in one.
    """
    import gradio as gr
    import uvicorn
    from fastapi import FastAPI
    from starlette.middleware.trustedhost import TrustedHostMiddleware

    from .films import MAX_BYTES
    from .layout import CSS, theme

    host, port = listener.getsockname()[:2]
    alone = ipaddress.ip_address(host).is_loopback
    name = f"[{host}]" if ":" in host else host
    app = FastAPI(openapi_url=None)
    app.add_middleware(_Inward)
    if alone:
        # Or a page of elsewhere, whose name is made to point here, could read this one.
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=[name, "localhost"])
    # Of a page that it did not launch itself Gradio lets every path pass for an upload.
    page.has_launched = True
    for block in page.blocks.values():
        _bind(block)
    gr.mount_gradio_app(
        app,
        page,
        path="/",
        footer_links=[],
        show_error=False,
        max_file_size=MAX_BYTES,
        ssr_mode=False,
        enable_monitoring=False,
        pwa=False,
        mcp_server=False,
        theme=theme(),
        css=CSS,
    )
    config = uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=_GRACE)
    server = uvicorn.Server(config)
    url = f"http://{name}:{port}"
    reach = "" if alone else "; whoever can reach this machine can use it"
    print(f"{url} is the page until Ctrl-C{reach}", flush=True)
    if browser:
        # Beside the server, as some browsers come back only when they are closed.
        threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()
    with _hanging_up(server):
        server.run(sockets=[listener])


@contextmanager
def _hanging_up(server: uvicorn.Server) -> Iterator[None]:
    """Let a server hear, as the other signals, that its terminal is closed."""
    came = []

    def leave(number: int, _: FrameType | None) -> None:
        came.append(number)
        server.should_exit = True

    listens = signal.SIGHUP in heard()
    before = signal.signal(signal.SIGHUP, leave) if listens else None
    try:
        yield
    finally:
        if listens:
            signal.signal(signal.SIGHUP, before)
    for number in came:
        signal.raise_signal(number)


def _bind(block: Any) -> None:
    """Let a part of the page take files from the private folder alone, and no address to fetch."""
    import gradio as gr

    move, folder = block.async_move_resource_to_block_cache, Path(block.GRADIO_CACHE).resolve()

    async def moved(given: str | Path | None) -> Any:
        if given is not None and not Path(given).resolve().is_relative_to(folder):
            raise gr.Error("the page takes uploads alone; upload the file", print_exception=False)
        return await move(given)

    block.async_move_resource_to_block_cache = moved


class _Inward:
    """Middleware that adds `_POLICY` to every answer."""

    def __init__(self, app: Callable[..., Awaitable[None]]) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def sent(message: Any) -> None:
            if message["type"] == "http.response.start":
                policy = (b"content-security-policy", _POLICY.encode())
                message["headers"] = [*message.get("headers", []), policy]
            await send(message)

        await self._app(scope, receive, sent)

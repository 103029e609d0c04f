"""The page as a whole: what stands above the tabs, the tabs, and how it looks."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

from .desk import MAX_PIXELS, MAX_UPLOAD, Desk
from .edit_tab import edit_tab
from .films import MAX_BYTES, MAX_SECONDS
from .transfer_tab import transfer_tab
from .video_tab import video_tab

TABS = {"Transfer": transfer_tab, "Edit": edit_tab, "Video": video_tab}
"""What fills each tab, given the desk and the folder of the examples."""

_OLD, _LOOK = 3600, 60
"""Seconds after which pictures and films are deleted, and between two looks at them."""

_WAITING = 20
"""Requests that may wait; with more, a page says that it is busy."""

_ABOVE = f"""# FET: facial expression transfer

Gives the face in one photograph the expression of another, one that you set, or what a face in a
film does. Pictures and films stay on the machine that runs `fet serve`: nothing is sent anywhere
else, and they are deleted after an hour, or when the page ends. Pictures have {MAX_UPLOAD >> 20} MB
and {MAX_PIXELS / 1e6:.0f} megapixels at most, films {MAX_BYTES >> 20} MB and {MAX_SECONDS} s.

**This makes pictures of people.** Do not use it to show a person with an expression they did not
have in order to deceive, harass or defame, nor on pictures of anyone who has not agreed; say that a
picture or a film was made where you show one. Where dlib's weights read the faces, what is made is
not for commercial use; `fet serve --eye mesh` does without them and is free for any.
"""

CSS = """
.said { margin: 0; font-size: 1.05em; }
.mistake { color: var(--error-text-color); border-left: 4px solid currentColor; padding-left: 8px; }
.numbers { font-size: 0.85em; font-variant-numeric: tabular-nums; }
.numbers, .numbers tr, .numbers td, .numbers th { border: 0 !important; }
.numbers td, .numbers th { padding: 1px 16px 1px 0 !important; text-align: right; }
.numbers th[scope=row] { text-align: left; font-weight: normal; }
@media (min-width: 900px) { .beside { position: sticky; top: 8px; align-self: flex-start; } }
"""


def theme() -> gr.themes.Base:
    """The look, in the machine's own fonts: none is fetched."""
    return gr.themes.Soft(font=("system-ui", "sans-serif"), font_mono=("ui-monospace", "monospace"))


def build(desk: Desk, faces: Path) -> gr.Blocks:
    """The page.

    Args:
        desk: makes the pictures.
        faces: a folder with the demo faces; without them there are no examples.
    """
    with gr.Blocks(title="FET", analytics_enabled=False, delete_cache=(_LOOK, _OLD)) as page:
        gr.Markdown(_ABOVE)
        for name, fill in TABS.items():
            with gr.Tab(name):
                fill(desk, faces)

        def left(request: gr.Request) -> None:
            desk.films.leave_off(str(request.session_hash))

        page.unload(left)
    page.queue(max_size=_WAITING, api_open=False)
    return page

"""JupyterLab's files, with posts as notebooks: jupytext's manager of contents, over ours.

In: nothing. Out: a class for `ServerApp.contents_manager_class`. Promise: only saves of posts as
notebooks are changed, as `notebook_saving` says; all else is Jupyter's and jupytext's own.
"""

# Jupyter's classes are not typed.
# mypy: disable-error-code="misc, no-untyped-def, no-untyped-call, import-not-found, import-untyped"
from __future__ import annotations

from contextvars import ContextVar
from pathlib import PurePosixPath
from typing import Any

import jupytext
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager
from jupytext.config import notebook_formats, preferred_format

from site_builder.authoring.notebook_saving import text_for_jupytext, text_to_save

# What is opened or saved now as a notebook, and the settings of jupytext for it.
_notebook: ContextVar[Any] = ContextVar("notebook", default=None)


class Files(AsyncLargeFileManager):
    """Files, of which posts are given to jupytext as it reads them, and saved as they were."""

    async def get(self, path, content=True, type=None, format=None, require_hash=False):
        """Give the model of a file; see Jupyter's."""
        model = await super().get(path, content, type, format, require_hash)
        if _is_post(path) and type == "file" and content and _notebook.get():
            model["content"] = text_for_jupytext(path, model["content"])
        return model

    async def save(self, model, path=""):
        """Save a file; see Jupyter's."""
        config = _notebook.get()
        is_text = _is_post(path) and model["type"] == "file"
        if is_text and config and await self.file_exists(path):
            old = (await super().get(path, type="file", format="text"))["content"]
            read, write = _tools(path, config)
            model["content"] = text_to_save(path, old, model["content"], read, write)
        return await super().save(model, path)


class Posts(jupytext.build_async_jupytext_contents_manager_class(Files)):
    """Posts as notebooks."""

    async def get(self, path, *args, **options):
        """Give the model of a file or notebook; see Jupyter's."""
        token = _notebook.set(await self.get_config(path.strip("/")))
        try:
            return await super().get(path, *args, **options)
        finally:
            _notebook.reset(token)

    async def save(self, model, path=""):
        """Save a file or notebook; see Jupyter's."""
        is_notebook = model["type"] == "notebook"
        token = _notebook.set(await self.get_config(path.strip("/")) if is_notebook else None)
        try:
            return await super().save(model, path)
        finally:
            _notebook.reset(token)


def _is_post(path: str) -> bool:
    parts = PurePosixPath(path.strip("/")).parts
    return path.endswith((".md", ".py")) and bool({"posts", "pages"} & set(parts[:-1]))


def _tools(path: str, config: Any) -> Any:
    """What reads and writes a post as jupytext does with its settings."""
    suffix = PurePosixPath(path).suffix

    def read(text: str) -> Any:
        wanted = preferred_format(suffix, config.preferred_jupytext_formats_read)
        return jupytext.reads(text, fmt=wanted, config=config)

    def write(notebook: Any) -> str:
        formats = notebook_formats(notebook, config, path.strip("/"))
        wanted = next(each for each in formats if each["extension"] == suffix)
        return str(jupytext.writes(notebook, fmt=wanted, config=config))

    return read, write

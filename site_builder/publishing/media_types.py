"""The media types of files by their names, for whoever serves them.

In: a path. Out: a media type, with the encoding if it is text. Promise: it is the same on every
machine, whatever the system knows of types.
"""

from __future__ import annotations

HTML = "text/html; charset=utf-8"
_BINARY = "application/octet-stream"
_TYPES = {
    "html": HTML,
    "htm": HTML,
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "mjs": "text/javascript; charset=utf-8",
    "json": "application/json",
    "map": "application/json",
    "webmanifest": "application/manifest+json",
    "ipynb": "application/x-ipynb+json",
    "xml": "application/xml; charset=utf-8",
    "xsl": "application/xslt+xml; charset=utf-8",
    "rss": "application/rss+xml; charset=utf-8",
    "atom": "application/atom+xml; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
    "md": "text/markdown; charset=utf-8",
    "qmd": "text/markdown; charset=utf-8",
    "py": "text/x-python; charset=utf-8",
    "r": "text/plain; charset=utf-8",
    "jl": "text/plain; charset=utf-8",
    "toml": "application/toml",
    "yaml": "application/yaml",
    "yml": "application/yaml",
    "csv": "text/csv; charset=utf-8",
    "tsv": "text/tab-separated-values; charset=utf-8",
    "bib": "text/x-bibtex; charset=utf-8",
    "tex": "text/x-tex; charset=utf-8",
    "vtt": "text/vtt; charset=utf-8",
    "ics": "text/calendar; charset=utf-8",
    "svg": "image/svg+xml",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "avif": "image/avif",
    "jxl": "image/jxl",
    "ico": "image/x-icon",
    "woff": "font/woff",
    "woff2": "font/woff2",
    "ttf": "font/ttf",
    "otf": "font/otf",
    "mp4": "video/mp4",
    "webm": "video/webm",
    "mp3": "audio/mpeg",
    "ogg": "audio/ogg",
    "opus": "audio/ogg",
    "wav": "audio/wav",
    "flac": "audio/flac",
    "wasm": "application/wasm",
    "pdf": "application/pdf",
    "zip": "application/zip",
    "gz": "application/gzip",
}


def content_type(path: str) -> str:
    """The media type of a file by its name, with the encoding if it is text."""
    name = path.rpartition("/")[2]
    # Files without an ending, such as `_redirects` or `CNAME`, are texts for hosts.
    ending = name.rpartition(".")[2].lower() if "." in name else "txt"
    return _TYPES.get(ending, _BINARY)

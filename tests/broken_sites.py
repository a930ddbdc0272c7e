"""Broken sites: small ones with a mistake each, how to build them, and what their author is told.

They are in `broken/*.toml`. `python tests/broken_sites.py` builds them all and rewrites what is
said: read the difference as the author of that post would.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from site_builder import cli

SETTINGS = 'title = "Notes"\nurl = "https://example.org/"\n'
GOOD = "---\ntitle: Good\ndate: 2020-05-17\n---\n\nText.\n"

Files = Mapping[str, str | bytes]


@dataclass(frozen=True)
class Broken:
    """A site with a mistake, and the whole of what its author is told."""

    name: str
    files: Files
    said: str
    code: int
    file: Path

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Told:
    """What a run of the command line came to."""

    code: int
    out: str
    err: str


HEAD = re.compile(r"^(error|warning)(?:\[[A-Z]\d{3}\])?: (.*)(?:\n +--> (.*))?$", re.MULTILINE)


def heads(text: str, severity: str = "error") -> list[str]:
    """What is told of each problem in one line: `posts/a.md:3:1: the message`."""
    return [
        f"{place}: {message}" if place else message
        for word, message, place in HEAD.findall(text)
        if word == severity
    ]


@dataclass(frozen=True)
class Blog:
    """A site in a folder, and the command line."""

    root: Path
    files: Files = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.put({"site.toml": SETTINGS} | dict(self.files))

    def put(self, files: Files) -> None:
        for name, content in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def run(self, *arguments: str) -> Told:
        """Run a command line here; paths and times in what it says are made the same."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                code = cli.main(arguments)
            except SystemExit as end:  # as argparse ends
                code = int(end.code or 0)
        return Told(code, self.plain(out.getvalue()), self.plain(err.getvalue()))

    def build(self, *arguments: str) -> Told:
        return self.run("build", "-C", str(self.root), *arguments)

    def plain(self, text: str) -> str:
        text = text.replace(str(self.root), "SITE")
        text = re.sub(r"\d+\.\d s\b", "0.0 s", text)
        # Tracebacks underline what they blame in some versions of Python, and not in others.
        return re.sub(r"^ +[~^]+ *\n", "", text, flags=re.MULTILINE)

    @property
    def public(self) -> Path:
        return self.root / "public"


def snapshot(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Every file below a folder: its bytes and the time of its last change."""
    return {
        path.relative_to(folder).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def post(body: str, front: str = "title: A\ndate: 2020-05-17\n") -> str:
    return f"---\n{front}---\n\n{body}"


def cell(code: str) -> str:
    return post(f"```python\n{code}\n```\n")


NOTEBOOK = """{
 "cells": [
  {
   "cell_type": "raw",
   "metadata": {},
   "source": ["---\\n", "title: A\\n", "date: 2020-05-17\\n", "---"]
  },
  {
   "cell_type": "code",
   "execution_count": null,
   "metadata": {},
   "outputs": [],
   "source": [
    "%CODE%\\n",
    "1"
   ]
  }
 ],
 "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
 "nbformat": 4,
 "nbformat_minor": 4
}
"""
SCRIPT = "# ---\n# title: A\n# date: 2020-05-17\n# ---\n\n# %%\n"
HOME = Path(__file__).parent / "broken"


def broken_sites() -> Iterator[Broken]:
    """Those of `broken/`, file by file."""
    for file in sorted(HOME.glob("*.toml")):
        for site in tomllib.loads(file.read_text(encoding="utf-8"))["site"]:
            files = {n: c.encode(site.get("encoding", "utf-8")) for n, c in site["files"].items()}
            yield Broken(site["name"], files, site["said"], site["code"], file)


def _rewrite(file: Path) -> None:
    sites = tomllib.loads(file.read_text(encoding="utf-8"))["site"]
    for site, broken in zip(sites, [b for b in broken_sites() if b.file == file], strict=True):
        with tempfile.TemporaryDirectory() as folder:
            told = Blog(Path(folder), broken.files).build("-j", "1")
        site["said"], site["code"] = told.err, told.code
    file.write_text("\n".join(map(_written, sites)), encoding="utf-8")


def _written(site: dict[str, Any]) -> str:
    lines = ["[[site]]", f"name = {_text(site['name'])}"]
    if "encoding" in site:
        lines.append(f"encoding = {_text(site['encoding'])}")
    lines += [f"code = {site['code']}", f"said = {_text(site['said'])}", "[site.files]"]
    lines += [f"{json.dumps(name)} = {_text(text)}" for name, text in site["files"].items()]
    return "\n".join(lines) + "\n"


def _text(text: str) -> str:
    """A text as TOML: as it is where that can be."""
    if re.search(r"[^\n -~\u00a0-\ufefe]|\'\'\'", text) or "\n" not in text:
        return json.dumps(text, ensure_ascii=False)
    return f"'''\n{text}'''"


if __name__ == "__main__":
    for each in sorted(HOME.glob("*.toml")):
        _rewrite(each)

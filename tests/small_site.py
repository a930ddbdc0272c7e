"""Small sites for tests: posts made of cells, written to a folder, run for real.

HELLO = posts.add("hello", "print('hello')")      beside the test that is about it
ran = run(posts, folder, fork=True)               all of them at once, in real processes
ran.stdout(HELLO)                                 what came of it
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from textwrap import dedent
from typing import Any

from site_builder.content.parse import parse
from site_builder.errors import Problem
from site_builder.execution.engine import execute
from site_builder.execution.report import Outcome
from site_builder.execution.running import Progress
from site_builder.model.post import Output, Post, Source
from site_builder.rendering.terminal import terminal_html
from site_builder.settings.site import Site
from site_builder.settings.tables import Execution, Figures, Settings
from site_builder.store import Store

TOML = 'title = "T"\nurl = "https://example.org/"\n'
PROJECT = Path(__file__).parents[1]


def post_text(*cells: str, **front: Any) -> str:
    """A post: four lines of front matter and more, then each cell below a blank line."""
    more = "".join(f"{key}: {value}\n" for key, value in front.items())
    fence = "{code-cell}" if "kernel" in front else "python"
    fences = "".join(f"\n```{fence}\n{dedent(cell).strip()}\n```\n" for cell in cells)
    return f"---\ntitle: T\ndate: 2020-01-01\n{more}---\n{fences}"


@dataclass
class Posts:
    """Posts by name, collected where the tests are that they belong to."""

    texts: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, *cells: str, **front: Any) -> str:
        """Add a post; gives its name."""
        assert name not in self.texts
        self.texts[name] = post_text(*cells, **front)
        return name


@dataclass
class Ran:
    """Outcomes by the posts' names."""

    outcomes: Mapping[str, Outcome]
    posts: Mapping[str, Post]
    progress: list[Progress]
    root: Path

    def cells(self, name: str) -> tuple[tuple[Output, ...], ...]:
        """The outputs of each cell of a post that ran to its end."""
        outcome = self.outcomes[name]
        assert outcome.execution is not None, "\n".join(map(str, outcome.problems))
        return outcome.execution.outputs

    def outputs(self, name: str) -> list[tuple[str, str]]:
        """Kind and text of all outputs; of displays the plain text, of figures the type."""
        return [(o.kind, _text(o)) for cell in self.cells(name) for o in cell]

    def stdout(self, name: str) -> str:
        """All that was printed."""
        return "".join(text for kind, text in self.outputs(name) if kind == "stdout")

    def values(self, name: str) -> list[str]:
        """The plain text of all displays."""
        return [text for kind, text in self.outputs(name) if kind == "display"]

    def problem(self, name: str) -> Problem:
        """The problem of a post that failed."""
        [problem] = self.outcomes[name].problems
        return problem


def _text(output: Output) -> str:
    if output.kind == "figure":
        return next(iter(output.data))
    return output.text or str(output.data.get("text/plain", ""))


def make_site(root: Path, figures: Mapping[str, Any] | None = None, **execution: Any) -> Site:
    """A site in `root` with these settings of `[execution]` and `[figures]`."""
    (root / "posts").mkdir(parents=True, exist_ok=True)
    environment = {"KERAS_BACKEND": "jax", **execution.pop("environment", {})}
    settings = Settings(
        "T",
        "https://example.org/",
        execution=Execution(environment=environment, **execution),
        figures=Figures(**(figures or {})),
    )
    return Site(root, settings)


def run(
    posts: Posts | Mapping[str, str],
    root: Path,
    *,
    fork: bool,
    jobs: int = 2,
    figures: Mapping[str, Any] | None = None,
    **execution: Any,
) -> Ran:
    """Run posts in a site of their own; a name with a slash is a post in a folder."""
    site = make_site(root, figures, **execution)
    parsed = {}
    for name, text in (posts.texts if isinstance(posts, Posts) else posts).items():
        path = root / "posts" / f"{name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        parsed[name] = parse(site, Source(f"posts/{name}.md", text))
    progress: list[Progress] = []
    with Store(None) as store:  # everything runs
        found = execute(
            list(parsed.values()),
            site,
            store=store,
            jobs=jobs,
            fork=fork,
            on_progress=progress.append,
        )
    outcomes = {name: found[f"posts/{name}.md"] for name in parsed}
    return Ran(outcomes, parsed, progress, root)


def write_site(root: Path, posts: Mapping[str, str], toml: str = TOML) -> Path:
    """Write a site for the command line to build."""
    (root / "posts").mkdir(parents=True)
    (root / "site.toml").write_text(toml, encoding="utf-8")
    for name, text in posts.items():
        (root / "posts" / f"{name}.md").write_text(text, encoding="utf-8")
    return root


def start_cli(root: Path, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    """Start `site-builder` on a site, in a session of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "site_builder", *arguments, "-C", str(root)],
        cwd=PROJECT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def is_alive(pid: int) -> bool:
    """Whether a process is there and has not ended."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def terminal_text(text: str) -> str:
    """What a reader sees of a program's output, without its colours."""
    html = re.sub("<[^>]*>", "", terminal_html(text))
    return "\n".join(line.rstrip() for line in unescape(html).split("\n"))

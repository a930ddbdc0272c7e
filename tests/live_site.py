"""A site whose author saves posts while its processes are kept, and the same posts run cleanly.

author.save("x = 1", "print(x)")      what is shown once the post is over
author.clean()                        what a build of the text saved last gives, in fresh processes
"""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from small_site import is_alive, make_site, post_text

from site_builder.content.parse import parse
from site_builder.execution.engine import execute
from site_builder.execution.live.live import LivePosts
from site_builder.execution.live.post import LivePost
from site_builder.execution.live.shown import Shown
from site_builder.execution.report import Outcome
from site_builder.model.post import Execution, Post, Source
from site_builder.store import Store

WAIT = 60.0  # seconds after which a test gives up


class Author:
    """Somebody who edits the posts of a site under `serve`."""

    def __init__(
        self,
        root: Path,
        *,
        fork: bool = True,
        run: bool = True,
        jobs: int = 2,
        mark: str = "",
        **execution: Any,
    ) -> None:
        self.mark = mark or uuid.uuid4().hex
        environment = {"LIVE_TEST": self.mark, **execution.pop("environment", {})}
        self.site = make_site(root, environment=environment, **execution)
        self.root = root
        self.changes: list[str] = []
        self.posts: dict[str, Post] = {}
        self.store = Store(root / ".cache")
        self.live = LivePosts(
            self.site,
            self.store,
            jobs=jobs,
            fork=fork,
            execute=run,
            on_change=self.changes.append,
        )

    def write(self, text: str, name: str = "a") -> Post:
        """Save a text without showing it."""
        path = f"posts/{name}.md"
        (self.root / path).write_text(text, encoding="utf-8")
        self.posts[name] = parse(self.site, Source(path, text))
        return self.posts[name]

    def begin(self, *cells: str, name: str = "a", edited: bool = True, prose: str = "") -> Shown:
        """Save a post; what is shown at once."""
        return self.live.show(self.write(post_text(*cells) + prose, name), edited=edited)

    def save(self, *cells: str, name: str = "a", edited: bool = True, prose: str = "") -> Shown:
        """Save a post; what is shown when it is over."""
        self.begin(*cells, name=name, edited=edited, prose=prose)
        return self.over(name)

    def again(self, name: str = "a") -> Shown:
        """Show the same text again, as after a change of something else; when it is over."""
        self.live.show(self.posts[name], edited=False)
        return self.over(name)

    def over(self, name: str = "a") -> Shown:
        """What is shown when nothing is to come."""
        self.until(self.live.is_idle)
        shown = self.live.shown(f"posts/{name}.md")
        assert shown is not None
        return shown

    def settle(self) -> None:
        """Wait until nothing runs, no process ahead of the author either."""
        self.until(lambda: all(post.thread is None for post in self.live._posts.values()))

    def until(self, is_so: Any) -> None:
        """Wait for something."""
        end = time.monotonic() + WAIT
        while not is_so():
            assert time.monotonic() < end, "it never came"
            time.sleep(0.002)

    def clean(self, name: str = "a") -> Outcome:
        """What a build of the post gives that begins with nothing."""
        with Store(None) as store:
            return execute([self.posts[name]], self.site, store=store, jobs=1)[f"posts/{name}.md"]

    def post(self, name: str = "a") -> LivePost:
        """What is kept of a post."""
        return self.live._posts[f"posts/{name}.md"]

    def running(self) -> set[int]:
        """All processes of this site, zygotes included."""
        found = set()
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                environment = (folder / "environ").read_bytes()
            except OSError:
                continue
            if self.mark.encode() in environment and is_alive(int(folder.name)):
                found.add(int(folder.name))
        return found

    def close(self) -> None:
        """End it all, and see to it that nothing is left."""
        self.live.close()
        self.store.__exit__()
        self.until(lambda: not self.running())


@dataclass(frozen=True)
class Seen:
    """What can be seen of an execution, to compare it with another one."""

    outputs: tuple[Any, ...]
    values: tuple[Any, ...]


def seen(execution: Execution | None) -> Seen:
    """What can be seen of an execution."""
    assert execution is not None
    assert not execution.pending
    return Seen(execution.outputs, execution.values)


def texts(execution: Execution | None) -> list[str]:
    """What each cell printed."""
    assert execution is not None
    return ["".join(o.text for o in outputs) for outputs in execution.outputs]

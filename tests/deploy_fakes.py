"""What tests of deploys share: small built sites, a target in memory, faults at every step."""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from site_builder.model.files import Recipe
from site_builder.publishing.deploy.built import BuiltSite, read_built_site
from site_builder.publishing.deploy.deploy import carry_out, survey
from site_builder.publishing.deploy.guards import Wishes
from site_builder.publishing.deploy.retries import Retries
from site_builder.publishing.deploy.target import (
    FOLDER,
    LEASE,
    MANIFEST,
    Around,
    File,
    OnDone,
    Session,
)
from site_builder.publishing.staging import Built
from site_builder.publishing.write import write

URL = "https://blog.nowhere.net/"

Pages = Mapping[str, str]
"""Texts by path."""


def page(*needs: str) -> str:
    """An HTML page that shows these files and leads to these pages."""
    return "".join(f'<a href="/{path}">{path}</a>\n' for path in needs)


OLD: Pages = {
    "index.html": page("one/index.html", "both/index.html", "assets/style.aaaaaaaaaa.css"),
    "one/index.html": page("one/fig.1111111111.svg", "assets/style.aaaaaaaaaa.css"),
    "one/fig.1111111111.svg": "<svg>one</svg>",
    "both/index.html": page("both/fig.2222222222.svg", "assets/style.aaaaaaaaaa.css"),
    "both/fig.2222222222.svg": "<svg>both, old</svg>",
    "assets/style.aaaaaaaaaa.css": "old",
    "place": "a file where a folder will be",
    "spot/inside.txt": "a folder where a file will be",
    "gone/deep/file.txt": "goes with its folders",
    "feed.xml": "<feed>old</feed>",
    "robots.txt": "same",
}
NEW: Pages = {
    "index.html": page("two/index.html", "both/index.html", "assets/style.bbbbbbbbbb.css"),
    "two/index.html": page("two/fig.3333333333.svg", "assets/style.bbbbbbbbbb.css"),
    "two/fig.3333333333.svg": "<svg>two</svg>",
    "both/index.html": page("both/fig.4444444444.svg", "assets/style.bbbbbbbbbb.css"),
    "both/fig.4444444444.svg": "<svg>both, new</svg>",
    "assets/style.bbbbbbbbbb.css": "new",
    "place/inside.txt": "a folder where a file was",
    "spot": "a file where a folder was",
    "feed.xml": "<feed>new</feed>",
    "robots.txt": "same",
}


FOREIGN = {"uploads/cat.jpg": b"a cat", "one/notes.txt": b"mine", ".htaccess": b"mine"}
"""What others have at a target."""


def built_site(folder: Path, pages: Pages, *, built: Built | None = None) -> BuiltSite:
    """Write a site as a build does, and read it as a deploy does."""
    recipes = [Recipe(path, text, text.encode) for path, text in pages.items()]
    write(folder, recipes, site_root=folder.parent / "root", built=built or Built(URL))
    return read_built_site(folder, "public")


def around(tmp_path: Path, **given: object) -> Around:
    """Where a site is that is in `tmp_path`, and whose clock does not wait."""
    (tmp_path / "root").mkdir(exist_ok=True)
    folder = tmp_path / "public"
    defaults: dict[str, object] = {
        "root": tmp_path / "root",
        "output": folder,
        "environment": {},
        "address": URL,
        "tell": lambda _: None,
        "retries": Retries(clock=StoppedClock()),
    }
    return Around(**{**defaults, **given})  # type: ignore[arg-type]


class StoppedClock:
    """A clock that moves only when somebody waits, and writes down how long."""

    def __init__(self, now: float = 1_800_000_000.0, chance: float = 1.0) -> None:
        self.time = now
        self.waits: list[float] = []
        self.chance = chance

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.time += seconds

    def random(self) -> float:
        return self.chance


def deploy(
    session: Session, site: BuiltSite, wishes: Wishes | None = None, *, url: str = URL
) -> list[str]:
    """Deploy as the command does; gives what stood in the way, or nothing."""
    wishes = wishes or Wishes()
    found = survey(session, site, wishes, url=url)
    if not found.problems:
        carry_out(session, found.plan, url=url, break_lease=wishes.break_lease,
                  clock=StoppedClock())  # fmt: skip
    return [str(problem) for problem in found.problems]


class Broken(BaseException):
    """The power is cut: nothing after it is done, no clean-up either."""


@dataclass
class Faults:
    """Cuts the power at the step with a number, before or after it took effect."""

    at: int = -1
    after: bool = False
    steps: list[str] = field(default_factory=list)
    on_step: Callable[[str], None] = lambda _: None
    is_cut: bool = False

    def __call__(self, name: str, act: Callable[[], None]) -> None:
        if self.is_cut:
            raise Broken(name)
        number = len(self.steps)
        self.steps.append(name)
        self.is_cut = number == self.at
        if not self.is_cut or self.after:
            act()
            self.on_step(name)
        if self.is_cut:
            raise Broken(name)


class MemorySession:
    """A target in memory, of which each change is one step of `faults`."""

    shown = "memory"

    def __init__(
        self, files: dict[str, bytes], faults: Faults | None = None, *, atomic: bool = False
    ) -> None:
        self.files = files
        self.atomic = atomic
        self.reads: list[str] = []
        self._faults = faults or Faults()
        self._manifest: bytes | None = None

    def manifest(self) -> bytes | None:
        self.reads.append("manifest")
        self._manifest = self.files.get(MANIFEST)
        return self._manifest

    def extras(self) -> Sequence[File]:
        return ()

    def mark(self, file: File) -> str:
        return hashlib.md5(file.read()).hexdigest()  # as a store would say it

    def marks(self, paths: Collection[str]) -> Mapping[str, str]:
        self.reads.append("marks")
        folders = {str(above) for path in self.files for above in PurePosixPath(path).parents}
        found = {path: FOLDER for path in paths if path in folders}
        kept = {path: hashlib.md5(content).hexdigest() for path, content in self.files.items()}
        return found | {path: mark for path, mark in kept.items() if path in paths}

    def paths(self) -> Iterator[str]:
        self.reads.append("paths")
        return iter(sorted(self.files.keys() - {MANIFEST, LEASE}))

    def lease(self) -> bytes | None:
        return self.files.get(LEASE)

    def take(self, lease: bytes, instead_of: bytes | None) -> bool:
        if self.files.get(LEASE) != instead_of:
            return False
        self._faults("take", lambda: self.files.update({LEASE: lease}))
        return True

    def drop(self, lease: bytes) -> None:
        if self.files.get(LEASE) == lease:
            self._faults("drop", lambda: self.files.__delitem__(LEASE))

    def begin(self, journal: bytes) -> None:
        assert not self.atomic
        assert self.files.get(MANIFEST) == self._manifest
        self._faults("begin", lambda: self.files.update({MANIFEST: journal}))
        self._manifest = journal

    def put(self, files: Sequence[File], on_done: OnDone) -> None:
        for file in files:
            above = {str(each) for each in PurePosixPath(file.path).parents}
            assert not above & self.files.keys(), f"{file.path} is in a file"
            inside = [path for path in self.files if path.startswith(f"{file.path}/")]
            assert not inside, f"{file.path} is a folder"
            new = {file.path: file.read()}
            self._faults(f"put {file.path}", functools.partial(self.files.update, new))
            on_done(file.path)

    def remove(self, paths: Sequence[str], on_done: OnDone) -> None:
        for path in paths:
            self._faults(f"remove {path}", functools.partial(self._forget, path))
            on_done(path)

    def _forget(self, path: str) -> None:
        self.files.pop(path, None)

    def finish(self, manifest: bytes) -> None:
        assert self.files.get(MANIFEST) == self._manifest
        self._faults("finish", lambda: self.files.update({MANIFEST: manifest}))
        self._manifest = manifest


def content(pages: Pages) -> dict[str, bytes]:
    return {path: text.encode() for path, text in pages.items()}


def site_at(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """What readers find at a target."""
    return {path: text for path, text in files.items() if path not in (MANIFEST, LEASE)}


def missing(files: Mapping[str, bytes]) -> list[str]:
    """What reachable pages show or lead to and is not there."""
    lost, waiting, seen = [], ["index.html"], set()
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        if path not in files:
            lost.append(path)
        elif path.endswith(".html"):
            waiting += re.findall(r'href="/([^"]+)"', files[path].decode())
    return sorted(lost)


def found(folder: Path) -> dict[str, bytes]:
    """What is in a folder, all of it."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def put(folder: Path, files: dict[str, bytes]) -> None:
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)

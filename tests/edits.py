"""A blog that can be edited in all the ways that an author, an upgrade, an accident would.

World(folder)                           a site with posts, data, modules, a package, a theme
EDITS["change data"](world, 3)          an edit; the number chooses what exactly
built(world)                            an incremental build
difference(world, cleanly=...)          what an incremental build has wrong, or an empty text

The posts make mistakes visible: each cell prints a digest of what it saw and of all that was seen
before it.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import time
import venv
import zlib
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

from site_builder.build import Options, build
from site_builder.errors import SiteBuilderError
from site_builder.selected import freeze_posts
from site_builder.settings.site import load_site
from site_builder.store import Store

PROJECT = Path(__file__).parents[1]
THEME = PROJECT / "themes/default"
CACHE = ".cache"
Steps = Sequence[tuple[str, int]]

# What a cell sees: statements before, an expression.
SIGHTS = {
    "value": ("", "{n}"),
    "open": ("", "open('{up}data/one.csv').read()"),
    "guard": (
        "import os\npath = '{up}data/maybe.txt'",
        "open(path).read() if os.path.exists(path) else None",
    ),
    "path": ("from pathlib import Path", "Path('{up}data/perhaps.txt').exists()"),
    "many": (
        "from pathlib import Path",
        "[(p.name, p.read_text()) for p in sorted(Path('{up}data/many').glob('*.txt'))]",
    ),
    "names": ("import os", "sorted(os.listdir('{up}data/many'))"),
    "made": (
        "from pathlib import Path\nmade = Path('{up}data/made.txt')",
        "made.read_text() if made.exists() else None",
    ),
    "module": ("try:\n    import helper\nexcept ImportError:\n    helper = None",
               "helper and helper.value()"),
    "wish": ("try:\n    import wished\nexcept ImportError:\n    wished = None",
             "wished and wished.VALUE"),
    "part": ("try:\n    from pack import part\nexcept ImportError:\n    part = None",
             "part and part.VALUE"),
    "package": ("import fakepkg", "fakepkg.value()"),
    "luck": ("import random", "random.random()"),
    "mode": ("import os", "os.environ.get('MODE')"),
    "home": ("import os", "os.environ.get('HOME')"),
    "declared": ("", "{n}"),
    "warn": ("import warnings\nwarnings.warn('careful {n}')", "{n}"),
    "line": ("import inspect", "inspect.currentframe().f_lineno"),
    "make": (
        "from pathlib import Path",
        "Path('{up}data/made.txt').write_text('made by {n}')",
    ),
    "raise": ("", "{n} / 0"),
}  # fmt: skip
# Those that any post may have at any time.
COMMON = tuple(sight for sight in SIGHTS if sight not in ("make", "raise", "declared"))
PRINT = """\
seen = {expression}
state = hashlib.sha256(repr((globals().get('state'), seen)).encode()).hexdigest()[:12]
print(state)
"""

# In the prose: what was seen so far, whatever became of the cells.
STATE = "`{python} globals().get('state')`"
FALSE = "[It is not]{claim=\"globals().get('state') == 1\"}"
VALUES = (
    STATE,
    "{eval}`globals().get('state')`{.volatile}",
    "`{python} globals().get('state')!r:>20`",
    "`{python} {n} / 3:.2f`",
    "$x = `{python} {n} / 3:.2f`$",
    "[It is]{claim=\"globals().get('state') != {n}\"}",
    "`{python} __import__('os').path.exists('data/maybe.txt')`",
)


@dataclass
class Block:
    """A paragraph, or a cell with its options."""

    lines: list[str]
    options: dict[str, str] | None = None

    def text(self) -> str:
        if self.options is None:
            return "\n".join(self.lines) + "\n"
        options = [f"#| {name}: {value}" for name, value in self.options.items()]
        return "\n".join(["```python", *options, *self.lines, "```", ""])


@dataclass
class Draft:
    """A post as its author has it in mind."""

    front: dict[str, str]
    blocks: list[Block]

    def text(self) -> str:
        front = "".join(f"{name}: {value}\n" for name, value in self.front.items())
        return f"---\n{front}---\n\n" + "\n".join(block.text() for block in self.blocks)

    @property
    def cells(self) -> list[Block]:
        return [block for block in self.blocks if block.options is not None]


def paragraph(text: str) -> Block:
    return Block([text])


def cell(sight: str, number: int = 0, up: str = "", **options: str) -> Block:
    """A cell that sees something, and prints the digest of all that was seen."""
    before, expression = (part.format(n=number, up=up) for part in SIGHTS[sight])
    if sight == "raise":
        options["error"] = "true"
    code = f"import hashlib\n{before}\n" + PRINT.format(expression=expression)
    lines = [line for line in code.splitlines() if line]
    return Block(lines, {name.replace("_", "-"): value for name, value in options.items()})


def front(title: str, day: int, **more: str) -> dict[str, str]:
    return {"title": title, "date": f"2020-01-{day:02}", **more}


def png(width: int, height: int) -> bytes:
    """A white picture of this size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = (b"\0" + b"\xff" * width) * height
    parts = chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@dataclass(repr=False)
class World:
    """A site in a folder, and what its author has in mind."""

    root: Path
    posts: dict[str, Draft] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    """Of the environment of builds."""
    trouble: str = ""
    """What was found wrong by an edit that builds."""

    def _repr_pretty_(self, printer: Any, _: bool) -> None:
        """Hypothesis would print all of it where a test fails."""
        printer.text("World(...)")

    def __post_init__(self) -> None:
        self.posts |= {
            "posts/many.md": Draft(
                front("Many", 1, tags="[one, two]"),
                [
                    paragraph("Much is read. See [the maker](maker.md)."),
                    cell("open"),
                    paragraph(f"And more, {STATE}:"),
                    cell("guard"),
                    cell("many"),
                    cell("luck"),
                    cell("path"),
                ],
            ),
            "posts/folder/index.md": Draft(
                front("Folder", 2, tags="[two]"),
                [
                    paragraph("![A dot](dot.png) and [numbers](numbers.csv)."),
                    cell("names", up="../"),
                    paragraph("[It was seen]{claim=\"globals().get('state') != 1\"}"),
                    cell("raise", 1),
                    cell("made", up="../"),
                ],
            ),
            "posts/modules.md": Draft(
                front("Modules", 3),
                [
                    paragraph("What others 'wrote' \"before\"."),
                    cell("module"),
                    cell("part"),
                    cell("package"),
                    cell("wish"),
                    cell("mode"),
                    cell("home"),
                    cell("warn", 2),
                ],
            ),
            "posts/maker.md": Draft(
                front(f"Maker, {STATE}", 4, tags="[one]"),
                [paragraph("It writes."), cell("make", 1), cell("line")],
            ),
            "posts/prose.md": Draft(
                front("Prose", 5),
                [paragraph("See [many](many.md) and $x^2$. ![Shared](shared.png)")],
            ),
        }
        self.settings |= {
            "title": '"Notes"',
            "url": '"https://example.org/"',
            "theme": '"own"',
            "execution.python": '".venv/bin/python"',
            "execution.environment": '{ MODE = "a" }',
        }
        # The folder of a library, as pip would leave it.
        venv.EnvBuilder(symlinks=True).create(self.root / ".venv")
        self.install("1.0")
        self.put("posts/data/one.csv", "1,2\n")
        self.put("posts/data/many/a.txt", "A")
        self.put("posts/data/many/b.txt", "B")
        self.put("posts/helper.py", "import inner\n\ndef value():\n    return inner.VALUE, 'old'\n")
        self.put("posts/inner.py", "VALUE = 'old'\n")
        self.put("posts/pack/__init__.py", "")
        self.put("posts/folder/dot.png", png(3, 2))
        self.put("posts/shared.png", png(4, 4))
        self.put("posts/folder/numbers.csv", "3\n")
        self.put("static/robots.txt", "User-agent: *\n")
        shutil.copytree(THEME, self.root / "themes/own")
        self.save()

    def copied(self, root: Path) -> World:
        """The same site in another folder, as if it had been moved there."""
        shutil.copytree(self.root, root, symlinks=True)
        copy = object.__new__(World)
        copy.__dict__ |= deepcopy(self.__dict__)
        copy.root = root
        return copy

    @property
    def packages(self) -> Path:
        """The folder of libraries of the site's own Python."""
        return next((self.root / ".venv").rglob("site-packages"))

    def put(self, name: str, content: str | bytes) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    def drop(self, name: str) -> None:
        (self.root / name).unlink(missing_ok=True)

    def toggle(self, name: str, content: str) -> None:
        """Make a file, or remove it where it is."""
        if (self.root / name).exists():
            self.drop(name)
        else:
            self.put(name, content)

    def install(self, version: str) -> None:
        """Install a version of a package, in place of another."""
        for old in self.packages.glob("fakepkg-*.dist-info"):
            shutil.rmtree(old)
        info = self.packages / f"fakepkg-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Name: fakepkg\nVersion: {version}\n")
        (info / "RECORD").write_text("fakepkg/__init__.py,,\n")
        (self.packages / "fakepkg").mkdir(exist_ok=True)
        code = f"def value():\n    return {version!r}\n"
        (self.packages / "fakepkg/__init__.py").write_text(code)

    def save(self) -> None:
        """Write the posts and the settings that are not as on the disk."""
        wanted = {name: self._linked(post.text()) for name, post in self.posts.items()}
        for path in (self.root / "posts").rglob("*.md"):
            if path.relative_to(self.root).as_posix() not in wanted:
                path.unlink()
        plain = [f"{key} = {value}" for key, value in self.settings.items() if "." not in key]
        tables: dict[str, list[str]] = {}
        for key, value in self.settings.items():
            table, _, name = key.rpartition(".")
            if table:
                tables.setdefault(table, []).append(f"{name} = {value}")
        for table, entries in tables.items():
            plain += ["", f"[{table}]", *entries]
        wanted["site.toml"] = "\n".join(plain) + "\n"
        for name, text in wanted.items():
            path = self.root / name
            if not path.exists() or path.read_text() != text:
                self.put(name, text)

    def _linked(self, text: str) -> str:
        """A text whose links lead to posts that are there."""

        def link(found: re.Match[str]) -> str:
            there = self.posts.get(f"posts/{found[2]}")
            return found[0] if there and there.front.get("draft") != "true" else found[1]

        return re.sub(r"\[([^]]*)\]\(([\w-]+\.md)\)", link, text)

    def post(self, number: int) -> tuple[str, Draft]:
        """One of the posts."""
        name = sorted(self.posts)[number % len(self.posts)]
        return name, self.posts[name]

    def executable(self, number: int) -> tuple[str, Draft]:
        """One of the posts with cells."""
        names = [name for name in sorted(self.posts) if self.posts[name].cells]
        name = names[number % len(names)] if names else self.post(number)[0]
        return name, self.posts[name]

    @property
    def public(self) -> Path:
        return self.root / "public"

    def objects(self) -> list[Path]:
        """All files of the store that hold something."""
        return sorted(p for p in (self.root / CACHE).rglob("*") if p.is_file() and p.stat().st_size)


# Building, and comparing


@dataclass(frozen=True)
class Built:
    """What came of a build."""

    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    executed: int = 0
    reused: int = 0
    written: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


def built(world: World, output: Path | None = None, *, cached: bool = True, **more: Any) -> Built:
    """Build in this process; with `cached` false nothing is read from the store or kept there."""
    options = Options(
        output=output or world.public,
        jobs=2,
        cache=world.root / CACHE if cached else None,
    )
    options = replace(options, **more)
    try:
        with mock.patch.dict(os.environ, world.variables):
            report = build(load_site(world.root), options)
    except SiteBuilderError as error:
        return Built(problems=tuple(map(str, error.problems)))
    return Built(
        warnings=tuple(map(str, report.warnings)),
        executed=report.executed,
        reused=report.reused,
        written=report.written.written,
        removed=report.written.removed,
    )


FOREIGN = "notes of mine.txt"


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder but those that others put there."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != FOREIGN
    }


def stamps(*folders: Path) -> dict[str, tuple[int, int]]:
    """Inode and time of all files and folders below: what a write changes."""
    return {
        str(path): (path.lstat().st_ino, path.lstat().st_mtime_ns)
        for folder in folders
        for path in sorted(folder.rglob("*"))
    }


def difference(world: World, clean: Path) -> str:
    """What an incremental build gives that a clean one in the folder `clean` does not."""
    before = tree(world.public)
    foreign = (world.public / FOREIGN).exists()
    incremental = built(world)
    after = tree(world.public)
    if (world.public / FOREIGN).exists() != foreign:
        return "a file that is not ours was removed"
    if incremental.problems and before != after:
        return f"a failed build changed {changed(before, after)}"
    cleanly = built(world, clean, cached=False)
    if plain(incremental.problems) != plain(cleanly.problems):
        return f"problems: {incremental.problems} instead of {cleanly.problems}"
    if incremental.warnings != cleanly.warnings:
        return f"warnings: {incremental.warnings} instead of {cleanly.warnings}"
    if cleanly.problems:
        return ""
    if after != tree(clean):
        return f"not as in a clean build: {changed(tree(clean), after)}"
    return _idle_difference(world)


def plain(problems: tuple[str, ...]) -> list[str]:
    """Problems without the digests that cells printed last.

    A post that fails may have read a file before or after another one wrote it.
    """
    return [re.sub(r"\b[0-9a-f]{12}\b", "…", problem) for problem in problems]


def changed(one: dict[str, bytes], other: dict[str, bytes]) -> list[str]:
    """Where two trees differ."""
    return sorted(name for name in {*one, *other} if one.get(name) != other.get(name))


def _idle_difference(world: World) -> str:
    """What a build does that has nothing to do."""
    before = stamps(world.public, world.root / CACHE)
    again = built(world)
    after = stamps(world.public, world.root / CACHE)
    if again.executed or again.written or again.removed or again.problems:
        return f"there was nothing to do, and yet: {again}"
    if before != after:
        touched = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
        return f"there was nothing to do, and yet it wrote {touched}"
    return ""


def walk(world: World, steps: Steps, clean: Path) -> str:
    """Do one edit after another; gives what is wrong in the end, or was on the way."""
    for name, number in steps:
        EDITS[name](world, number)
    return world.trouble or difference(world, clean)


def start_build(world: World, *arguments: str) -> subprocess.Popen[str]:
    """Start a build in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "site_builder", "build", "-j2", "-C", str(world.root), *arguments],
        cwd=PROJECT,
        env={**os.environ, **world.variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


# Edits: what is done, and a number that chooses what exactly

Edit = Callable[[World, int], None]


def _build(world: World, _: int) -> None:
    built(world)


def _build_otherwise(world: World, n: int) -> None:
    """Build the same folder, or another one, with other options."""
    ways: tuple[dict[str, Any], ...] = (
        {"drafts": True},
        {"future": True},
        {"only": ("posts/m*",)},
        {"only": (world.post(n)[0],)},
        {"frozen": True},
        {"fork": False},
        {"jobs": 1},
        {"output": world.root / "other"},
        {"allow_false_claims": True},
    )
    built(world, **ways[n % len(ways)])


def _freeze(world: World, n: int) -> None:
    """Freeze a post that can be, or thaw it if it is frozen."""
    name, _ = world.executable(n)
    folder = (world.root / name).with_suffix(".frozen")
    if folder.exists():
        shutil.rmtree(folder)
        return
    with contextlib.suppress(SiteBuilderError), Store(world.root / CACHE) as store:
        today = dt.date(2020, 2, 3 + n % 9)
        freeze_posts(
            load_site(world.root),
            [name],
            store,
            today=today,
            jobs=1,
            fork=True,
            on_progress=lambda _: None,
        )


def _add_post(world: World, n: int) -> None:
    name = f"posts/new-{n % 3}.md"
    sights = [COMMON[(n * step + step) % len(COMMON)] for step in (1, 2, 3)]
    blocks = [paragraph("New."), *(cell(sight, n) for sight in sights)]
    world.posts[name] = Draft(front(f"New {n}", 6 + n % 3, tags="[two]"), blocks)


def _delete_post(world: World, n: int) -> None:
    if len(world.posts) > 2:
        del world.posts[world.post(n)[0]]


def _rename_post(world: World, n: int) -> None:
    name, post = world.post(n)
    if name.endswith("index.md"):
        return
    del world.posts[name]
    stem = Path(name).stem
    world.posts[
        f"posts/{stem.removesuffix('-again') if '-again' in stem else stem + '-again'}.md"
    ] = post


def _retitle(world: World, n: int) -> None:
    _, post = world.post(n)
    post.front["title"] = f"Title {n}"


def _redate(world: World, n: int) -> None:
    _, post = world.post(n)
    post.front["date"] = f"2021-02-{1 + n % 28:02}"


def _retag(world: World, n: int) -> None:
    _, post = world.post(n)
    post.front["tags"] = ("[one]", "[three, two]", "[]")[n % 3]


def _toggle_draft(world: World, n: int) -> None:
    _, post = world.post(n)
    post.front["draft"] = "false" if post.front.get("draft") == "true" else "true"


def _set_alias(world: World, n: int) -> None:
    _, post = world.post(n)
    post.front["aliases"] = f"[/old-{n % 2}/]"


def _set_post_seed(world: World, n: int) -> None:
    _, post = world.executable(n)
    post.front["seed"] = str(n)


def _prose_above(world: World, n: int) -> None:
    _, post = world.executable(n)
    post.blocks.insert(
        0, paragraph("\n\n".join(f"A paragraph more, {n}." for _ in range(1 + n % 3)))
    )


def _prose_between(world: World, n: int) -> None:
    _, post = world.executable(n)
    post.blocks.insert(1 + n % len(post.blocks), paragraph(f"In between, {n}."))


def _change_prose(world: World, n: int) -> None:
    _, post = world.post(n)
    for block in post.blocks:
        if block.options is None:
            block.lines[-1] += f" More *words* {n}."
            return


def _a_cell(world: World, n: int) -> tuple[Draft, int] | None:
    """A post and the place of a cell in it."""
    _, post = world.executable(n)
    places = [place for place, block in enumerate(post.blocks) if block.options is not None]
    return (post, places[(n // 2) % len(places)]) if places else None


def _change_cell(world: World, n: int) -> None:
    if found := _a_cell(world, n):
        post, place = found
        post.blocks[place].lines.append(f"print('changed', {n})")


def _add_cell(world: World, n: int) -> None:
    name, post = world.executable(n)
    up = "../" * (name.count("/") - 1)
    sight = COMMON[n % len(COMMON)]
    if sight == "made" and any("write_text" in line for c in post.cells for line in c.lines):
        sight = "value"  # a post that reads what it is about to write runs in every build
    new = cell(sight, n, up=up)
    post.blocks.insert(1 + n % len(post.blocks), new)


def _remove_cell(world: World, n: int) -> None:
    if found := _a_cell(world, n):
        post, place = found
        del post.blocks[place]


def _swap_cells(world: World, n: int) -> None:
    _, post = world.executable(n)
    places = [place for place, block in enumerate(post.blocks) if block.options is not None]
    if len(places) > 1:
        one, other = places[0], places[1 + n % (len(places) - 1)]
        post.blocks[one], post.blocks[other] = post.blocks[other], post.blocks[one]


def _move_line(world: World, n: int) -> None:
    """Move the last line of a cell to the beginning of the next."""
    _, post = world.executable(n)
    cells = post.cells
    if len(cells) > 1:
        place = n % (len(cells) - 1)
        if len(cells[place].lines) > 1:
            cells[place + 1].lines.insert(0, cells[place].lines.pop())


def _break_cell(world: World, n: int) -> None:
    """A mistake, or the end of it."""
    if found := _a_cell(world, n):
        post, place = found
        lines = post.blocks[place].lines
        if "1 / 0" in lines:
            lines.remove("1 / 0")
        else:
            lines.append("1 / 0")


def _set_option(world: World, n: int) -> None:
    options = (
        ("echo", "false"),
        ("error", "true"),
        ("output", "false"),
        ("include", "false"),
        ("fig-width", str(3 + n % 4)),
        ("code-fold", "true"),
        ("eval", "false"),
        ("warning", "false"),
    )
    if found := _a_cell(world, n):
        post, place = found
        name, value = options[(n // 4) % len(options)]
        chosen = post.blocks[place].options
        assert chosen is not None
        if chosen.get(name) == value:
            del chosen[name]
        else:
            chosen[name] = value


def _add_value(world: World, n: int) -> None:
    _, post = world.post(n)
    value = VALUES[(n // 2) % len(VALUES)].replace("{n}", str(n))
    post.blocks.insert(1 + n % len(post.blocks), paragraph(f"A value, {value}."))


def _values(world: World, n: int) -> tuple[Draft, list[Block]]:
    """A post and its paragraphs with values and claims, if it has any."""
    posts = [post for _, post in sorted(world.posts.items()) if _held(post)]
    post = posts[n % len(posts)] if posts else world.post(n)[1]
    return post, _held(post)


def _held(post: Draft) -> list[Block]:
    return [
        b
        for b in post.blocks
        if b.options is None and re.search(r"\{(?:python|eval|claim)", b.text())
    ]


def _change_value(world: World, n: int) -> None:
    _, held = _values(world, n)
    for block in held[:1]:
        new = VALUES[n % len(VALUES)].replace("{n}", str(n + 1))
        block.lines[-1] = f"Another value, {new}."


def _remove_value(world: World, n: int) -> None:
    post, held = _values(world, n)
    if held:
        post.blocks.remove(held[n % len(held)])


def _move_value(world: World, n: int) -> None:
    """Move a value to another place among the cells."""
    post, held = _values(world, n)
    if held:
        block = held[n % len(held)]
        place = post.blocks.index(block)
        post.blocks.remove(block)
        post.blocks.insert((place + 1 + n % 2) % (len(post.blocks) + 1), block)


def _value_in_title(world: World, n: int) -> None:
    _, post = world.post(n)
    post.front["title"] = f"Title {STATE} {n}"


def _break_claim(world: World, n: int) -> None:
    """A claim that is false, or the end of it."""
    _, post = world.executable(n)
    false = [block for block in post.blocks if FALSE in block.lines]
    if false:
        post.blocks.remove(false[0])
    else:
        post.blocks.append(paragraph(FALSE))


def _put(world: World, n: int, *, name: str, content: str) -> None:
    world.put(name, content.format(n=n))


def _toggle(world: World, n: int, *, name: str, content: str) -> None:
    world.toggle(name, content.format(n=n))


def _same_size(world: World, n: int) -> None:
    """Change a file so that neither its size nor its time tells."""
    path = world.root / "posts/data/one.csv"
    if path.exists():
        stat = path.stat()
        path.write_bytes(path.read_bytes()[:-1][::-1] + bytes([65 + n % 26]))
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def _touch(world: World, n: int) -> None:
    """Change the times of files, and nothing else."""
    for path in sorted(world.root.glob("posts/**/*"))[n % 2 :: 2]:
        os.utime(path, (1_000_000_000 + n, 1_000_000_000 + n))


def _image(world: World, n: int) -> None:
    world.put(("posts/folder/dot.png", "posts/shared.png")[n % 2], png(3 + n % 5, 2 + n % 3))


def _upgrade(world: World, n: int) -> None:
    world.install(("1.0", "2.0", "2.1")[n % 3])


def _install_wished(world: World, n: int) -> None:
    """A package, with nothing that tells its version, or with it."""
    path = world.packages / "wished.py"
    info = world.packages / "wished-1.dist-info"
    if path.exists():
        path.unlink()
        shutil.rmtree(info, ignore_errors=True)
        return
    path.write_text(f"VALUE = 'installed {n % 2}'\n")
    if n % 2:
        info.mkdir()
        (info / "RECORD").write_text("wished.py,,\n")


def _move_home(world: World, n: int) -> None:
    """Build as another user."""
    world.variables["HOME"] = str(world.root.parent / f"home-{n % 2}")


def _setting(world: World, n: int, *, key: str, values: tuple[str, ...]) -> None:
    world.settings[key] = values[n % len(values)]


def _style(world: World, n: int) -> None:
    path = world.root / "themes/own/assets/css/20-prose.css"
    path.write_text(path.read_text() + f".new-{n} {{ color: red; }}\n")


def _template(world: World, n: int) -> None:
    name = ("post.html", "_entry.html", "base.html", "tag.html")[n % 4]
    path = world.root / "themes/own/templates" / name
    path.write_text(f"<!-- {n} --></".join(path.read_text().rsplit("</", 1)))


def _own_template(world: World, n: int) -> None:
    name = ("post.html", "_entry.html")[n % 2]
    text = (THEME / "templates" / name).read_text()
    world.toggle(f"templates/{name}", "<!-- own --></".join(text.rsplit("</", 1)))


def _asset(world: World, n: int) -> None:
    path = world.root / "themes/own/assets/icon.svg"
    path.write_text(path.read_text() + f"<!-- {n} -->\n")


def _damage(world: World, n: int) -> None:
    """Damage a file of the store, or several."""
    objects = world.objects()
    for path in objects[n % 3 :: 3]:
        content = path.read_bytes()
        damaged = (
            content[: len(content) // 2],
            b"",
            bytes([content[0] ^ 1]) + content[1:],
            content[:-2] + b"9" + content[-1:],
        )
        path.write_bytes(damaged[(n // 3) % len(damaged)])


def _lose(world: World, n: int) -> None:
    """Delete some files of the store."""
    for path in world.objects()[n % 4 :: 4]:
        path.unlink()


def _swap(world: World, n: int) -> None:
    """Swap the contents of two files of the store."""
    objects = world.objects()
    if len(objects) > 1:
        one, other = objects[n % len(objects)], objects[(n + 1) % len(objects)]
        content = one.read_bytes()
        one.write_bytes(other.read_bytes())
        other.write_bytes(content)


def _wipe(world: World, _: int) -> None:
    shutil.rmtree(world.root / CACHE, ignore_errors=True)


def _litter(world: World, n: int) -> None:
    """Files of an older version and of nobody in the store."""
    world.put(f"{CACHE}/v0/objects/ab/cdef", "old")
    world.put(f"{CACHE}/garbage-{n}", "?")
    for folder in sorted((world.root / CACHE).glob("v*/*/*"))[:3]:
        if folder.is_dir():
            (folder / f"garbage-{n}").write_text("?")


def _vandalise(world: World, n: int) -> None:
    """Change, delete and add files in the output folder."""
    files = [p for p in sorted(world.public.rglob("*")) if p.is_file() and p.suffix != ".json"]
    if not files:
        return
    (world.public / FOREIGN).write_text("mine")
    for path in files[n % 3 :: 3]:
        if path.name != FOREIGN:
            if n % 2:
                path.unlink()
            else:
                path.write_bytes(path.read_bytes()[:-1] + b"?")


def _remove_public(world: World, _: int) -> None:
    shutil.rmtree(world.public, ignore_errors=True)


def _kill(world: World, n: int) -> None:
    """Kill a build, at any time."""
    process = start_build(world)
    time.sleep(0.05 + n * 0.005)
    process.send_signal(signal.SIGKILL)
    process.communicate()


def _build_twice(world: World, _: int) -> None:
    """Two builds at once: both are to come to the same."""
    both = [start_build(world), start_build(world)]
    said = [process.communicate() for process in both]
    codes = [process.returncode for process in both]
    if codes[0] != codes[1] or any(re.search("^Traceback", x, re.MULTILINE) for _, x in said):
        world.trouble = f"two builds at once: {said}"


def _forbid_errors(world: World, _: int) -> None:
    """A cell that was meant to raise is not any more."""
    for block in world.posts["posts/folder/index.md"].cells:
        assert block.options is not None
        block.options.pop("error", None)


def _make_else(world: World, n: int) -> None:
    """A cell writes something else into its file than before."""
    [made] = [x for x in world.posts["posts/maker.md"].cells if "write_text" in "".join(x.lines)]
    made.lines = [line.replace("made by", f"made {n} times by") for line in made.lines]


def _forge(world: World, _: int) -> None:
    """Change what is in the store to something that could have been there."""
    for path in world.objects():
        path.write_bytes(path.read_bytes().replace(b"It writes.", b"It forges."))


def _of(edit: Callable[..., None], **given: object) -> Edit:
    return partial(edit, **given)


_UNSAVED: dict[str, Edit] = {
    "add a post": _add_post,
    "delete a post": _delete_post,
    "rename a post": _rename_post,
    "change a title": _retitle,
    "change a date": _redate,
    "change tags": _retag,
    "toggle a draft": _toggle_draft,
    "set an alias": _set_alias,
    "set a post's seed": _set_post_seed,
    "add prose above": _prose_above,
    "add prose between": _prose_between,
    "change prose": _change_prose,
    "change a cell": _change_cell,
    "add a cell": _add_cell,
    "remove a cell": _remove_cell,
    "swap cells": _swap_cells,
    "move a line": _move_line,
    "break a cell": _break_cell,
    "set an option": _set_option,
    "add a value": _add_value,
    "change a value": _change_value,
    "remove a value": _remove_value,
    "move a value": _move_value,
    "show a value in the title": _value_in_title,
    "break a claim": _break_claim,
    "change data": _of(_put, name="posts/data/one.csv", content="{n}\n"),
    "change data unseen": _same_size,
    "toggle data": _of(_toggle, name="posts/data/one.csv", content="{n},\n"),
    "toggle what is looked for": _of(_toggle, name="posts/data/maybe.txt", content="{n}"),
    "toggle what might be": _of(_toggle, name="posts/data/perhaps.txt", content="{n}"),
    "toggle a listed file": _of(_toggle, name="posts/data/many/c.txt", content="{n}"),
    "change a listed file": _of(_put, name="posts/data/many/a.txt", content="{n}"),
    "change what a cell made": _of(_put, name="posts/data/made.txt", content="by hand {n}"),
    "toggle what a cell made": _of(_toggle, name="posts/data/made.txt", content="by hand {n}"),
    "change a module": _of(
        _put,
        name="posts/helper.py",
        content="import inner\ndef value():\n    return inner.VALUE, {n}\n",
    ),
    "change an inner module": _of(_put, name="posts/inner.py", content="VALUE = {n}\n"),
    "toggle a module": _of(_toggle, name="posts/helper.py", content="def value(): return {n}\n"),
    "toggle a package before a module": _of(
        _toggle, name="posts/helper/__init__.py", content="def value(): return 'package', {n}\n"
    ),
    "toggle a submodule": _of(_toggle, name="posts/pack/part.py", content="VALUE = {n}\n"),
    "toggle a subpackage": _of(
        _toggle, name="posts/pack/part/__init__.py", content="VALUE = 'package', {n}\n"
    ),
    "toggle a wished module": _of(_toggle, name="posts/wished.py", content="VALUE = {n}\n"),
    "toggle a module that shadows": _of(
        _toggle, name="posts/fakepkg.py", content="def value(): return 'local', {n}\n"
    ),
    "toggle a package that shadows": _of(
        _toggle, name="posts/fakepkg/__init__.py", content="def value(): return 'local', {n}\n"
    ),
    "change times": _touch,
    "change an image": _image,
    "change an attachment": _of(_put, name="posts/folder/numbers.csv", content="{n}\n"),
    "upgrade a package": _upgrade,
    "install what was wished for": _install_wished,
    "move home": _move_home,
    "set the title": _of(_setting, key="title", values=('"Notes"', '"Other notes"')),
    "set the address": _of(
        _setting, key="url", values=('"https://example.org/"', '"https://example.com/blog/"')
    ),
    "set the seed": _of(_setting, key="execution.seed", values=("0", "1")),
    "set the environment": _of(
        _setting,
        key="execution.environment",
        values=('{ MODE = "a" }', '{ MODE = "b" }', '{ OTHER = "a" }'),
    ),
    "set permalinks": _of(_setting, key="permalink", values=('"/{slug}/"', '"/{year}/{slug}/"')),
    "set the width of figures": _of(_setting, key="figures.width", values=("6.4", "5.0")),
    "set a number of posts": _of(_setting, key="home_posts", values=("10", "2", "1")),
    "set quotes": _of(_setting, key="smart_quotes", values=("true", "false")),
    "change the style": _style,
    "change a template": _template,
    "toggle a template of one's own": _own_template,
    "change an icon": _asset,
    "toggle a static file": _of(_toggle, name="static/more/file.txt", content="{n}"),
    "change a static file": _of(_put, name="static/robots.txt", content="{n}"),
}


def _saved(edit: Edit) -> Edit:
    def edited(world: World, number: int) -> None:
        edit(world, number)
        world.save()

    return edited


EDITS: dict[str, Edit] = {
    **{name: _saved(edit) for name, edit in _UNSAVED.items()},
    "build": _build,
    "build otherwise": _build_otherwise,
    "freeze a post": _freeze,
    "damage the store": _damage,
    "lose some of the store": _lose,
    "swap two objects": _swap,
    "remove the store": _wipe,
    "litter the store": _litter,
    "vandalise the output": _vandalise,
    "remove the output": _remove_public,
}
SLOW: dict[str, Edit] = {"kill a build": _kill, "build twice at once": _build_twice}
# Those that need the site as it was at first.
PLANTED: dict[str, Edit] = {
    "forbid errors": _saved(_forbid_errors),
    "make something else": _saved(_make_else),
    "forge pages": _forge,
}
EDITS |= SLOW | PLANTED

"""Reading: which files are posts and pages, and which cannot be."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from site_builder.content.parse import parse
from site_builder.content.read import read_sources, read_static
from site_builder.errors import ContentError
from site_builder.model.post import Source
from site_builder.settings.site import Site
from site_builder.settings.tables import Settings

POST = "---\ntitle: T\ndate: 2020-01-01\n---\nText.\n"
SCRIPT = "# ---\n# title: T\n# date: 2020-01-01\n# ---\n\n# %% [markdown]\n# Text.\n"


def read(root: Path, files: dict[str, str | bytes]) -> tuple[tuple[Source, ...], list[str]]:
    for path, content in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
    sources, problems = read_sources(Site(root, Settings("T", "https://example.org/")))
    return sources, [f"{p.file}:{p.line}: {p.message}" for p in problems]


def test_posts_and_pages_are_found_in_order(tmp_path: Path) -> None:
    sources, problems = read(
        tmp_path,
        {
            "posts/b.md": POST,
            "posts/a/index.md": POST,
            "posts/a/notes.md": "not a post",
            "posts/a/data.csv": "1",
            "posts/c.py": SCRIPT,
            "posts/helpers.py": "x = 1\n",
            "posts/d.qmd": POST,
            "posts/_draft.md": POST,
            "posts/.hidden.md": POST,
            "posts/data/x.csv": "1",
            "posts/images/x.md": "1",
            "posts/_shared/x.csv": "1",
            "posts/library/__init__.py": "",
            "posts/picture.png": b"\x89PNG",
            "pages/about.md": POST,
            "other/x.md": POST,
        },
    )
    assert problems == []
    assert [source.path for source in sources] == [
        "posts/a/index.md",
        "posts/b.md",
        "posts/c.py",
        "posts/d.qmd",
        "pages/about.md",
    ]


def test_a_site_without_posts_has_no_sources(tmp_path: Path) -> None:
    assert read(tmp_path, {"site.toml": ""}) == ((), [])


@pytest.mark.parametrize("content", [POST, POST.replace("\n", "\r\n"), POST.replace("\n", "\r")])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_marks_do_not_matter(tmp_path: Path, content: str, mark: str) -> None:
    sources, problems = read(tmp_path, {"posts/a.md": mark + content})
    assert problems == []
    assert [source.text for source in sources] == [POST]


def test_plain_fences_of_quarto_files_are_shown_only(tmp_path: Path) -> None:
    body = POST + "```python\nx = 1\n```\n"
    sources, _ = read(tmp_path, {"posts/a.qmd": body, "posts/b.md": body})
    site = Site(tmp_path, Settings("T", "https://example.org/"))
    assert [len(parse(site, source).cells) for source in sources] == [0, 1]


@pytest.mark.parametrize(
    ("path", "content", "problem"),
    [
        ("posts/a.md", b"one\ntwo \xff\n", "posts/a.md:2: the file is not UTF-8"),
        ("posts/a.md", "é".encode("latin-1"), "posts/a.md:1: the file is not UTF-8"),
        ("posts/a.md", "x".encode("utf-16"), "posts/a.md:1: the file is not UTF-8"),
        ("posts/a.md", b"one\nt\0wo\n", "posts/a.md:2: the file has a null character"),
        ("posts/a/notes.md", b"x", "posts/a:0: post folder without a post"),
        ("posts/a/x.csv", b"x", "posts/a:0: post folder without a post"),
        ("pages/a/x.ipynb", b"{}", "pages/a:0: post folder without a post"),
    ],
)
def test_what_cannot_be_read_is_named(
    tmp_path: Path, path: str, content: bytes, problem: str
) -> None:
    sources, problems = read(tmp_path, {path: content, "posts/good.md": POST})
    assert problems == [problem]
    assert [source.path for source in sources] == ["posts/good.md"]


def test_a_folder_holds_one_post(tmp_path: Path) -> None:
    sources, problems = read(tmp_path, {"posts/a/index.md": POST, "posts/a/index.py": SCRIPT})
    assert problems == ["posts/a:0: the folder has more than one post: index.md and index.py"]
    assert sources == ()


def test_links_that_lead_out_of_the_site_are_refused(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "index.md").write_text(POST)
    posts = tmp_path / "site" / "posts"
    posts.mkdir(parents=True)
    (posts / "a.md").symlink_to(outside / "index.md")
    (posts / "b").symlink_to(outside)
    (posts / "c.md").write_text(POST)
    (posts / "d.md").symlink_to(posts / "c.md")
    sources, problems = read(tmp_path / "site", {})
    assert problems == [
        "posts/b:0: the folder is a link to a place outside of the site's folder",
        "posts/a.md:0: the file is a link to a place outside of the site's folder",
    ]
    assert [source.path for source in sources] == ["posts/c.md", "posts/d.md"]


def test_a_link_to_nothing_is_named(tmp_path: Path) -> None:
    (tmp_path / "posts").mkdir()
    (tmp_path / "posts" / "a.md").symlink_to(tmp_path / "gone.md")
    assert read(tmp_path, {})[1] == [
        "posts/a.md:0: cannot read the file: No such file or directory"
    ]


def test_a_link_to_itself_and_a_pipe_are_named(tmp_path: Path) -> None:
    (tmp_path / "posts").mkdir()
    (tmp_path / "posts" / "a.md").symlink_to("a.md")
    os.mkfifo(tmp_path / "posts" / "b.md")
    assert read(tmp_path, {})[1] == [
        f"posts/a.md:0: cannot read the file: {os.strerror(errno.ELOOP)}",
        "posts/b.md:0: this is a folder, a pipe or a device where a file should be",
    ]


def test_static_files_are_read_and_what_is_none_is_named(tmp_path: Path) -> None:
    site, static = tmp_path / "site", tmp_path / "site" / "static"
    (static / "deep").mkdir(parents=True)
    (site / "shared.txt").write_text("shared")
    (tmp_path / "secret.txt").write_text("secret")
    (static / "deep" / "a.txt").write_text("a")
    (static / "inside.txt").symlink_to(site / "shared.txt")
    (static / ".#a.txt").symlink_to("ada@host.1234")
    settings = Settings("T", "https://example.org/")
    assert {file.path: file.content for file in read_static(Site(site, settings))} == {
        "deep/a.txt": b"a",
        "inside.txt": b"shared",
    }
    (static / "folder").symlink_to(static / "deep")
    (static / "gone.txt").symlink_to("nowhere")
    (static / "loop.txt").symlink_to("loop.txt")
    (static / "outside.txt").symlink_to(tmp_path / "secret.txt")
    os.mkfifo(static / "pipe")
    with pytest.raises(ContentError) as caught:
        read_static(Site(site, settings))
    assert [f"{p.file}: {p.message}" for p in caught.value.problems] == [
        "static/folder: the folder is a link, which is not followed",
        "static/gone.txt: cannot read the file: No such file or directory",
        f"static/loop.txt: cannot read the file: {os.strerror(errno.ELOOP)}",
        "static/outside.txt: the file is a link to a place outside of the site's folder",
        "static/pipe: this is a folder, a pipe or a device where a file should be",
    ]


def test_a_file_that_may_not_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> bytes:
        raise PermissionError(errno.EACCES, "Permission denied", path)

    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert read(tmp_path, {"posts/a.md": POST})[1] == [
        "posts/a.md:0: cannot read the file: Permission denied"
    ]

"""`site-builder new`: a post that a build takes as it is, in a file that was not there."""

from __future__ import annotations

import datetime as dt
import os
import sys
from pathlib import Path

import pytest
from broken_sites import GOOD, Blog, Told, heads
from hypothesis import given, settings
from hypothesis import strategies as st

from site_builder.authoring.new_post import NewPost, write_post
from site_builder.content.front_matter import read_front_matter
from site_builder.errors import UsageError
from site_builder.model.front_matter import FrontMatter
from site_builder.model.post import Source
from site_builder.settings.site import load_site


@pytest.fixture
def blog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Blog:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1559433600")  # 2019-06-02
    return Blog(tmp_path)


def front(path: Path) -> FrontMatter:
    text = path.read_text(encoding="utf-8")
    return read_front_matter(Source(f"{path.parent.name}/{path.name}", text))[0]


def refused(told: Told) -> str:
    assert (told.code, told.out) == (2, "")
    return heads(told.err)[0]


def test_a_post_begins(blog: Blog) -> None:
    told = blog.run("new", "Two dice: a story", "--tags", "Probability, R & D", "--tags", "dice")
    assert (told.code, told.out, told.err) == (0, "posts/two-dice-a-story.md\n", "")
    assert (blog.root / "posts/two-dice-a-story.md").read_text(encoding="utf-8") == (
        '---\ntitle: "Two dice: a story"\ndate: 2019-06-02\n'
        "tags: [Probability, R & D, dice]\n---\n\n"
    )
    assert blog.build().out == "1 post: none executed; 9 pages → public/\n"


def test_each_kind_builds(blog: Blog) -> None:
    blog.run("new", "A note", "--kind", "aside", "--draft")
    blog.run("new", "", "--kind", "aside", "--slug", "untitled")
    told = blog.run("new", "About", "--kind", "page")
    assert told.out == "pages/about.md\n"
    assert front(blog.root / "posts/a-note.md").draft
    assert front(blog.root / "posts/untitled.md").title == ""
    assert "date" not in (blog.root / "pages/about.md").read_text(encoding="utf-8")
    built = blog.build("--drafts")
    assert (built.code, built.err) == (0, "")
    assert (blog.public / "about/index.html").is_file()


def test_a_day_and_a_name_of_ones_own(blog: Blog) -> None:
    blog.run("new", "Dice", "--date", "2018-01-31", "--slug", "2020-throws")
    assert front(blog.root / "posts/2020-throws.md").date == dt.date(2018, 1, 31)
    blog.run("new", "Dice", "--slug", "2019-05-05-dice")
    assert front(blog.root / "posts/2019-05-05-dice.md").slug == "2019-05-05-dice"
    assert blog.build().code == 0
    assert (blog.public / "2019-05-05-dice/index.html").is_file()


def test_the_path_is_one_from_here(blog: Blog, monkeypatch: pytest.MonkeyPatch) -> None:
    (blog.root / "below").mkdir()
    monkeypatch.chdir(blog.root / "below")
    told = blog.run("new", "Dice", "-C", "..")
    assert Path(told.out.strip().replace("SITE", str(blog.root))).samefile(
        blog.root / "posts/dice.md"
    )


@pytest.mark.parametrize(
    "taken", ["posts/good.md", "posts/good/index.md", "posts/good.ipynb", "posts/good.qmd"]
)
def test_nothing_is_overwritten(blog: Blog, taken: str) -> None:
    blog.put({taken: GOOD})
    said = refused(blog.run("new", "Good"))
    assert said == f"{taken}: there is a post of this name already"
    assert (blog.root / taken).read_text(encoding="utf-8") == GOOD
    assert [p for p in blog.root.rglob("*") if p.is_file()] == [
        blog.root / "site.toml",
        blog.root / taken,
    ]


@pytest.mark.parametrize(
    ("there", "kind"), [("posts/2019-05-05-good.md", "post"), ("pages/good.md", "aside")]
)
def test_no_post_gets_the_address_of_another(blog: Blog, there: str, kind: str) -> None:
    blog.put({there: "---\ntitle: Good\n---\n\nText.\n"})
    said = refused(blog.run("new", "Good", "--kind", kind))
    assert said == f"{there}: there is a post of this address already: /good/"
    assert blog.run("new", "Good", "--kind", kind, "--slug", "better").code == 0
    assert blog.build().code == 0


def test_the_same_name_in_another_year(blog: Blog) -> None:
    toml = (blog.root / "site.toml").read_text(encoding="utf-8")
    blog.put({"site.toml": toml + 'permalink = "/{year}/{slug}/"\n'})
    blog.put({"posts/2018-05-05-good.md": "---\ntitle: Good\n---\n\nText.\n"})
    assert blog.run("new", "Good").code == 0
    assert blog.build().code == 0


def test_a_file_that_is_no_post_is_kept(blog: Blog) -> None:
    (blog.root / "posts").mkdir()
    (blog.root / "posts/good.md").symlink_to("nowhere")
    assert "there is a post of this name already" in blog.run("new", "Good").err
    assert not (blog.root / "posts/nowhere").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["???"], "no name for the file can be made of the title"),
        (["", "--slug", "x"], "'title' is empty"),
        (["A", "--slug", "../a"], "--slug should be of letters, digits, '-' and '_', not '../a'"),
        (["A", "--slug", "_a"], "--slug should be of letters, digits, '-' and '_', not '_a'"),
        (["A", "--tags", "b,B"], "'b' and 'B' in 'tags' have the same address"),
        (["A", "--tags", "?"], "the tag '?' has no letters or digits"),
        (["A\x07"], "the title has control characters: 'A\\x07'"),
    ],
)
def test_what_cannot_be_is_refused(blog: Blog, arguments: list[str], said: str) -> None:
    assert refused(blog.run("new", *arguments)) == said
    assert not list(blog.root.rglob("*.md"))


def test_a_day_that_is_none(blog: Blog) -> None:
    told = blog.run("new", "A", "--date", "2019-02-30")
    assert told.code == 2
    assert told.err.splitlines()[-1] == (
        "site-builder new: error: argument --date: a date such as 2019-06-02, not '2019-02-30'"
    )


def test_a_folder_that_cannot_be_written(blog: Blog) -> None:
    blog.put({"posts": "a file"})
    said = refused(blog.run("new", "Good"))
    assert said == "posts: there is a file where the folder of posts should be"


def test_the_editor_gets_the_file(blog: Blog, monkeypatch: pytest.MonkeyPatch) -> None:
    script = "import sys; open(sys.argv[-1], 'a').write(sys.argv[1])"
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", f'"{sys.executable}" -c "{script}" edited')
    told = blog.run("new", "Good", "--edit")
    assert (told.code, told.out, told.err) == (0, "posts/good.md\n", "")
    assert (blog.root / "posts/good.md").read_text(encoding="utf-8").endswith("---\n\nedited")


@pytest.mark.skipif(os.name != "posix", reason="names programs as posix does")
@pytest.mark.parametrize(
    ("editor", "code", "said", "written"),
    [
        ("", 2, "error[C013]: neither VISUAL nor EDITOR names an editor", False),
        ("a 'b", 2, 'error[C013]: the editor "a \'b" is no command: No closing quotation', False),
        (
            "/no/editor",
            2,
            "error[C013]: the editor '/no/editor' does not start: No such file or directory",
            True,
        ),
        ("false", 1, "", True),
    ],
)
def test_an_editor_that_is_none(
    blog: Blog,
    monkeypatch: pytest.MonkeyPatch,
    editor: str,
    code: int,
    said: str,
    written: bool,
) -> None:
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", editor)
    told = blog.run("new", "Good", "--edit")
    assert (told.code, told.err.partition("\n")[0]) == (code, said)
    assert (blog.root / "posts/good.md").exists() is written


texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=30).filter(str.isprintable)


@settings(max_examples=150, deadline=None)
@given(title=texts.filter(lambda text: bool(text.strip())), tags=st.lists(texts, max_size=3))
def test_every_title_and_tag_is_read_as_it_was_given(
    tmp_path_factory: pytest.TempPathFactory, title: str, tags: list[str]
) -> None:
    blog = Blog(tmp_path_factory.mktemp("site"))
    new = NewPost(title, dt.date(2020, 5, 17), tags=tuple(tags), slug="a")
    try:
        path = write_post(load_site(blog.root), new)
    except UsageError as error:
        # Only for what front matter refuses however it is written.
        assert all("'tags'" in each.message or "tag" in each.message for each in error.problems)
    else:
        read = front(path)
        assert (read.title, read.tags) == (title, tuple(tags))

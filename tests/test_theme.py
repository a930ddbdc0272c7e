"""Themes: which one is taken, its style sheet and assets, and what is said of its mistakes."""

from __future__ import annotations

import dataclasses
import re
import shutil
from pathlib import Path

import pytest
from made_pages import assembled, built, make_page, make_site, theme_of

from site_builder.assembly.context import TEMPLATES
from site_builder.assembly.theme.style import style_text
from site_builder.errors import Problem, UsageError

OURS = Path(__file__).parents[1] / "themes" / "default"


def small_theme(root: Path, **templates: str) -> Path:
    """A theme `small` of one-line templates; `home=…` replaces that of the home page."""
    folder = root / "themes" / "small"
    (folder / "templates").mkdir(parents=True)
    for name in TEMPLATES:
        text = templates.pop(name.removesuffix(".html"), "{{ page.title }}\n")
        (folder / "templates" / name).write_text(text)
    for name, text in templates.items():
        (folder / "templates" / f"{name}.html").write_text(text)
    return folder


def problems_of(root: Path, *, render: bool = False, **templates: str) -> tuple[Problem, ...]:
    small_theme(root, **templates)
    site = make_site(root, theme="small")
    with pytest.raises(UsageError) as caught:
        built(site, [make_page("posts/a.md")]) if render else theme_of(site)
    return caught.value.problems


def test_our_theme_is_found_without_a_folder_of_its_own(tmp_path: Path) -> None:
    theme = theme_of(make_site(tmp_path))
    assert set(TEMPLATES) <= set(theme.texts)
    icon = theme.assets["icon.svg"]
    assert icon.content == (OURS / "assets/icon.svg").read_bytes()
    assert icon.path.startswith("assets/icon.")
    assert icon.path.endswith(".svg")


def test_a_theme_of_the_site_is_taken_before_ours(tmp_path: Path) -> None:
    shutil.copytree(OURS, tmp_path / "themes/default")
    (tmp_path / "themes/default/templates/404.html").write_text("mine: {{ page.title }}\n")
    files = built(make_site(tmp_path), [])
    assert files["404.html"] == "mine: Page not found\n"


def test_a_template_of_the_site_replaces_that_of_the_theme(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates/404.html").write_text("lost in {{ site.title }}")
    files = built(make_site(tmp_path), [])
    assert files["404.html"] == "lost in Notes"
    assert files["index.html"].startswith("<!doctype html>")


@pytest.mark.parametrize("place", ["templates/extra.txt", "assets/x.txt", "assets/css/x.css"])
def test_a_theme_publishes_nothing_from_outside(tmp_path: Path, place: str) -> None:
    (tmp_path / "secret").write_text("secret")
    site = tmp_path / "site"
    theme = small_theme(site)
    link = theme / place
    link.parent.mkdir(parents=True, exist_ok=True)
    (theme / "inside").write_text("")
    link.symlink_to(theme / "inside")
    theme_of(make_site(site, theme="small"))
    link.unlink()
    link.symlink_to(tmp_path / "secret")
    with pytest.raises(UsageError) as caught:
        theme_of(make_site(site, theme="small"))
    assert str(caught.value) == (
        f"themes/small/{place}: the file is a link to a place outside of the theme and the site\n"
        "  help: copy the file to where the link is"
    )


def test_filters(tmp_path: Path) -> None:
    post = "{{ post.date|date }} {{ post.date|iso }} {{ '<' }}"
    small_theme(tmp_path, post=post)
    files = built(make_site(tmp_path, theme="small"), [make_page("posts/a.md")])
    assert files["a/index.html"] == "17 May 2020 2020-05-17 &lt;"


def test_assets_are_named_by_their_content(tmp_path: Path) -> None:
    home = "{{ asset('img/dot.png') }} {{ site.style_url }} [{{ site.icon_url }}]"
    folder = small_theme(tmp_path, home=home)
    (folder / "assets/css").mkdir(parents=True)
    (folder / "assets/img").mkdir()
    (folder / "assets/img/dot.png").write_bytes(b"png")
    (folder / "assets/css/20-b.css").write_text("b { background: url(../img/dot.png) }\n")
    (folder / "assets/css/10-a.css").write_text('/* A */ a { content: "/* kept */" }\n')
    site = make_site(tmp_path, theme="small", url="https://example.org/blog/")
    files = {file.path: file.content for file in assembled(site, [])}
    dot, style, icon = files["index.html"].decode().split(" ")
    assert files[dot.removeprefix("/blog/")] == b"png"
    assert icon == "[]"
    dot_in_style = dot.removeprefix("/blog/assets/")
    expected = f'a{{content:"/* kept */"}}b{{background:url("{dot_in_style}")}}\n'
    assert files[style.removeprefix("/blog/")].decode() == expected
    (folder / "assets/css/20-b.css").write_text("b {}\n")
    assert style.removeprefix("/blog/") not in built(site, [])


def test_the_maths_font_comes_with_the_sheet_for_formulas_if_there_is_one(tmp_path: Path) -> None:
    page = dataclasses.replace(make_page("posts/a.md"), maths_characters="x")
    home = "[{{ site.style_url }}] [{{ site.maths_style_url }}]"
    folder = small_theme(tmp_path, home=home)
    (folder / "assets").mkdir(exist_ok=True)
    for own in ("", "/* Own */ math { color: red }\n"):
        if own:
            (folder / "assets/maths.css").write_text(own)
        site = make_site(tmp_path, theme="small")
        files = built(site, [page])
        style, maths = re.findall(r"\[/?([^\]]*)\]", files["index.html"])
        assert ("@font-face{" in files[style]) == (not own)
        assert (maths in files and files[maths].endswith("math{color:red}")) == bool(own)
        assert not own or files[maths].startswith("@font-face{")


def test_white_space_goes_where_it_means_nothing() -> None:
    css = """
        @media (width >= 40rem) { .a > b , c :hover { --x:  1px ; margin: 0 -1px } }
        i::after { content: ": > " }
    """
    assert style_text({"a.css": css}, lambda name: "") == (
        '@media (width >= 40rem){.a>b,c :hover{--x:1px;margin:0 -1px}}i::after{content:": > "}\n'
    )


def test_a_comment_that_is_never_closed_takes_the_rest() -> None:
    assert style_text({"a.css": "a {}\n/* b {}"}, lambda name: "") == "a{}\n"


def test_a_theme_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text('title = "x"\ntheme = "defualt"\n')
    with pytest.raises(UsageError) as caught:
        theme_of(make_site(tmp_path, theme="defualt"))
    assert str(caught.value) == (
        "site.toml:2:9: there is no theme 'defualt'\n  help: did you mean 'default'?"
    )


def test_all_that_is_wrong_with_a_theme_is_reported_at_once(tmp_path: Path) -> None:
    folder = small_theme(
        tmp_path,
        home="<h1>\n{% if posts %}\n",
        post='{% extends "bas.html" %}\n',
        tag="{{ tga.name }}\n",
        tags="{{ page.titel }}\n",
        page="{{ post.title | titel }}\n",
        base="{{ post }}{{ pots }}\n",
    )
    (folder / "templates/series.html").unlink()
    with pytest.raises(UsageError) as caught:
        theme_of(make_site(tmp_path, theme="small"))
    said = {p.file.removeprefix("themes/small/templates"): p for p in caught.value.problems}
    assert {file: problem.message for file, problem in said.items()} == {
        "": "the theme has no template 'series.html'",
        "/home.html": "not a template: Unexpected end of template. Jinja was looking for the "
        "following tags: 'elif' or 'else' or 'endif'. The innermost block that needs to be "
        "closed is 'if'.",
        "/post.html": "there is no template 'bas.html'",
        "/tag.html": "this template is not given 'tga'",
        "/tags.html": "page has no 'titel'",
        "/page.html": "not a template: No filter named 'titel'.",
        "/base.html": "this template is not given 'pots'",
    }
    assert said["/tag.html"].help == "did you mean 'tag'?"
    assert said["/tags.html"].help == "did you mean 'title'?"
    assert said["/base.html"].help in ("did you mean 'post'?", "did you mean 'posts'?")
    assert (said["/tags.html"].line, said["/tags.html"].column) == (1, 9)
    assert said["/home.html"].excerpt == "{% if posts %}"


def test_parts_see_what_those_that_include_them_set(tmp_path: Path) -> None:
    home = '{% set word = "hi" %}{% for post in posts %}{% include "_part.html" %}{% endfor %}'
    small_theme(tmp_path, home=home, _part="{{ word }} {{ post.url }}")
    files = built(make_site(tmp_path, theme="small"), [make_page("posts/a.md")])
    assert files["index.html"] == "hi /a/"


def test_a_field_that_a_post_does_not_have(tmp_path: Path) -> None:
    home = "<ul>\n{% for p in posts %}\n<li>{{ p.titel }}</li>\n{% endfor %}\n"
    (problem,) = problems_of(tmp_path, render=True, home=home)
    assert str(problem) == (
        "themes/small/templates/home.html:3:10: a post has no 'titel'\n"
        "  help: did you mean 'title'?"
    )


def test_an_error_in_an_included_part_is_placed_there(tmp_path: Path) -> None:
    home = '\n{% include "_part.html" %}'
    (problem,) = problems_of(tmp_path, render=True, home=home, _part="\n\n{{ 1 / 0 }}")
    assert (problem.file, problem.line) == ("themes/small/templates/_part.html", 3)
    assert problem.message == "cannot be rendered: ZeroDivisionError: division by zero"


def test_an_asset_that_is_not_there(tmp_path: Path) -> None:
    (problem,) = problems_of(tmp_path, render=True, home="{{ asset('x.png') }}")
    assert "the theme has no asset 'x.png'" in problem.message
    assert problem.line == 1

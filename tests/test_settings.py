"""Settings: what is read of a site.toml. What is said of a broken one is in test_bad_input."""

from __future__ import annotations

from pathlib import Path

import pytest

from site_builder.errors import UsageError
from site_builder.settings.faults import macro_fault
from site_builder.settings.site import load_site, parse_settings
from site_builder.settings.tables import Execution, Figures, Math, Settings

SHORT = 'title = "Notes"\nurl = "https://example.org/"\n'


def test_title_and_address_are_enough() -> None:
    assert parse_settings(SHORT) == Settings(title="Notes", url="https://example.org/")


def test_everything_can_be_said() -> None:
    settings = parse_settings(
        SHORT
        + r"""
        description = "On nets"
        author = "Ada"
        language = "pt-BR"
        permalink = "/{year}/{month}/{day}/{slug}/"
        theme = "mine"
        home_posts = 5
        feed_posts = 7
        math.macros = { '\R' = '\mathbb{R}', '\norm' = '\lVert #1 \rVert' }

        [execution]
        python = ".venv/bin/python"
        fences = "marked"
        seed = 42
        timeout = 1.5
        post_timeout = 60
        memory = 2
        output_limit = 1
        environment = { KERAS_BACKEND = "jax", LEVEL = 3 }
        pass_environment = ["TOKEN"]

        [figures]
        format = "png"
        width = 5
        height = 3.5
        svg_limit = 90
        dark = "card"
        """
    )
    assert settings == Settings(
        title="Notes",
        url="https://example.org/",
        description="On nets",
        author="Ada",
        language="pt-BR",
        permalink="/{year}/{month}/{day}/{slug}/",
        theme="mine",
        home_posts=5,
        feed_posts=7,
        execution=Execution(
            python=".venv/bin/python",
            fences="marked",
            seed=42,
            timeout=1.5,
            post_timeout=60.0,
            memory=2.0,
            output_limit=1.0,
            environment={"KERAS_BACKEND": "jax", "LEVEL": "3"},
            pass_environment=("TOKEN",),
        ),
        figures=Figures(format="png", width=5.0, height=3.5, svg_limit=90.0, dark="card"),
        math=Math(macros={r"\R": r"\mathbb{R}", r"\norm": r"\lVert #1 \rVert"}),
    )


@pytest.mark.parametrize(
    ("url", "address", "base"),
    [
        ("https://example.org", "https://example.org/", "/"),
        ("https://example.org/", "https://example.org/", "/"),
        ("https://example.org/a/blog", "https://example.org/a/blog/", "/a/blog/"),
        ("http://localhost:8000/x//", "http://localhost:8000/x/", "/x/"),
        ("https://xn--bcher-kva.example/", "https://xn--bcher-kva.example/", "/"),
    ],
)
def test_an_address_has_a_base_path(tmp_path: Path, url: str, address: str, base: str) -> None:
    (tmp_path / "site.toml").write_text(f'title = "Notes"\nurl = "{url}"\n', encoding="utf-8")
    site = load_site(tmp_path)
    assert (site.address, site.base) == (address, base)


def test_the_command_line_has_the_last_word_on_the_address() -> None:
    assert parse_settings(SHORT, base_url="https://x.org/").url == "https://x.org/"
    assert parse_settings('title = "Notes"\n', base_url="https://x.org/").url == "https://x.org/"


@pytest.mark.parametrize("text", ["\ufeff" + SHORT, SHORT.replace("\n", "\r\n")])
def test_files_as_windows_writes_them(tmp_path: Path, text: str) -> None:
    (tmp_path / "site.toml").write_bytes(text.encode())
    assert load_site(tmp_path).settings.title == "Notes"


def test_problems_know_their_line_in_a_file_with_crlf(tmp_path: Path) -> None:
    text = SHORT + '# 你好\nauthro = "Ada"\n'
    (tmp_path / "site.toml").write_bytes(text.replace("\n", "\r\n").encode())
    with pytest.raises(UsageError) as caught:
        load_site(tmp_path)
    (problem,) = caught.value.problems
    assert (problem.line, problem.column, problem.excerpt) == (4, 1, 'authro = "Ada"')


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ('"home_post" = 1', (3, 1, 11)),
        ("figures.widht = 1", (3, 1, 13)),
        ("[figures]\nwidht = 1", (4, 1, 5)),
        ("[ figures ]\n  widht = 1", (4, 3, 5)),
        ('[math.macros]\n"R" = "x"', (4, 1, 3)),
        ('math = { macros = { R = "x" } }', (3, 1, 4)),
        ('["execution"]\ntimout = 1', (4, 1, 6)),
    ],
)
def test_a_key_is_found_however_it_is_written(line: str, place: tuple[int, int, int]) -> None:
    with pytest.raises(UsageError) as caught:
        parse_settings(SHORT + line + "\n")
    (problem,) = caught.value.problems
    assert (problem.line, problem.column, problem.width) == place


@pytest.mark.parametrize("tex", [r"\mathbb{R}", r"\{ #1 \}", r"{a}{b}", "", r"\\{x}"])
def test_macros_with_whole_braces(tex: str) -> None:
    assert macro_fault(r"\R", tex) == ""


@pytest.mark.parametrize(
    ("name", "tex", "fault"),
    [
        ("R", "x", "a macro's name is a backslash and letters, not 'R'"),
        (r"\R2", "x", r"a macro's name is a backslash and letters, not '\\R2'"),
        (r"\R", "{x", r"in the macro \R a brace is not closed"),
        (r"\R", r"{x\}", r"in the macro \R a brace is not closed"),
        (r"\R", "x}{", r"in the macro \R a brace is not opened"),
    ],
)
def test_macros_that_cannot_be(name: str, tex: str, fault: str) -> None:
    assert macro_fault(name, tex) == fault


def test_an_address_with_a_name_in_it_is_none_but_one_in_its_path_is_fine() -> None:
    with pytest.raises(UsageError, match="'url' should be an address"):
        parse_settings("title = 'Notes'\nurl = 'https://ada:pass@example.org/'\n")
    url = "https://example.org/@ada/"
    assert parse_settings(f"title = 'Notes'\nurl = '{url}'\n").url == url
    table = f"[deploy.live]\nkind = 'folder'\npath = 'www'\nurl = '{url}'\n"
    assert parse_settings(f"title = 'Notes'\nurl = '{url}'\n{table}").deploy["live"].url == url

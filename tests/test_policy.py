"""The policy for browsers, and the one script that it lets run."""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
from pathlib import Path

import pytest
from made_pages import built, make_page, make_site

from site_builder.assembly.policy import policy, squeezed
from site_builder.errors import UsageError
from site_builder.rendering.foreign_html import unseen
from site_builder.settings.machines import Policy, allows
from site_builder.settings.site import parse_settings

OURS = Path(__file__).parents[1] / "themes" / "default"
NONE = (
    "default-src 'none'; img-src 'self' data:; style-src 'self'; script-src 'self'; "
    "connect-src 'self'; font-src 'self'; media-src 'self'; form-action 'self'; base-uri 'none'"
)


def directives(text: str) -> dict[str, list[str]]:
    return {words[0]: words[1:] for words in map(str.split, text.split(";"))}


def test_by_default_nothing_comes_from_elsewhere() -> None:
    assert policy("", Policy()) == NONE


def test_the_script_of_the_theme_runs_by_its_hash(tmp_path: Path) -> None:
    shutil.copytree(OURS, tmp_path / "themes/mine")
    (tmp_path / "themes/mine/assets/inline.js").write_text(
        "// a\n  run();\n\n/* b\n c */ go('é');\n"
    )
    files = built(make_site(tmp_path, theme="mine"), [make_page("posts/a.md")])
    for path in ("index.html", "a/index.html", "404.html"):
        scripts = re.findall(r"<script>(.*?)</script>", files[path], re.DOTALL)
        assert scripts == ["run();\ngo('é');"]
        digest = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
        meta = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', files[path])
        assert meta
        assert directives(meta[1])["script-src"] == ["'self'", f"'sha256-{digest}'"]
    assert not any("inline" in path for path in files)


def test_a_theme_without_a_script_has_none(tmp_path: Path) -> None:
    shutil.copytree(OURS, tmp_path / "themes/mine")
    (tmp_path / "themes/mine/assets/inline.js").unlink(missing_ok=True)
    page = built(make_site(tmp_path, theme="mine"), [])["index.html"]
    assert "<script>" not in page
    assert f'content="{NONE}"' in page


@pytest.mark.parametrize("end", ["</SCRIPT >", "<!-- x"])
def test_a_script_that_would_end_its_element(tmp_path: Path, end: str) -> None:
    shutil.copytree(OURS, tmp_path / "themes/mine")
    (tmp_path / "themes/mine/assets/inline.js").write_text(f"x = '{end}'")
    with pytest.raises(UsageError) as caught:
        built(make_site(tmp_path, theme="mine"), [])
    (problem,) = caught.value.problems
    assert (problem.file, problem.code) == ("themes/mine/assets/inline.js", "H007")


@pytest.mark.parametrize(
    ("script", "short"),
    [
        ("", ""),
        ("  a();\n\n\tb();\n", "a();\nb();"),
        ("a(); // stays\n// goes\nb();", "a(); // stays\nb();"),
        ("/* goes\n */ a();\n/* and */\nb('/* stays */');", "a();\nb('/* stays */');"),
        ("x = `\n  y\n`;\n// stays", "x = `\n  y\n`;\n// stays"),
        ("  x = `a` + `b`;", "x = `a` + `b`;"),
        ("u = 'https://e.org';", "u = 'https://e.org';"),
    ],
)
def test_what_means_nothing_in_a_script_goes(script: str, short: str) -> None:
    assert squeezed(script) == short


def test_the_settings_name_what_may_come_from_elsewhere() -> None:
    more = Policy(
        images=("https://img.example", "https:"),
        frames=("https://www.youtube-nocookie.com",),
        scripts=("https://e.org", "wasm-unsafe-eval"),
        fonts=("data:",),
    )
    allowed = directives(policy("x()", more))
    assert allowed["img-src"] == ["'self'", "data:", "https://img.example", "https:"]
    assert allowed["frame-src"] == ["https://www.youtube-nocookie.com"]
    assert allowed["script-src"][:3] == ["'self'", "https://e.org", "'wasm-unsafe-eval'"]
    assert allowed["script-src"][3].startswith("'sha256-")
    assert allowed["style-src"] == ["'self'"]


def test_beside_any_inline_script_a_hash_would_forbid_the_others() -> None:
    allowed = directives(policy("x()", Policy(scripts=("unsafe-inline",))))
    assert allowed["script-src"] == ["'self'", "'unsafe-inline'"]


def test_sources_of_a_site(tmp_path: Path) -> None:
    site = make_site(tmp_path, policy=Policy(frames=("https://v.example",)))
    files = built(site, [])
    assert "frame-src https://v.example; " in files["index.html"]
    assert "frame-src https://v.example; " in files["_headers"]


@pytest.mark.parametrize(
    "source",
    [
        *("https://e.org", "https://*.e.org", "http://localhost:8000", "https://e.org/a/b.js"),
        *("https:", "wss://e.org"),
    ],
)
def test_sources_that_can_be_given(source: str) -> None:
    settings = parse_settings(
        f'title = "x"\nurl = "https://e.org/"\npolicy.connections = ["{source}"]\n'
    )
    assert settings.policy.connections == (source,)


@pytest.mark.parametrize(
    "source",
    [
        *("e.org", "*", "'self'", "https://e.org; script-src *", "https://e.org, https://f.org"),
        *("unsafe-eval", "https://e.org\\n", '\\"', "javascript:", "https://e.org/?a=b", ""),
    ],
)
def test_sources_that_cannot(source: str) -> None:
    text = f'title = "x"\nurl = "https://e.org/"\n[policy]\nimages = ["https:", "{source}"]\n'
    with pytest.raises(UsageError) as caught:
        parse_settings(text)
    (problem,) = caught.value.problems
    assert (problem.file, problem.line, problem.code) == ("site.toml", 4, "C006")
    assert problem.help.startswith("sources are such as 'https://example.org'")


# What a post shows that the policy would block is a warning


@pytest.mark.parametrize(
    ("html", "fields"),
    [
        ('<iframe src="https://v.example/1">', {"frames": ("https://v.example",)}),
        ("<iframe src=//a.v.example/1>", {"frames": ("https://*.v.example",)}),
        ('<iframe src="demo.html">', {"frames": ("self",)}),
        ('<img src="https://i.example/a/b.png">', {"images": ("https://i.example/a/",)}),
        ('<video src="https://i.example/b.mp4">', {"media": ("https:",)}),
        ("<script>x()</script>", {"scripts": ("unsafe-inline",)}),
        ('<script src="https://e.org/x.js"></script>', {"scripts": ("https://e.org/x.js",)}),
    ],
)
def test_what_the_settings_allow_is_not_told(html: str, fields: dict[str, tuple[str, ...]]) -> None:
    assert len(list(unseen(html, Policy()))) == 1
    assert list(unseen(html, Policy(**fields))) == []


@pytest.mark.parametrize(
    ("sources", "address"),
    [
        (("https://v.example",), "https://v.example.evil.org/"),
        (("https://v.example",), "http://v.example/"),
        (("https://*.v.example",), "https://v.example/"),
        (("https://v.example/a/",), "https://v.example/b"),
        (("https://v.example/a",), "https://v.example/ab"),
        (("https:",), "http://v.example/"),
        (("unsafe-inline", "blob:"), "https://v.example/"),
        ((), "https://v.example/"),
    ],
)
def test_what_a_source_does_not_cover(sources: tuple[str, ...], address: str) -> None:
    assert not allows(sources, address)


def test_objects_are_never_loaded_and_own_scripts_are() -> None:
    everywhere = Policy(frames=("https:", "self"))
    assert len(list(unseen('<object data="https://e.org/x.pdf">', everywhere))) == 1
    assert list(unseen('<script src="/own.js"></script>', Policy())) == []


def test_pages_may_frame_each_other_only_if_frames_of_the_site_are_allowed(tmp_path: Path) -> None:
    rules = built(make_site(tmp_path, policy=Policy(frames=("self",))), [])["_headers"]
    assert "frame-src 'self'; " in rules
    assert "frame-ancestors 'self'" in rules

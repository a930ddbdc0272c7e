"""Formulas in feeds: as MathML, as TeX, as pictures."""

from __future__ import annotations

import io
import re
from html import unescape
from pathlib import Path

import pytest
from PIL import Image

from site_builder.build import build
from site_builder.maths import render_inline, without_annotations
from site_builder.options import Options
from site_builder.rendering.feed_formulas import _drawn
from site_builder.settings.site import load_site

POST = r"""---
title: Formulas
date: 2020-01-02
---

Inline $a < b$ with $\R^2$ and a long one, $x_1 + x_2 + x_3 + x_4 + x_5 + x_6 + x_7 + x_8$.

$$ \sum_{i=1}^n \sqrt{a_i} $$ {#eq-sum}

$$
\begin{align} a &= b + c \\ d &= e \end{align}
$$

See @eq-sum, and $y = \eqref{eq-sum}$.
"""
TOML = r"""
title = "T"
url = "https://example.org/"
math.macros = { '\R' = '\mathbb{R}' }
feeds.maths = "%s"
"""


def fed(root: Path, how: str) -> tuple[str, Path]:
    """The post's content in the feed, and the folder of its page."""
    (root / "posts").mkdir(parents=True, exist_ok=True)
    (root / "posts/f.md").write_text(POST)
    (root / "site.toml").write_text(TOML % how)
    report = build(load_site(root), Options(root / "public", 1))
    assert report.warnings == ()
    feed = (root / "public/feed.xml").read_text(encoding="utf-8")
    content = re.search(r'<content type="html">(.*?)</content>', feed, re.DOTALL)
    assert content
    return unescape(content[1]), root / "public/f"


def test_as_mathml_without_their_tex(tmp_path: Path) -> None:
    content, _ = fed(tmp_path, "mathml")
    assert content.count('<math xmlns="http://www.w3.org/1998/Math/MathML"') == 9
    assert "annotation" not in content
    assert "semantics" not in content
    assert "tabindex" not in content


def test_as_tex(tmp_path: Path) -> None:
    content, folder = fed(tmp_path, "tex")
    assert "<math" not in content
    assert r"Inline \(a &lt; b\) with \(\R^2\) and" in content
    assert r'<p id="f-eq-sum">\[\sum_{i=1}^n \sqrt{a_i}\]' in content
    assert r"<p>\[a = b + c\]" in content
    assert r"\(y = \eqref{eq-sum}\)" in content
    # The page itself draws them.
    assert "<math" in (folder / "index.html").read_text(encoding="utf-8")


def test_as_pictures(tmp_path: Path) -> None:
    content, folder = fed(tmp_path, "image")
    images = [
        dict(re.findall(r'([a-z]+)="([^"]*)"', tag)) for tag in re.findall("<img[^>]*>", content)
    ]
    assert [unescape(image["alt"]) for image in images] == [
        "a < b",
        r"\R^2",
        "x_1 + x_2 + x_3 + x_4 + x_5 + x_6 + x_7 + x_8",
        r"\sum_{i=1}^n \sqrt{a_i}",
        "a = b + c",
        "d = e",
    ]
    for image in images:
        name = image["src"].removeprefix("https://example.org/f/")
        with Image.open(folder / name) as picture:
            size = (int(image["width"]) * 2, int(image["height"]) * 2)
            assert all(abs(x - y) <= 1 for x, y in zip(picture.size, size, strict=True))
            colours = picture.convert("L").getextrema()
            assert colours == (0, 255)  # black on white, on dark pages too
    # One whose number is not known yet stays what it is.
    assert content.count("<math") == 1
    # No card shows a formula for what the post is about.
    assert "formula." not in (folder / "index.html").read_text(encoding="utf-8")


def test_the_setting_changes_what_is_built(tmp_path: Path) -> None:
    first = fed(tmp_path, "image")[0]
    assert fed(tmp_path, "tex")[0] != first
    assert fed(tmp_path, "image")[0] == first
    assert list((tmp_path / "public/f").glob("formula.*.png"))
    fed(tmp_path, "mathml")
    assert not list((tmp_path / "public/f").glob("formula.*.png"))


@pytest.mark.parametrize("tex", [r"\mathcal{L}", r"\underbrace{a+b}_{\text{wide}}", r"\hat{x}"])
def test_a_picture_has_no_letters_that_the_font_lacks(tex: str) -> None:
    """The box of a missing letter would be wider than what is drawn without it."""
    mathml = without_annotations(render_inline(tex, {}))
    bare = re.sub("[\ufe00-\ufe0f]", "", mathml)
    content, width, height = _drawn(bare)
    with Image.open(io.BytesIO(content)) as picture:
        assert (width, height) != (1, 1)
        assert picture.width >= width
    assert _drawn(bare) == _drawn.__wrapped__(bare)

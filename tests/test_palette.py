"""Every colour that carries text has a contrast of 4.5:1 on its grounds, in light and in dark.

The colours are read from the theme's style sheets, so a new variable or rule is covered at once.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

THEME = Path(__file__).parents[1] / "themes/default"
SHEETS = sorted((THEME / "assets/css").glob("*.css"))
CSS = re.sub(r"/\*.*?\*/", "", "\n".join(p.read_text(encoding="utf-8") for p in SHEETS), flags=re.S)
PAIR = re.compile(r"--([\w-]+):\s*light-dark\((#[0-9a-f]{6}),\s*(#[0-9a-f]{6})\)")
COLOURS = {name: {"light": light, "dark": dark} for name, light, dark in PAIR.findall(CSS)}
GROUNDS = {"bg", "code-bg", "mark-bg"}
LINES = {"rule", "rail"}
TEXTS = sorted(set(COLOURS) - GROUNDS - LINES)
# The accent, the kind of an admonition, the colour of a terminal.
ALIASES = ["accent", "kind", "c"]
SCHEMES = ["light", "dark"]
ANSI = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"]


def luminance(colour: str) -> float:
    """Relative luminance as in WCAG 2.2, of `#rrggbb`."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_the_measure_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("ground", ["bg", "code-bg"])
@pytest.mark.parametrize("text", TEXTS)
def test_text_is_legible(text: str, ground: str, scheme: str) -> None:
    assert contrast(COLOURS[text][scheme], COLOURS[ground][scheme]) >= 4.5


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("text", TEXTS)
def test_marked_text_is_legible(text: str, scheme: str) -> None:
    assert contrast(COLOURS[text][scheme], COLOURS["mark-bg"][scheme]) >= 4.5


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_rail_of_code_that_ran_can_be_seen(scheme: str) -> None:
    assert contrast(COLOURS["link"][scheme], COLOURS["code-bg"][scheme]) >= 3


def test_texts_take_their_colours_from_the_palette() -> None:
    used = re.findall(r"(?<![\w-])color:\s*([^;}]+)", CSS)
    variables = [re.fullmatch(r"var\(--([\w-]+)(?:,[^)]*)?\)", value) for value in used]
    names = {variable[1] for variable in variables if variable is not None}
    literal = {value for value, variable in zip(used, variables, strict=True) if variable is None}
    assert {"fg", "muted", "link"} <= names
    assert names <= {*TEXTS, "bg", *ALIASES}
    assert literal <= {"inherit", "CanvasText"}


@pytest.mark.parametrize("alias", ALIASES)
def test_other_names_of_colours_stand_for_texts(alias: str) -> None:
    targets = re.findall(rf"--{alias}:\s*var\(--([\w-]+)\)", CSS)
    assert targets
    assert set(targets) <= set(TEXTS)


def test_a_lines_colour_is_never_a_texts() -> None:
    for line in LINES:
        assert f"color: var(--{line})" not in re.sub(r"[\w-]+-color", "", CSS)


@pytest.mark.parametrize(
    "name", ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"]
)
def test_every_ansi_colour_is_a_text_colour(name: str) -> None:
    rule = re.search(rf'\[class\*="-{name}"\][^{{]*\{{\s*--c:\s*var\(--([\w-]+)\)', CSS)
    assert rule is not None
    assert rule[1] in TEXTS


def test_text_on_an_ansi_colour_has_that_of_the_page() -> None:
    # Contrast is symmetric: what is legible on the page is a ground for text in the page's colour.
    rule = re.search(r'\[class\*="ansi-bg-"\]\s*\{([^}]*)\}', CSS)
    assert rule is not None
    assert {line.strip() for line in rule[1].split(";") if line.strip()} == {
        "color: var(--bg)",
        "background: var(--c)",
    }


def test_the_browser_is_told_the_same_grounds() -> None:
    base = (THEME / "templates/base.html").read_text(encoding="utf-8")
    for scheme in SCHEMES:
        assert f'content="{COLOURS["bg"][scheme]}" media="(prefers-color-scheme: {scheme})"' in base

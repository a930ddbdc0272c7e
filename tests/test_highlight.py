"""Highlighting keeps the text, and agrees with Python's own tokenizer about what is what."""

from __future__ import annotations

import builtins
import html
import io
import keyword
import re
import subprocess
import sys
import tokenize
from pathlib import Path

import pytest

from site_builder.rendering.highlight import CLASSES, highlight

SPAN = re.compile(r'<span class="(\w)">(.*?)</span>|([^<]+)', re.DOTALL)
STYLE = Path(__file__).parents[1] / "themes/default/assets/css/30-code.css"


def tokens(code: str, language: str = "python") -> list[tuple[str, str]]:
    """The coloured pieces of `code`, with their classes; '' for what has none."""
    pieces = []
    for match in SPAN.finditer(highlight(code, language)):
        name, inside, outside = match.groups()
        pieces.append((name or "", html.unescape(inside if name else outside)))
    return pieces


def text(pieces: list[tuple[str, str]]) -> str:
    return "".join(piece for _, piece in pieces)


def coloured(code: str, language: str = "python") -> list[tuple[str, str]]:
    return [piece for piece in tokens(code, language) if piece[0]]


@pytest.mark.parametrize("language", ["python", "rust", "bash", "html", "json", "c", "diff", "??"])
@pytest.mark.parametrize(
    "code",
    [
        "",
        "\n\n  a < b && c > '&lt;'\n\n",
        'x = "unfinished\ny = 1',
        "'''never closed <b>",
        'f\'{x\' + f"{{}} {a!r:>{width}} {d["k"]}"',
        "\tif x: # é ∂ 𝔽\n",
        "// <comment>",
    ],
)
def test_the_text_is_the_code_as_given(code: str, language: str) -> None:
    assert text(tokens(code, language)) == code
    assert "<b>" not in highlight(code, language)


@pytest.mark.parametrize("module", ["argparse", "dataclasses", "difflib", "statistics", "turtle"])
def test_python_agrees_with_the_tokenizer_of_python(module: str) -> None:
    source = Path(__import__(module).__file__ or "").read_text(encoding="utf-8")
    classes = [name for name, piece in tokens(source) for _ in piece]
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    compared = 0
    inside_format_string = 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        kind = tokenize.tok_name[token.type]
        inside_format_string += {"FSTRING_START": 1, "FSTRING_END": -1}.get(kind, 0)
        if inside_format_string or re.match("[rR]?[fF][rR]?[\"']", token.string):
            continue
        expected = expectation(token)
        if expected is None:
            continue
        first = starts[token.start[0] - 1] + token.start[1]
        last = starts[token.end[0] - 1] + token.end[1]
        found = set(classes[first:last])
        assert found <= expected, f"{module}:{token.start[0]} {token.string!r} is {found}"
        compared += 1
    assert compared > 1000


def expectation(token: tokenize.TokenInfo) -> set[str] | None:
    """The classes that `token` may have, None for line breaks and the like."""
    if token.type == tokenize.NAME:
        if keyword.iskeyword(token.string):
            return {"k"}
        if token.string in keyword.softkwlist:
            return {"k", "b", ""}
        return {"b", "f", "d", ""} if hasattr(builtins, token.string) else {"f", "d", ""}
    return {
        tokenize.COMMENT: {"c"},
        tokenize.STRING: {"s"},
        tokenize.NUMBER: {"n"},
        tokenize.OP: {"", "d"},
    }.get(token.type)


def test_names_are_told_apart_by_what_they_do() -> None:
    assert coloured("@jax.jit\ndef max(x): return x.max + max(x)") == [
        ("d", "@jax.jit"),
        ("k", "def"),
        ("f", "max"),
        ("k", "return"),
        ("b", "max"),
    ]
    assert coloured("a @b\n%matplotlib inline\na %len") == [("d", "%matplotlib")]


def test_match_is_a_keyword_only_where_it_matches() -> None:
    assert coloured("match point:\n    case (x, y):\n") == [("k", "match"), ("k", "case")]
    assert coloured("match = re.match(case)\ntype(x)") == [("b", "type")]
    assert coloured("type Pair = tuple[int, int]")[0] == ("k", "type")


def test_fields_of_a_format_string_are_code() -> None:
    assert coloured('f"{len(x):.1%} of {{all}}"') == [
        ("s", 'f"{'),
        ("b", "len"),
        ("s", ':.1%} of {{all}}"'),
    ]
    assert ("s", '"k"') in coloured('f"{d["k"]}"')
    assert coloured('f"{{{len}}}"') == [("s", 'f"{{{'), ("b", "len"), ("s", '}}}"')]


def test_a_format_string_that_is_never_closed_is_read_once() -> None:
    code = 'f"' + "{{}}" * 1000  # to try every way to read the braces would take for ever
    assert highlight(code, "python") == f'<span class="s">f"{"{{}}" * 1000}</span>'


def test_neighbours_of_one_class_share_an_element() -> None:
    assert highlight('"a\\nb"', "json").count("<span") == 1


def test_a_diff_tells_lines_by_sign_and_colour() -> None:
    assert coloured("-old\n+new\n same", "diff") == [("e", "-old"), ("s", "+new")]


def test_python_does_not_wait_for_pygments() -> None:
    script = (
        "import sys; from site_builder.rendering.highlight import highlight as h;"
        "h('x = 1', 'Python'); a = 'pygments' in sys.modules;"
        "h('x = 1', 'rust'); print(a, 'pygments' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["False", "True"]


def test_every_class_has_its_colour_in_the_theme() -> None:
    styled = set(re.findall(r"\.highlight \.(\w)\b", STYLE.read_text(encoding="utf-8")))
    assert styled == set(CLASSES.values())

"""What a terminal would show of a program's output."""

from __future__ import annotations

import pytest
from small_site import terminal_text

from site_builder.rendering.terminal import terminal_html


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("plain\ntext\n", "plain\ntext\n"),
        ("a\rb", "b"),
        ("abc\rx", "xbc"),
        ("abc\b\bX", "aXc"),
        ("\b\bstart", "start"),
        ("one\r\ntwo\r\n", "one\ntwo\n"),
        ("50 %\r100 %\ndone\n", "100 %\ndone\n"),
        ("abc\r\x1b[K", ""),
        ("abcdef\b\b\b\x1b[K", "abc"),
        ("abc\x1b[1K", ""),
        ("abc\x1b[2K\rnew", "new"),
        ("one\ntwo\x1b[1A\rONE", "ONE\ntwo"),
        ("one\ntwo\nthree\x1b[2A\r\x1b[J", ""),
        ("ab\x1b[3Cc", "ab   c"),
        ("abc\x1b[2Dx", "axc"),
        ("abc\x1b[1Gx", "xbc"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;https://example.org\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("bell\x07", "bell"),
        ("世界\r你", "你界"),
    ],
)
def test_control_characters_act(written: str, shown: str) -> None:
    assert terminal_text(written) == shown


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("\x1b[?25lhidden cursor\x1b[?25h", "hidden cursor"),
        ("\x1b(Btext", "text"),
        ("cut \x1b[", "cut"),
    ],
)
def test_sequences_that_show_nothing_are_left_out(written: str, shown: str) -> None:
    assert terminal_text(written) == shown


def test_a_bar_drawn_many_times_is_one_line() -> None:
    bar = "".join(f"\r{n:4}/1000 [{'=' * (n // 50):20}] - {n}ms" for n in range(1001))
    assert terminal_text(bar + "\n") == f"1000/1000 [{'=' * 20}] - 1000ms\n"


def test_nested_bars_that_move_up_end_in_their_last_state() -> None:
    text = "".join(f"\router {n}\n\rinner {n}\x1b[A" for n in range(5))
    assert terminal_text(text) == "outer 4\ninner 4"


@pytest.mark.parametrize(
    ("written", "html"),
    [
        ("a < b & c", "a &lt; b &amp; c"),
        ("\x1b[31m<b>\x1b[0m", '<span class="ansi-red">&lt;b&gt;</span>'),
        ("\x1b[1;32mx\x1b[22my\x1b[0mz",
         '<span class="ansi-bold ansi-green">x</span><span class="ansi-green">y</span>z'),
        ("\x1b[2;3mx\x1b[22my\x1b[23mz",
         '<span class="ansi-dim ansi-italic">x</span><span class="ansi-italic">y</span>z'),
        ("\x1b[91;44mx", '<span class="ansi-bright-red ansi-bg-blue">x</span>'),
        ("\x1b[31mx\x1b[32my", '<span class="ansi-red">x</span><span class="ansi-green">y</span>'),
        ("\x1b[31mx\x1b[39my", '<span class="ansi-red">x</span>y'),
        ("\x1b[38;5;9mx", '<span class="ansi-bright-red">x</span>'),
        ("\x1b[38;5;196mx\x1b[38;2;1;2;3my", "xy"),
        ("\x1b[31m\x1b[38;2;1;2;3mx", "x"),
        ("\x1b[mx", "x"),
        ("\x1b[31mred\r\x1b[0mR", 'R<span class="ansi-red">ed</span>'),
        ("\x1b[31ma\nb", '<span class="ansi-red">a</span>\n<span class="ansi-red">b</span>'),
    ],
)  # fmt: skip
def test_colours_become_classes(written: str, html: str) -> None:
    assert terminal_html(written) == html


def test_text_and_html_agree_on_what_is_shown() -> None:
    text = "start\n\x1b[1mbold\x1b[0m\rB\n\x1b[2Aup"
    html = terminal_html(text)
    for tag in ('<span class="ansi-bold">', "</span>"):
        html = html.replace(tag, "")
    assert html == terminal_text(text) == "upart\nBold\n"

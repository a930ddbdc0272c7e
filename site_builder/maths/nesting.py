r"""How deep a formula is nested: the converter recurses, and would take the whole build with it.

In: TeX. Out: nothing, or a MathsError at the first place that is too deep.
"""

from __future__ import annotations

import re

from site_builder.maths.faults import MathsError

DEEPEST = 100
r"""How many braces, brackets of `\left` and environments may stand in one another."""
MOST_COMMANDS = 3000
r"""How many commands a formula may have: each of `\sqrt\sqrt\sqrt x` is in the one before it."""
_SHALLOW = 2 * DEEPEST
_STEP = re.compile(
    r"(?P<open>\{|\\(?:left|begin)(?![A-Za-z]))|(?P<close>\}|\\(?:right|end)(?![A-Za-z]))|\\.",
    re.DOTALL,
)


def check_nesting(tex: str) -> None:
    """Raise MathsError for a formula that is nested too deep; a short one never is."""
    if len(tex) <= _SHALLOW:
        return
    depth = commands = 0
    for step in _STEP.finditer(tex):
        commands += step[0].startswith("\\")
        if step["open"]:
            depth += 1
        elif step["close"]:
            depth -= 1
        if depth > DEEPEST:
            message = f"the formula is nested more than {DEEPEST} levels deep"
            help_ = "name its parts, and show them apart"
            raise MathsError(message, step.start(), help=help_, code="T004")
        if commands > MOST_COMMANDS:
            message = f"the formula has more than {MOST_COMMANDS} commands"
            help_ = "show it as several formulas"
            raise MathsError(message, step.start(), help=help_, code="T004")

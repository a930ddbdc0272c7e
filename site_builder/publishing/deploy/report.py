"""What is told of a deploy: the plan line by line, in short, and as JSON.

In: a plan. Out: texts. Promise: what is told is what is done.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from site_builder.errors import Problem
from site_builder.publishing.deploy.plan import Plan, Step

SIGNS: Mapping[str, str] = {"new": "+", "changed": "~", "removed": "-", "same": "="}


def plan_lines(plan: Plan) -> Iterator[str]:
    """A line for each file: `+ path  1.2 kB`; first what stays, so that changes stand together."""
    for step in sorted(plan.steps, key=lambda step: step.action != "same"):
        yield f"{SIGNS[step.action]} {step.path}  {size(step.size)}{_remark(step)}"


def summary(plan: Plan) -> str:
    """Such as `3 new, 1 changed, 2 removed, 90 same; 12.4 kB to put`."""
    counts = [f"{len(plan.having(action))} {action}" for action in ("new", "changed", "removed")]
    adopted = sum(step.is_adopted for step in plan.steps)
    same = f"{len(plan.having('same'))} same"
    if adopted:
        same += f" ({adopted} taken over)"
    put = sum(step.size for step in plan.having("new", "changed"))
    return f"{', '.join([*counts, same])}; {size(put)} to put"


def size(count: int) -> str:
    """A number of bytes in a unit that can be read."""
    if count < 1000:
        return f"{count} B"
    return f"{count / 1e3:.1f} kB" if count < 1e6 else f"{count / 1e6:.1f} MB"


def document(
    plan: Plan,
    problems: Sequence[Problem],
    *,
    target: str,
    kind: str,
    place: str,
    address: str,
    deployed: bool,
) -> str:
    """A JSON document of all that is known."""
    data = {
        "format": "site-builder deploy",
        "version": 1,
        "target": target,
        "kind": kind,
        "place": place,
        "address": address,
        "deployed": deployed,
        "counts": {action: len(plan.having(action)) for action in SIGNS},  # type: ignore[arg-type]
        "bytes": sum(step.size for step in plan.having("new", "changed")),
        "files": [_row(step) for step in plan.steps],
        "refused": [_refusal(problem) for problem in problems],
    }
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"


def _row(step: Step) -> dict[str, object]:
    row: dict[str, object] = {"path": step.path, "action": step.action, "size": step.size}
    if step.file:
        row["sha256"] = step.file.sha256
    for name in ("was_altered", "was_gone", "is_adopted"):
        if getattr(step, name):
            row[name.partition("_")[2]] = True
    return row


def _refusal(problem: Problem) -> dict[str, object]:
    return {
        "code": problem.code,
        "message": problem.message,
        "file": problem.file or None,
        "help": problem.help,
    }


def _remark(step: Step) -> str:
    if step.was_altered:
        return "  (somebody changed it there)"
    if step.was_gone:
        return "  (somebody removed it there)"
    return "  (taken over)" if step.is_adopted else ""

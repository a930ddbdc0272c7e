"""A Difference in words, and as JSON.

In: a Difference. Out: lines of text for a terminal; a JSON document. Promise: the same difference
gives the same text, and what moved most comes first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from site_builder.checking.diffing.diff import Difference, PostDifference
from site_builder.checking.diffing.moves import Move
from site_builder.evidence.documents import change_field, document, number_fields
from site_builder.evidence.drift import NumberMove, in_words, percentage
from site_builder.evidence.lines import clipped, plain

NUMBERS = 3  # of an output that are listed in words; JSON has all
MOVED, WITHIN, TRUE, VOLATILE = (
    "moved",
    "within the displayed precision or a tolerance",
    "claims that are as true as they were, of other values",
    "volatile, so not compared",
)


def report_lines(difference: Difference) -> Iterator[str]:
    """The report for a terminal, whatever texts of others it quotes."""
    yield from map(plain, _lines(difference))


def sections(difference: Difference) -> dict[str, list[Move]]:
    """The moves by what is to be said of them, which is the heading of each section."""
    found: dict[str, list[Move]] = {heading: [] for heading in (MOVED, WITHIN, TRUE, VOLATILE)}
    headings = {"moved": MOVED, "within": WITHIN, "volatile": VOLATILE}
    for move in difference.moves:
        is_true = move.kind == "claim" and move.standing == "within"
        found[TRUE if is_true else headings[move.standing]].append(move)
    return {heading: moves for heading, moves in found.items() if moves}


def summary(difference: Difference) -> str:
    """One line, such as `12 posts: 9 identical, 2 moved within tolerance, 1 moved`."""
    count = counts(difference)
    words = {
        "identical": "identical",
        "within": "moved within tolerance",
        "moved": "moved",
        "failed": "not to be had",
        "new": "new",
        "gone": "gone",
    }
    posts = "1 post" if count["posts"] == 1 else f"{count['posts']} posts"
    parts = [f"{count[name]} {said}" for name, said in words.items() if count[name]]
    return f"{posts}: {', '.join(parts)}" if parts else posts


def counts(difference: Difference) -> dict[str, int]:
    """How many posts there are of each kind."""
    results: list[str] = [post.result for post in difference.posts]
    alone = {
        "new": len(difference.new_posts),
        "gone": len(difference.gone_posts),
        "failed": len({problem.file for _, problem in difference.failed}),
    }
    kinds = ("identical", "within", "moved")
    return {
        "posts": len(results) + sum(alone.values()),
        **{kind: results.count(kind) for kind in kinds},
        **alone,
    }


def place(move: Move) -> str:
    """Where a move is: `posts/a.md:41, cell 3`."""
    where = f"{move.post}:{move.line}" if move.line else move.post
    return f"{where}, cell {move.cell}" if move.kind in ("output", "figure") else where


def what(move: Move) -> str:
    """What it is that moved: `stdout`, `` value `acc:.1%` ``, `claim “it is faster”`."""
    if move.kind == "value":
        return f"value `{move.name}`"
    return f"claim “{clipped(move.name)}”" if move.kind == "claim" else move.name


def remark(move: Move) -> str:
    """What is to be said beside single numbers."""
    said = [move.why] if move.why else []
    if move.kind in ("output", "figure") and move.numbers:
        beyond = sum(not number.within for number in move.numbers)
        rest = len(move.numbers) - beyond
        if not beyond:
            said.append(f"{rest} of {move.compared} numbers differ")
        else:
            within = f", {rest} within tolerance" if rest else ""
            said.append(f"{beyond} of {move.compared} numbers moved{within}")
    return "; ".join(said)


def is_short(move: Move) -> bool:
    """Whether old and new are told as they were shown, and not number by number."""
    return move.kind in ("value", "claim") or not move.numbers


def causes(difference: Difference) -> list[str]:
    """What differs in the making: once, with the posts that it is true of."""
    posts: dict[str, list[str]] = {}
    for post in difference.posts:
        if post.result != "identical":
            for cause in post.causes:
                posts.setdefault(cause, []).append(post.post)
    return [f"{cause} ({', '.join(each)})" for cause, each in posts.items()]


def parts(difference: Difference, side: str) -> list[str]:
    """The posts, and parts of posts, that are on one side only: `new` or `gone`."""
    own = difference.new_posts if side == "new" else difference.gone_posts
    return [
        *own,
        *(
            f"{post.post}:{part.line}: {part.name}"
            for post in difference.posts
            for part in (post.new if side == "new" else post.gone)
        ),
    ]


def difference_json(difference: Difference) -> str:
    """All of it as a JSON document; README names its fields."""
    return document(
        "difference",
        old=difference.old,
        new=difference.new,
        summary=counts(difference),
        moves=[_move_fields(move) for move in difference.moves],
        posts=[_post_fields(post) for post in difference.posts],
        new_posts=list(difference.new_posts),
        gone_posts=list(difference.gone_posts),
        failed=[
            {"side": side, "post": problem.file, "line": problem.line, "message": problem.message}
            for side, problem in difference.failed
        ],
        frozen=list(difference.frozen),
    )


def _lines(difference: Difference) -> Iterator[str]:
    yield f"old: {difference.old}"
    yield f"new: {difference.new}"
    for heading, moves in sections(difference).items():
        yield ""
        yield f"{heading}:"
        if heading == TRUE:
            yield from dict.fromkeys(f"  {place(move)}: {what(move)}" for move in moves)
        else:
            for move in moves:
                yield from _move_lines(move)
    yield from _listed("what differs in the making of posts that moved", causes(difference))
    yield from _listed("new", parts(difference, "new"))
    yield from _listed("gone", parts(difference, "gone"))
    failed = [f"{problem.file} ({side}): {problem.message}" for side, problem in difference.failed]
    yield from _listed("not to be had", failed)
    if difference.frozen:
        yield from _listed("frozen, so not run anew", difference.frozen)
    yield ""
    yield summary(difference)


def _move_lines(move: Move) -> Iterator[str]:
    said = remark(move)
    yield f"  {place(move)}: {what(move)}" + f": {said}" * bool(said)
    if is_short(move):
        if move.old != move.new:
            change = percentage(move.change) if move.kind == "value" else ""
            yield f"{_pair(move)}  {change}".rstrip()
        return
    leading = _leading(move.numbers)
    yield from (f"      {in_words(number)}" for number in leading)
    if len(move.numbers) > len(leading):
        yield f"      and {len(move.numbers) - len(leading)} more"
    if move.old != move.new:
        yield _pair(move)


def _pair(move: Move) -> str:
    return f"      {clipped(move.old) or 'nothing'} → {clipped(move.new) or 'nothing'}"


def _leading(numbers: Sequence[NumberMove]) -> list[NumberMove]:
    """The first numbers; what is the same move several times is told once."""
    different = {(number.old, number.new): number for number in reversed(numbers)}
    return list(reversed(different.values()))[:NUMBERS]


def _listed(heading: str, parts: Sequence[str]) -> Iterator[str]:
    if parts:
        yield ""
        yield f"{heading}:"
        yield from (f"  {part}" for part in parts)


def _move_fields(move: Move) -> dict[str, Any]:
    return {
        "post": move.post,
        "line": move.line,
        "cell": move.cell,
        "kind": move.kind,
        "name": move.name,
        "standing": move.standing,
        "change": change_field(move.change),
        "why": move.why,
        "old": move.old,
        "new": move.new,
        "compared": move.compared,
        "numbers": [number_fields(number) for number in move.numbers],
    }


def _post_fields(post: PostDifference) -> dict[str, Any]:
    return {
        "post": post.post,
        "title": post.title,
        "result": post.result,
        "causes": list(post.causes),
        "new": [{"line": part.line, "name": part.name} for part in post.new],
        "gone": [{"line": part.line, "name": part.name} for part in post.gone],
    }

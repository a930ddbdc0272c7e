"""The pipeline, from top to bottom.

In: what a build is made of, and what is known from the last one. Out: the site, a report of it, and
what the next build may know. Promise: a page that is known and one that is made now are the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from site_builder.ahead import make_ahead
from site_builder.assembly.theme.theme import Theme
from site_builder.codes import unsilenced
from site_builder.content.read import sources_of
from site_builder.errors import ContentError, Problem, SiteBuilderError, in_order
from site_builder.making import Made, assembled, is_wanted, make, recall, together_with
from site_builder.memory import Memory, Summary, keep
from site_builder.model.files import Recipe
from site_builder.model.post import Source
from site_builder.options import Order, Report
from site_builder.publishing.staging import Built
from site_builder.publishing.write import Written, write
from site_builder.store import Store


def run(order: Order, store: Store, memory: Memory, unchanged: set[str]) -> Report:
    """Build the site.

    `unchanged` are the files of posts that `memory` holds for. Raises ContentError or UsageError
    with every problem, and LostError if something known is not in the store; writes nothing then.
    """
    site, inputs, options = order.site, order.inputs, order.options
    sources, unreadable = sources_of(inputs.files)
    problems = [*inputs.problems, *unreadable]
    made = Made([problem for problem in problems if is_wanted(problem.file, options.only)])
    recall(made, order, store, memory, unchanged, sources)
    settled = made.settled()
    try:
        theme = make(made, order, store, memory, [x for x in sources if x.path not in settled])
        recipes = _assemble(made, order, store, theme, sources)
        summary = _summary(made, order, recipes)
        warnings = in_order([*summary.warnings, *_told(made, order, made.remarks)])
        if options.strict and warnings:
            raise ContentError(warnings)
        last = memory.outputs if memory.program == inputs.program else {}
        if problems := make_ahead(recipes, last, options.jobs):
            raise ContentError(in_order(problems))
        built = _built(made, order)
        report, outputs = write(
            options.output,
            recipes,
            site_root=site.root,
            last=last,
            built=built,
            on_wait=order.on_wait,
        )
    except SiteBuilderError:
        # The next build need not make again what is in order; the site is what it was.
        known = {**memory.posts, **made.known}
        keep(replace(memory, site="", posts=known), store, site, options.output)
        raise
    known_now = _memory(order, made, theme, outputs, summary)
    keep(replace(known_now, built=built), store, site, options.output)
    return Report(
        posts=summary.posts,
        hidden=summary.hidden,
        executed=len(made.executed),
        reused=len(made.reused - made.executed),
        seconds_executing=made.seconds,
        pages=summary.pages,
        written=report,
        warnings=tuple(warnings),
    )


def _assemble(
    made: Made, order: Order, store: Store, theme: Theme, sources: Sequence[Source]
) -> tuple[Recipe, ...]:
    """Say how the site's files are made; raises ContentError with all problems so far."""
    with together_with(made.problems):
        recipes = assembled(made, order, store, theme, sources)
        if made.problems:
            for recipe in recipes:
                if recipe.path.endswith(".html"):
                    recipe.make()  # for the mistakes in the theme
            raise ContentError(())
    return recipes


def _summary(made: Made, order: Order, recipes: Sequence[Recipe]) -> Summary:
    pages = made.pages
    warnings = [w for path in pages for w in (*made.known[path].warnings, *pages[path].warnings)]
    return Summary(
        posts=sum(page.front_matter.kind != "page" for page in pages.values()),
        hidden=tuple(sorted(made.hidden)),
        with_cells=len(made.executed | made.reused),
        pages=sum(recipe.path.endswith(".html") for recipe in recipes),
        # Each once: posts may have a bibliography in common.
        warnings=tuple(in_order(_told(made, order, dict.fromkeys(warnings)))),
    )


def _built(made: Made, order: Order) -> Built:
    known = {path: made.known[path] for path in sorted(made.pages)}
    return Built(
        order.site.settings.url,
        order.site.settings.indexed,
        tuple(path for path, post in known.items() if post.draft),
        {x: str(post.date) for x, post in known.items() if post.date and post.date > order.today},
    )


def _told(made: Made, order: Order, warnings: Iterable[Problem]) -> list[Problem]:
    """The warnings that their author has not silenced."""
    by_file = {path: page.front_matter.ignore for path, page in made.pages.items()}
    return unsilenced(warnings, order.site.settings.ignore, by_file)


def _memory(
    order: Order, made: Made, theme: Theme, outputs: Mapping[str, Written], summary: Summary
) -> Memory:
    inputs = order.inputs
    settled = made.settled()
    others = {path: x for path, x in inputs.digests.items() if path not in settled}
    return Memory(
        site=inputs.site,
        program=inputs.program,
        theme=theme.digest,
        options=order.options.kinds,
        today=order.today,
        # In an order that does not tell which posts were made anew.
        posts=dict(sorted(made.known.items())),
        others=dict(sorted(others.items())),
        outputs=dict(sorted(outputs.items())),
        summary=summary,
    )

"""A build: nothing if nothing changed, else the pipeline.

In: a site and what the command line asked for. Out: the built site and a report of it. Promise: the
output folder holds one complete site, before and after, whatever goes wrong in between; and it is
the site that a first build would make.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import importlib
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from site_builder.chosen import check_patterns
from site_builder.errors import ContentError, Problem, UsageError
from site_builder.inputs import Inputs, read_inputs
from site_builder.memory import NOTHING, Memory, is_same_site, recall, unchanged_posts
from site_builder.model.files import LostError
from site_builder.options import Options, Order, Report
from site_builder.publishing.write import WriteReport, check_output, is_written
from site_builder.settings.site import Site
from site_builder.store import Store

if TYPE_CHECKING:  # a build in which nothing runs needs no executor
    from site_builder.execution.running import Executor, OnProgress

__all__ = ["Options", "Report", "build", "read_day"]


def build(
    site: Site,
    options: Options,
    *,
    on_progress: OnProgress = lambda _: None,
    on_wait: Callable[[], None] = lambda: None,
) -> Report:
    """Build the site. Raises ContentError or UsageError with every problem; writes nothing then."""
    today = read_day()
    check_output(options.output, site_root=site.root)
    with Store(options.cache) as store:
        inputs = read_inputs(site)
        if options.allow_false_claims:  # what that makes is for such builds only
            inputs = replace(inputs, rendering=f"{inputs.rendering}, false claims")
        # Of patterns that no post has, a site of nothing else would be written.
        check_patterns(options.only, [file.path for file in inputs.files])
        memory = recall(store, site, options.output)
        unchanged = unchanged_posts(memory, inputs, site, store, prepare=_load_pipeline)
        same = is_same_site(memory, inputs, options.kinds, today)
        same = same and len(unchanged) == len(memory.posts) and not options.only
        if same and is_written(options.output, memory.outputs, memory.built):
            return _nothing_done(memory, options)
        with _early_executor(site, options, inputs, memory) as executor:
            # Late: nothing of this is needed to find that there is nothing to do.
            from site_builder.pipeline import run

            order = Order(site, options, today, inputs, on_progress, on_wait, executor)
            try:
                report = run(order, store, memory, unchanged)
            except LostError:
                # What is named in the memory is not in the store: so nothing is known.
                order = replace(order, options=replace(options, only=()), executor=None)
                report = run(order, store, NOTHING, set())
        store.trim(int(site.settings.cache.limit * 1e9))
        return replace(report, cache_trouble=store.trouble)


def read_day() -> dt.date:
    """The day of the build; `SOURCE_DATE_EPOCH`, seconds since 1970, stands in for the clock.

    Source: https://reproducible-builds.org/specs/source-date-epoch/
    Raises UsageError if that is no such number.
    """
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not epoch:
        return dt.datetime.now(tz=dt.UTC).date()
    try:
        return dt.datetime.fromtimestamp(int(epoch), tz=dt.UTC).date()
    except (ValueError, OverflowError, OSError):
        message = f"SOURCE_DATE_EPOCH should be seconds since 1970, not {epoch!r}"
        help_ = 'such as "$(git log -1 --format=%ct)", or unset it'
        raise UsageError(Problem(message, help=help_, code="C009")) from None


@contextlib.contextmanager
def _early_executor(
    site: Site, options: Options, inputs: Inputs, memory: Memory
) -> Iterator[Executor | None]:
    """Begin slow imports for posts of which nothing is known, while the rest is prepared."""
    unknown = [file for file in inputs.files if file.path not in memory.posts]
    executor = None
    if options.fork and not options.frozen and not options.only:
        texts = [f.content.decode("utf-8", "replace") for f in unknown if b"import " in f.content]
        if texts:
            from site_builder.execution.early import early_executor

            executor = early_executor(site, texts, jobs=options.jobs)
    try:
        yield executor
    finally:
        if executor is not None:
            executor.close()


def _load_pipeline() -> None:
    """Import what a build needs that has something to do."""
    importlib.import_module("site_builder.pipeline")


def _nothing_done(memory: Memory, options: Options) -> Report:
    summary = memory.summary
    if options.strict and summary.warnings:
        raise ContentError(summary.warnings)
    return Report(
        posts=summary.posts,
        hidden=summary.hidden,
        executed=0,
        reused=summary.with_cells,
        seconds_executing=0.0,
        pages=summary.pages,
        written=WriteReport((), tuple(memory.outputs), ()),
        warnings=summary.warnings,
    )

"""The thread of a live post: runs what is wanted, then lets a process run ahead.

In: a LivePost. Out: its attempt, its states, calls of `on_change`. Promise: it looks at what is
wanted before each step, and a run that was cancelled leaves nothing.
"""

from __future__ import annotations

import threading

from site_builder.errors import Problem, SiteBuilderError
from site_builder.execution.child.protocol import Message
from site_builder.execution.keeping import Kept, declared_by, keep
from site_builder.execution.live.attempt import Attempt, events_of
from site_builder.execution.live.drive import Drive
from site_builder.execution.live.plan import Plan, begins_with
from site_builder.execution.live.post import LivePost, Run
from site_builder.execution.live.states import (
    State,
    may_be_too_many,
    place_of,
    stamps_of,
    still_holds,
)
from site_builder.execution.processes import StartError, ZygoteError
from site_builder.execution.record import Trace
from site_builder.execution.recording import trace_of
from site_builder.execution.report import Finished, report
from site_builder.execution.reuse import unstartable

SNAPSHOT_FROM = 0.02  # seconds since the last one from which a snapshot is worth its time
AGAIN = 2  # how often a post runs again because something changed while it ran


def begin_work(post: LivePost) -> threading.Thread:
    """Start the thread of a post."""
    thread = threading.Thread(target=_work, args=(post,), daemon=True)
    thread.start()
    return thread


def _work(post: LivePost) -> None:
    while True:
        with post.lock:
            if post.closed or not (post.wanted or post.lacks_spare()):
                post.thread = None
                return
            run = post.run = Run(ahead=not post.wanted)
        try:
            _go(post, run)
        except SiteBuilderError as error:
            _give_up(post, run, error.problems[0])
        except Exception as error:  # the server goes on, whatever this was
            what = f"the preview of the post failed ({type(error).__name__}: {error})"
            _give_up(post, run, Problem(what, post.plan.path if post.plan else "", code="C099"))
        finally:
            _clean_up(post, run)
        post.trim()
        if not run.ahead:
            post.on_change()


def _give_up(post: LivePost, run: Run, problem: Problem) -> None:
    with post.lock:
        if not run.cancelled and not run.ahead:
            post.fault, post.wanted = problem, False


def _clean_up(post: LivePost, run: Run) -> None:
    with post.lock:
        post.run = None
        if run.ahead and not run.cancelled and post.plan is not None and post.lacks_spare():
            post.fruitless = post.plan.chain[: post.edit]
        waits = run.drive is not None and any(s.feed is run.drive.feed for s in post.states)
    if run.drive is not None and not waits:
        run.drive.feed.close()


def _go(post: LivePost, run: Run) -> None:
    """One run, from the best state to the end of the plan."""
    with post.world.turns.turn(lambda: post.edited or post.closed):
        while (drive := _begun(post, run)) is not None:
            with post.lock:
                run.drive, run.preloads = drive, drive.preloads
                if post.plan is None or not run.suits(post.plan):
                    run.cancel()  # the plan changed while it began
                if run.is_over():
                    return
                if not run.ahead:
                    post.fresh = len(drive.results)
            while _next(post, run, drive):
                pass
            if run.is_over() or not drive.lost:
                return
            drive.feed.close()  # another state, or from the top
            run.drive = None


def _begun(post: LivePost, run: Run) -> Drive | None:
    """A process that is ready for the next step; None if the run is over before it began."""
    while True:
        with post.lock:
            plan, state = post.plan, None
            if run.cancelled or plan is None:
                return None
            chain = plan.chain[: post.edit] if run.ahead else plan.chain
            fitting = [s for s in post.states if begins_with(chain, s.chain)]
            state = max(fitting, key=lambda s: (len(s.chain), s.feed is not None), default=None)
            if state is not None and state.feed is not None:
                post.states.remove(state)
            if state is None:
                run.preloads = plan.preloads
        if state is None:
            return _from_the_top(post, run, plan)
        with post.world.runs() as runs:
            holds = still_holds(state, plan.path, declared_by(plan.post, runs), runs.prover)
        if holds:
            try:
                drive = Drive(state.take(), list(state.results), state.declared, state.preloads)
                drive.resumed = len(drive.results)
            except ZygoteError:
                holds = False
            else:
                if state.feed is not None or drive.is_ready():
                    return drive
                drive.feed.close()
        _discard(post, state)


def _discard(post: LivePost, state: State) -> None:
    with post.lock:
        if state in post.states:
            post.states.remove(state)
    state.close()


def _from_the_top(post: LivePost, run: Run, plan: Plan) -> Drive | None:
    with post.world.runs() as runs:
        declared = declared_by(plan.post, runs)
    try:
        feed = post.world.feed(plan.job)
    except StartError as error:
        raise unstartable(post.world.python, error) from None
    drive = Drive(feed, [], declared, plan.preloads)
    with post.lock:
        run.drive = drive  # it may take its time to get ready
        if run.cancelled:
            feed.end()
    if drive.is_ready():
        return drive
    if not run.is_over():
        _fail(post, run, plan, drive)
    return None


def _next(post: LivePost, run: Run, drive: Drive) -> bool:
    """Do what comes next; whether there is more."""
    with post.lock:
        plan, place = post.plan, len(drive.results)
        if run.cancelled or plan is None:
            return False
        ahead = run.ahead
        last = post.edit if ahead else len(plan.steps)
        run.step = plan.steps[place] if place < last else None
        step = run.step
    if not ahead:
        post.on_change()
    if step is None:
        return not (_wait(post, run, plan, drive) if ahead else _finish(post, run, plan, drive))
    if not ahead:
        _take_snapshot(post, run, plan, drive)
    used = sum(result.seconds for result in drive.results)
    left = float(plan.job["limits"]["post_timeout"]) - used
    if drive.run(step, left):
        return True
    if run.is_over() or drive.lost:
        return False
    _fail(post, run, plan, drive)
    return False


def _fail(post: LivePost, run: Run, plan: Plan, drive: Drive) -> None:
    trace = drive.trace
    observed = None if trace is None else _trace(post, plan, drive, trace)
    with post.lock:
        if run.cancelled or run.ahead or post.plan is None:
            return
        now = post.plan
        attempt = Attempt(
            now.chain, now.timeouts, tuple(drive.results), tuple(drive.tail), observed
        )
        post.attempt, post.repeatable = attempt, trace is not None and not trace["touched"]
        post.wanted = False


def _take_snapshot(post: LivePost, run: Run, plan: Plan, drive: Drive) -> None:
    """Copy the process, if that would save time at the next edit of the same cell."""
    place = len(drive.results)
    with post.lock:
        due = post.edited and drive.fit and 0 < place <= post.edit
        due = due and (plan.steps[place - 1].is_cell or place == post.edit)
        chain = plan.chain[:place]
        snapshots = [s for s in post.states if s.snapshot and begins_with(chain, s.chain)]
        nearest = max((len(s.chain) for s in snapshots), default=0)
        if not due or sum(r.seconds for r in drive.results[nearest:]) < SNAPSHOT_FROM:
            return
    made = drive.snapshot()
    if made is None:
        return
    snapshot, pid = made
    trace = drive.observed()
    if trace is None or trace["changed"]:
        snapshot.close()
        return
    state = _state(post, plan, drive, trace, pid)
    state.snapshot = snapshot
    with post.lock:
        kept = not run.cancelled and not post.closed
        if kept:
            post.states.append(state)
        states = list(post.states)
    if not kept:
        snapshot.close()
    elif may_be_too_many(states, pid):
        post.trim()


def _wait(post: LivePost, run: Run, plan: Plan, drive: Drive) -> bool:
    """The process has run ahead, and waits; false if it is to go on at once."""
    trace = drive.observed()
    if trace is None or trace["changed"]:
        return True
    state = _state(post, plan, drive, trace, drive.feed.pid)
    state.feed = drive.feed
    with post.lock:
        if not run.ahead and not run.cancelled:
            return False
        if not run.cancelled and not post.closed:
            post.states.append(state)
        return True


def _finish(post: LivePost, run: Run, plan: Plan, drive: Drive) -> bool:
    """All steps are through: keep the record. False if the plan has grown meanwhile."""
    event = drive.finish(plan.job["imports"])
    if run.is_over() or drive.lost:
        return True
    stays = event is not None and not event.pop("why_not")
    stays = stays and post.edited and not plan.job["kernel"]
    if not stays and event is not None:
        drive.end()
    events = [*events_of(drive.results), *([event] if event else []), *drive.tail]
    outcome = report(plan.post, plan.job, events)
    kept = None
    if isinstance(outcome, Finished):
        with post.world.runs() as runs:
            if run.is_over():
                return True
            kept = keep(plan.post, outcome, drive.declared, runs, allow_false_claims=False)
    else:
        stays = False
        drive.tail += [event] if event else []
    state = None
    if stays and event is not None and not event["trace"]["changed"]:
        state = _state(post, plan, drive, event["trace"], drive.feed.pid)
        state.feed = drive.feed
    touched = event is None or event["trace"]["touched"]
    return _settle(post, run, plan, drive, kept, state, touched=touched)


def _settle(
    post: LivePost,
    run: Run,
    plan: Plan,
    drive: Drive,
    kept: Kept | None,
    state: State | None,
    *,
    touched: bool,
) -> bool:
    with post.lock:
        if run.cancelled or post.plan is None:
            return True
        results = tuple(drive.results)
        attempt = Attempt(plan.chain, plan.timeouts, results, tuple(drive.tail), None, kept)
        post.repeatable = kept is not None and not touched
        if post.plan.chain != plan.chain:
            post.attempt = attempt
            return state is None  # what was appended goes on, if it can
        post.attempt = attempt
        unsettled = _changed_by_others(kept) if kept else frozenset()
        post.wanted = bool(unsettled) and post.again < AGAIN
        post.again += post.wanted
        if state is not None:
            post.states.append(state)
        return True


def _changed_by_others(kept: Kept) -> frozenset[str]:
    """What changed while the post ran and was not its own doing."""
    own = {file.path for file in kept.record.trace.files if file.kind == "wrote"}
    return kept.changed - own


def _state(post: LivePost, plan: Plan, drive: Drive, trace: Message, pid: int) -> State:
    place = plan.steps[len(drive.results) - 1].place if drive.results else 0
    declared = tuple(each for each in drive.declared if each.cell <= place)
    observed = _trace(post, plan, drive, trace)
    stamps = stamps_of(observed, post.world.site.root)
    where = place_of(pid, plan.job["folder"])
    return State(tuple(drive.results), declared, observed, pid, stamps, where, drive.preloads)


def _trace(post: LivePost, plan: Plan, drive: Drive, trace: Message) -> Trace:
    with post.world.runs(anew=False) as runs:
        interpreter = runs.prover.interpreter()
    return trace_of(trace, plan.post, post.world.site, drive.declared, interpreter)

"""The loop of `serve`: saves and what cells give come in, previews go out.

In: a site's folder and what the command line asked for. Out: a server that shows the site until it
is stopped. Promise: nothing outlives the loop; nothing that is wrong in the site ends it.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from site_builder.build import Options, read_day
from site_builder.errors import Problem, SiteBuilderError, in_order
from site_builder.execution.live.live import LivePosts
from site_builder.execution.live.shown import Shown
from site_builder.memory import NOTHING, KnownPost, Memory, recall
from site_builder.preview.answers import own_mistake
from site_builder.preview.board import Board, Preview
from site_builder.preview.refresh import Refresher
from site_builder.preview.server import PreviewServer
from site_builder.preview.watch import watch
from site_builder.settings.site import FILE, Site, load_site
from site_builder.store import FOLDER, Store

STAND_IN = "preview"  # names what is remembered of previews; nothing is written there
QUIET = 2.0  # seconds without a save after which what is known is kept
BEGUN = 0.5  # seconds after which the watch has begun: what was saved before it is seen then
MID_WRITE = 0.08  # seconds that an editor is given to fill a file that it has emptied
TRIM = 100  # saves between two looks at the size of the store


@dataclass(frozen=True, slots=True)
class Wish:
    """What `serve` is asked for."""

    root: Path
    """Folder of the site, absolute."""
    port: int
    execute: bool = True
    """Whether cells run."""
    fork: bool = True
    jobs: int = 1
    editor: str = ""
    """Template of the addresses that open the editor."""


@dataclass(frozen=True, slots=True)
class Told:
    """What there is to say of a preview in the terminal."""

    preview: Preview
    saved: tuple[str, ...]
    """Files that were saved, relative to the site; empty if it is cells that gave something."""
    over: Mapping[str, Shown]
    """What came of posts that ran, by their files: told once."""
    seconds: float
    """How long it took to make."""


@dataclass(frozen=True, slots=True)
class _Saved:
    paths: frozenset[str]
    """Absolute."""


@dataclass(frozen=True, slots=True)
class _Gave:
    path: str
    """File of a post whose cells gave something."""


_Event = _Saved | _Gave
_LOST = _Saved(frozenset())


def serve(
    wish: Wish,
    *,
    on_ready: Callable[[str], object],
    on_told: Callable[[Told], object],
    stop: threading.Event,
) -> None:
    """Serve the site until `stop` is set, or KeyboardInterrupt.

    `on_ready` gets the address, as soon as pages can be asked for, and when it becomes another
    one. Raises UsageError if the
    settings or the port are no good at the start.
    """
    loop = _Loop(wish, on_ready, on_told, stop)
    with contextlib.ExitStack() as ending:
        site = load_site(wish.root)
        loop.begin(site)
        ending.callback(loop.close)
        loop.show(frozenset(), at_once=True)
        on_ready(loop.listen(site, wish.port))
        ending.enter_context(_watching(loop, site.root, stop))
        loop.run()


@contextlib.contextmanager
def _watching(loop: _Loop, root: Path, stop: threading.Event) -> Iterator[None]:
    """Tell the loop of saves."""
    ignored = [root / FOLDER, root / "public", root / ".git"]

    def work() -> None:
        for paths in watch(root, ignored, stop):
            loop.events.put(_Saved(paths))

    thread = threading.Thread(target=work, daemon=True, name="watch")
    thread.start()
    again = threading.Timer(BEGUN, loop.events.put, [_LOST])
    again.daemon = True
    again.start()
    try:
        yield
    finally:
        again.cancel()
        stop.set()
        thread.join(timeout=2)


@dataclass
class _Loop:
    wish: Wish
    on_ready: Callable[[str], object]
    on_told: Callable[[Told], object]
    stop: threading.Event
    board: Board = field(default_factory=Board)
    events: queue.Queue[_Event] = field(default_factory=queue.Queue)
    _refresher: Refresher | None = None
    _server: PreviewServer | None = None
    _open: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    _settings_problems: tuple[Problem, ...] = ()
    """What is wrong with the newest settings; those before hold until that is mended."""
    _saves: int = 0
    _kept: bool = True

    def begin(self, site: Site, known: Memory | None = None) -> None:
        """Begin with these settings; `known` is what the ones before knew."""
        wish, output = self.wish, site.root / FOLDER / STAND_IN
        options = Options(
            output=output,
            jobs=wish.jobs,
            drafts=True,
            future=True,
            fork=wish.fork,
            cache=site.root / FOLDER,
        )
        store = self._open.enter_context(Store(options.cache))
        live = self._open.enter_context(
            LivePosts(
                site,
                store,
                jobs=wish.jobs,
                fork=wish.fork,
                execute=wish.execute,
                on_change=lambda path: self.events.put(_Gave(path)),
            )
        )
        if known is None:
            places = (site.root / "public", output)
            known = _remembered(read_day(), [recall(store, site, place) for place in places])
        self._refresher = Refresher(
            site, store, live, options, known, on_lost=lambda: self.events.put(_LOST)
        )

    def listen(self, site: Site, port: int) -> str:
        """Begin to answer browsers; gives the address of the home page."""
        if self._server is not None:
            self._server.close()
        self._server = PreviewServer(
            self.board, base=unquote(site.base), root=site.root, port=port, editor=self.wish.editor
        )
        return self._server.url

    def close(self) -> None:
        """End what runs, and keep what is known."""
        if self._server is not None:
            self._server.close()
        if self._refresher is not None:
            self._refresher.keep()
            self._refresher = None
        self._open.close()

    def run(self) -> None:
        """Answer saves and what cells give until it is time to stop."""
        while not self.stop.is_set():
            try:
                first = self.events.get(timeout=QUIET)
            except queue.Empty:
                self._rest()
                continue
            saved, gave = self._all_with(first)
            try:
                if saved is not None:
                    self._answer(saved)
                else:
                    self.show(frozenset(), gave=gave)
            except SiteBuilderError as error:
                self._publish_problems(error.problems)
            except Exception as error:  # a mistake of ours must not end the preview
                self._publish_problems((own_mistake(error),))

    def show(
        self,
        saved: frozenset[str],
        *,
        gave: frozenset[str] | None = None,
        at_once: bool = False,
    ) -> None:
        """Publish the preview after a save, or after cells `gave` something."""
        assert self._refresher is not None
        began = time.perf_counter()
        if gave is not None:
            preview = self._refresher.update(gave)
        else:
            preview = self._refresher.refresh(saved, at_once=at_once)
        if self._settings_problems:
            problems = in_order([*self._settings_problems, *preview.problems])
            preview = replace(preview, problems=tuple(problems))
        self.board.publish(preview)
        seconds = time.perf_counter() - began
        over = self._refresher.over(gave or frozenset())
        self.on_told(Told(preview, tuple(sorted(saved)), over, seconds))

    def _all_with(self, first: _Event) -> tuple[frozenset[str] | None, frozenset[str]]:
        """All that waits: absolute paths of saves, None if there was none, and posts that gave."""
        events = [first]
        with contextlib.suppress(queue.Empty):
            while True:
                events.append(self.events.get_nowait())
        saves = [event.paths for event in events if isinstance(event, _Saved)]
        gave = frozenset(event.path for event in events if isinstance(event, _Gave))
        return (frozenset().union(*saves) if saves else None), gave

    def _answer(self, paths: frozenset[str]) -> None:
        """Answer a save."""
        _wait_for_content(paths)
        self._saves += 1
        self._kept = False
        root = self.wish.root
        saved = frozenset(
            Path(path).relative_to(root).as_posix()
            for path in paths
            if Path(path).is_relative_to(root) and Path(path) != root
        )
        if any(path.partition("/")[0] in (FILE, "words") for path in saved):
            self._reopen()
        self.show(saved)

    def _reopen(self) -> None:
        """Begin anew if the settings are others; if they are wrong, those before hold."""
        assert self._refresher is not None
        try:
            site = load_site(self.wish.root)
        except SiteBuilderError as error:
            self._settings_problems = error.problems
            return
        self._settings_problems = ()
        if site == self._refresher.site:
            return
        known, last = self._refresher.known(), self._refresher.site
        self._open.close()
        try:
            self.begin(site, known)
        except SiteBuilderError as error:
            self._settings_problems = error.problems
            self._open.close()
            self.begin(last, known)
            return
        if site.base != last.base and self._server is not None:
            self.on_ready(self.listen(site, urlsplit(self._server.url).port or 0))

    def _publish_problems(self, problems: tuple[Problem, ...]) -> None:
        """Tell of problems, and show what was shown before."""
        preview = replace(self.board.current, problems=problems)
        self.board.publish(preview)
        self.on_told(Told(preview, (), {}, 0.0))

    def _rest(self) -> None:
        """In a quiet moment: keep what is known, and let go of what is old."""
        if self._kept or self._refresher is None:
            return
        self._refresher.keep()
        self._kept = True
        if self._saves >= TRIM:
            self._saves = 0
            site = self._refresher.site
            self._refresher.store.trim(int(site.settings.cache.limit * 1e9))


def _remembered(today: dt.date, memories: Iterable[Memory]) -> Memory:
    """What can be believed of earlier builds when a site begins to be served."""
    posts: dict[str, KnownPost] = {}
    for memory in memories:
        posts |= {path: known for path, known in memory.posts.items() if known.page}
    return replace(NOTHING, posts=posts, today=today)


def _wait_for_content(paths: frozenset[str]) -> None:
    """Some editors empty a file before they write it: give them the moment that this takes."""
    end = time.monotonic() + MID_WRITE
    while time.monotonic() < end and any(map(_is_empty, paths)):
        time.sleep(0.005)


def _is_empty(path: str) -> bool:
    try:
        return Path(path).is_file() and Path(path).stat().st_size == 0
    except OSError:
        return False

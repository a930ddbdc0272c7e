"""External links: whether what a site links to elsewhere is still there.

In: a made site, and what hosts answered within the last day. Out: flaws, notes, and how many
addresses came to what. Promise: a host is asked one question at a time, a few hosts at once, and
one that does not answer is soon asked no more.
"""

from __future__ import annotations

import contextlib
import json
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, quote, urlsplit

from site_builder.checking.site.asking import Answer, Limits, ask
from site_builder.checking.site.flaws import Flaw
from site_builder.checking.site.links import Targets, is_local
from site_builder.checking.site.made import MadeSite
from site_builder.errors import Problem, UsageError
from site_builder.store import Store

ANSWERS = "answers"
KEPT = 86_400  # seconds that an answer is believed
_LASTING = ("there", "moved", "gone", "refused", "astray")
_BAD = ("gone", "astray", "unreachable")
OnAnswer = Callable[[str, Answer], None]


@dataclass(frozen=True, slots=True)
class External:
    """What came of asking for all addresses."""

    flaws: tuple[Flaw, ...]
    notes: tuple[Flaw, ...]
    """What works today, and what nobody can tell."""
    counts: Mapping[str, int]
    """How many addresses are of each kind of answer."""
    remembered: int
    """How many answers are from the last day."""


def check_external(
    made: MadeSite,
    targets: Targets,
    store: Store,
    *,
    limits: Limits,
    now: float,
    on_answer: OnAnswer = lambda *_: None,
) -> External:
    """Ask for every address outside of the site. `now` are seconds since 1970.

    Raises UsageError if there seems to be no network.
    """
    links = list(external_links(made, targets))
    wanted = list(dict.fromkeys(address for _, _, address in links))
    known = _known(store, now)
    answers = {address: known[address][1] for address in wanted if address in known}
    remembered = len(answers)
    new = ask_all([x for x in wanted if x not in answers], limits, on_answer)
    _check_network(new)
    lasting = {address: (now, a) for address, a in new.items() if a.kind in _LASTING}
    _keep(store, known | lasting)
    answers |= new
    flaws: list[Flaw] = []
    notes: list[Flaw] = []
    for page, written, address in links:
        answer = answers[address]
        if flaw := _flaw(page, written, answer):
            (flaws if answer.kind in _BAD else notes).append(flaw)
    counts: dict[str, int] = dict(Counter(answer.kind for answer in answers.values()))
    return External(tuple(flaws), tuple(notes), counts, remembered)


def _check_network(answers: Mapping[str, Answer]) -> None:
    hosts = {urlsplit(address).netloc for address in answers}
    if len(hosts) >= _FEW and all(answer.kind == "unreachable" for answer in answers.values()):
        message = f"--external: none of {len(hosts)} hosts can be reached"
        why = next(iter(answers.values())).why
        help_ = "is there a network, or a proxy that HTTPS_PROXY should name?"
        raise UsageError(Problem(message, help=help_, notes=(why,), code="A190"))


_FEW = 3  # hosts that may all be down on one day


def external_links(made: MadeSite, targets: Targets) -> Iterator[tuple[str, str, str]]:
    """The page, the address as it stands there, and the address to ask, of each external link.

    Not those into networks of the author's own: no reader can follow them, whatever is there.
    """
    for path, look in made.looks.items():
        page = made.url(path)
        for link in look.links:
            try:
                parts = urlsplit(link.address)
                if targets.inside(link.address, page) is not None or not parts.hostname:
                    continue
            except ValueError:
                continue  # which is told of without asking
            if parts.scheme in ("http", "https", "") and not is_local(parts.hostname):
                yield path, link.address, _asked(parts)


_SAFE = "/~!$&'()*+,;=:@?#[]%"


def _asked(parts: SplitResult) -> str:
    """The address in ASCII, without its fragment, which is none of the host's business."""
    netloc = parts.netloc
    if not netloc.isascii():
        with contextlib.suppress(UnicodeError):
            netloc = netloc.encode("idna").decode("ascii")
    plain = parts._replace(scheme=parts.scheme or "https", netloc=netloc, fragment="")
    return quote(plain.geturl(), safe=_SAFE)


def _flaw(page: str, written: str, answer: Answer) -> Flaw | None:
    code = _CODES.get(answer.kind)
    if code is None:
        return None
    help_ = f"link to {answer.to}" if answer.to else _HELP.get(answer.kind, "")
    return Flaw(code, f"link to {written!r}: {answer.why}", page, (written,), help=help_)


_CODES = {
    "gone": "L110",
    "unreachable": "L111",
    "astray": "L111",
    "moved": "L112",
    "refused": "L113",
}
_HELP = {"gone": "remove the link, or link to a copy in an archive of the web"}


def ask_all(
    addresses: Iterable[str], limits: Limits, on_answer: OnAnswer = lambda *_: None
) -> dict[str, Answer]:
    """Ask for addresses, those of one host after the other; gives an answer for each."""
    hosts: dict[str, list[str]] = {}
    for address in addresses:
        hosts.setdefault(urlsplit(address).netloc.lower(), []).append(address)
    waiting = list(reversed(hosts.items()))
    told: queue.SimpleQueue[_Told] = queue.SimpleQueue()
    asked: dict[str, _Host] = {}
    answers: dict[str, Answer] = {}
    while waiting or asked:
        while waiting and len(asked) < limits.hosts:
            name, of_host = waiting.pop()
            asked[name] = _Host(name, of_host)
            # A thread that hangs must not keep the command from ending.
            threading.Thread(
                target=_ask_host, args=(asked[name], limits, told), daemon=True
            ).start()
        for each in _told(told):
            if each.host not in asked:
                continue  # it was given up
            answers[each.address] = each.answer
            on_answer(each.address, each.answer)
            asked[each.host].left.remove(each.address)
        for name, host in list(asked.items()):
            if time.monotonic() - host.began > limits.seconds:
                host.given_up.set()
                why = f"{name} takes longer than {limits.seconds:g} s"
                answers |= {address: Answer("unreachable", why) for address in host.left}
                host.left.clear()
            if not host.left:
                del asked[name]
    return answers


@dataclass
class _Host:
    """A host that is being asked."""

    name: str
    left: list[str]
    """What it has not answered for."""
    began: float = field(default_factory=time.monotonic)
    """When the question that it is asked now began."""
    given_up: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True, slots=True)
class _Told:
    host: str
    address: str
    answer: Answer


def _told(told: queue.SimpleQueue[_Told]) -> Iterator[_Told]:
    """What came meanwhile; waits a moment if nothing did."""
    try:
        yield told.get(timeout=0.1)
        while True:
            yield told.get_nowait()
    except queue.Empty:
        return


def _ask_host(host: _Host, limits: Limits, told: queue.SimpleQueue[_Told]) -> None:
    unanswered = 0
    for number, address in enumerate(list(host.left)):
        if unanswered >= limits.patience:
            answer = Answer("unreachable", f"{host.name} has stopped answering")
        else:
            if number and host.given_up.wait(limits.pause):
                return
            host.began = time.monotonic()
            answer = ask(address, limits)
            unanswered = unanswered + 1 if answer.kind == "unreachable" else 0
        told.put(_Told(host.name, address, answer))


def _known(store: Store, now: float) -> dict[str, tuple[float, Answer]]:
    """The answers of the last day, by address."""
    content = store.get(store.pointed(ANSWERS, ANSWERS))
    try:
        entries = json.loads(content) if content else {}
        known = {
            address: (float(when), Answer(kind, why, to))
            for address, (when, kind, why, to) in entries.items()
        }
    except (ValueError, TypeError, AttributeError):
        return {}
    return {address: each for address, each in known.items() if 0 <= now - each[0] < KEPT}


def _keep(store: Store, known: Mapping[str, tuple[float, Answer]]) -> None:
    entries = {address: (when, a.kind, a.why, a.to) for address, (when, a) in known.items()}
    digest = store.put(json.dumps(entries, sort_keys=True).encode())
    store.point(ANSWERS, ANSWERS, digest)

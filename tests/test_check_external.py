"""`check --external` asks hosts that are gone, moved, silent, endless, and asks them politely."""

from __future__ import annotations

import contextlib
import http.server
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from checking import NOW, Written, post

from site_builder import cli
from site_builder.checking.site.asking import Answer, Limits, ask
from site_builder.checking.site.external import ask_all
from site_builder.errors import UsageError

Handle = Callable[[http.server.BaseHTTPRequestHandler], None]
QUICK = Limits(wait=2.0, seconds=5.0, retries=1, pause=0.0)


@dataclass
class Host:
    """A server on loopback, and what it was asked."""

    address: str
    asked: list[str] = field(default_factory=list)
    """Method and path of each question, in order."""
    at_once: int = 0
    most_at_once: int = 0


@contextlib.contextmanager
def serving(answers: dict[str, Handle], name: str = "127.0.0.1") -> Iterator[Host]:
    """Serve these answers by path; all others are 404."""
    lock = threading.Lock()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with lock:
                host.asked.append(f"{self.command} {self.path}")
                host.at_once += 1
                host.most_at_once = max(host.at_once, host.most_at_once)
            try:
                with contextlib.suppress(ConnectionError):
                    answers.get(self.path, status(404))(self)
            finally:
                with lock:
                    host.at_once -= 1

        def do_HEAD(self) -> None:
            self.do_GET()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer((name, 0), Handler) as server:
        server.daemon_threads = True
        server.block_on_close = False
        host = Host(f"http://{name}:{server.server_port}")
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield host
        server.shutdown()


def status(code: int, **headers: str) -> Handle:
    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()

    return answer


def by_turns(*answers: Handle) -> Handle:
    """The first answer to the first question, and so on; the last from then on."""
    left = list(answers)

    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        (left.pop(0) if len(left) > 1 else left[0])(handler)

    return answer


def only_get(handler: http.server.BaseHTTPRequestHandler) -> None:
    status(200 if handler.command == "GET" else 405)(handler)


def hangs(handler: http.server.BaseHTTPRequestHandler) -> None:
    time.sleep(60)


def drips(handler: http.server.BaseHTTPRequestHandler) -> None:
    """A header that never ends, one character after the other."""
    handler.wfile.write(b"HTTP/1.0 200 OK\r\nX-Long: ")
    for _ in range(600):
        handler.wfile.write(b"x")
        handler.wfile.flush()
        time.sleep(0.1)


def endless(handler: http.server.BaseHTTPRequestHandler) -> None:
    """A body without an end, to HEAD as well."""
    status(200, Content_Length="1000000000000")(handler)
    for _ in range(10_000):
        handler.wfile.write(bytes(100_000))


def garbage(handler: http.server.BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"SSH-2.0-OpenSSH\r\n")


@pytest.mark.parametrize(
    ("handle", "answer"),
    [
        (status(200), Answer("there")),
        (only_get, Answer("there")),
        (endless, Answer("there")),
        (status(404), Answer("gone", "it is not there (404)")),
        (status(410), Answer("gone", "it is not there (410)")),
        (status(403), Answer("refused", "the host does not tell programs (403)")),
        (status(999), Answer("unreachable", "the host answers with an error (999)")),
        (status(503), Answer("unreachable", "the host answers with an error (503)")),
        (by_turns(status(503), status(200)), Answer("there")),
        (by_turns(status(429, Retry_After="0"), status(200)), Answer("there")),
        (
            status(429, Retry_After="3600"),
            Answer("refused", "the host answers with an error (429); asks for 3600 s of patience"),
        ),
        (
            status(302, Location="ftp://127.0.0.1/"),
            Answer("astray", "it redirects to 'ftp://127.0.0.1/', which is no http(s) address"),
        ),
        (status(302, Location="/"), Answer("astray", "its redirects lead in a circle")),
    ],
)
def test_what_a_host_answers(handle: Handle, answer: Answer) -> None:
    with serving({"/": handle}) as host:
        assert ask(f"{host.address}/", QUICK) == answer


def test_redirects_are_followed_and_those_for_good_are_told() -> None:
    answers = {
        "/old": status(301, Location="/newer"),
        "/newer": status(308, Location="/today"),
        "/today": status(302, Location="/page?today"),
        "/page?today": status(200),
        "/lost": status(301, Location="/none"),
        **{f"/{n}": status(302, Location=f"/{n + 1}") for n in range(20)},
    }
    with serving(answers) as host:
        moved = Answer("moved", "it has moved for good", f"{host.address}/today")
        assert ask(f"{host.address}/old", QUICK) == moved
        assert ask(f"{host.address}/today", QUICK) == Answer("there")
        assert ask(f"{host.address}/lost", QUICK) == Answer("gone", "it is not there (404)")
        assert ask(f"{host.address}/0", QUICK) == Answer(
            "astray", "there are more than 10 redirects"
        )


def test_no_redirect_leads_from_the_internet_into_a_private_network(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "site_builder.checking.site.asking.is_private", lambda host: host == "127.0.0.2"
    )
    with serving({"/": status(200)}, "127.0.0.2") as inside:
        there = f"{inside.address}/"
        with serving({"/": status(302, Location=there)}) as outside:
            answer = ask(f"{outside.address}/", QUICK)
        assert (answer.kind, "into a private network" in answer.why) == ("astray", True)
        assert inside.asked == []
        assert ask(there, QUICK) == Answer("there")  # which the author wrote


@pytest.mark.parametrize(("handle", "why"), [(hangs, "does not answer within 0.2 s"),
                                             (drips, "takes longer than 1 s"),
                                             (garbage, "cannot be reached")])  # fmt: skip
def test_no_host_is_waited_for_without_end(handle: Handle, why: str) -> None:
    limits = Limits(wait=0.2, seconds=1.0, retries=0, pause=0.0)
    with serving({"/": handle}) as bad, serving({"/": status(200)}, "127.0.0.2") as good:
        answers = ask_all([f"{bad.address}/", f"{good.address}/"], limits)
    assert answers[f"{good.address}/"] == Answer("there")
    assert (answers[f"{bad.address}/"].kind, why in answers[f"{bad.address}/"].why) == (
        "unreachable",
        True,
    )


def test_a_host_is_asked_one_question_at_a_time_and_given_up_when_silent() -> None:
    paths = [f"/{n}" for n in range(12)]
    with (
        serving({path: status(200) for path in paths}) as good,
        serving({path: status(503) for path in paths}, "127.0.0.2") as bad,
    ):
        limits = Limits(retries=0, pause=0.001, patience=3)
        answers = ask_all([f"{x.address}{path}" for path in paths for x in (good, bad)], limits)
    assert len(answers) == 24
    assert (good.asked, good.most_at_once) == ([f"HEAD {path}" for path in paths], 1)
    assert bad.asked == [f"{how} /{n}" for n in range(3) for how in ("HEAD", "GET")]
    assert answers[f"{bad.address}/11"].why.endswith("has stopped answering")


def test_a_host_that_there_is_not() -> None:
    answer = ask("http://nothing.invalid/", QUICK)
    assert (answer.kind, answer.why) == ("unreachable", "there is no host nothing.invalid")


# The whole of it.


@pytest.fixture
def loopback_is_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the servers of these tests pass for sites in the internet."""
    for module in ("external", "links"):
        monkeypatch.setattr(f"site_builder.checking.site.{module}.is_local", lambda _: False)


def test_no_network_of_the_author_s_is_asked(tmp_path: Path) -> None:
    with serving({"/": status(200)}) as host:
        port = host.address.rpartition(":")[2]
        links = [f"http://localhost:{port}/", f"{host.address}/", "http://169.254.169.254/x"]
        text = " ".join(f"<{link}>" for link in links)
        checked = Written(tmp_path, {"posts/a.md": post("A", text)}).checked(
            external=True, limits=QUICK
        )
    assert [each.code for each in checked.findings] == ["L106"] * 3
    assert checked.external is not None
    assert (checked.external.counts, host.asked) == ({}, [])


@pytest.mark.usefixtures("loopback_is_elsewhere")
def test_links_to_other_sites_are_told_at_their_places(tmp_path: Path) -> None:
    answers = {
        "/there": status(200),
        "/old": status(301, Location="/there"),
        "/shy": status(403),
        "/%C3%A9": status(200),
        "/dot.png": status(200),
    }
    with serving(answers) as host:
        at = host.address
        files = {
            "posts/a.md": post(
                "A", f"[a]({at}/there#part) [b]({at}/none) [c]({at}/old) [d]({at}/shy)\n\n"
                f'[e]({at}/é) <a href="{at}/gone">f</a> <a href="{at}/there">g</a>',
            ),
            "posts/b.md": post("B", f"[b]({at}/none)"),
        }  # fmt: skip
        site = Written(tmp_path, files)
        checked = site.checked(external=True, limits=QUICK)
        places = [(each.code, each.file, each.line) for each in checked.findings]
        assert places == [
            ("L110", "posts/a.md", 6),
            ("L110", "posts/a.md", 8),
            ("L110", "posts/b.md", 6),
        ]
        assert checked.findings[1].message == f"link to '{at}/gone': it is not there (404)"
        assert [(each.code, each.line) for each in checked.notes] == [("L112", 6), ("L113", 6)]
        assert checked.notes[0].help == f"link to {at}/there"
        assert checked.external is not None
        assert (checked.external.counts, checked.external.remembered) == (
            {"there": 2, "gone": 2, "moved": 1, "refused": 1},
            0,
        )

        asked = len(host.asked)
        again = site.checked(external=True, limits=QUICK, now=NOW + 3600)
        assert (again.findings, len(host.asked)) == (checked.findings, asked)
        site.checked(external=True, limits=QUICK, now=NOW + 90_000)
        assert len(host.asked) > asked


@pytest.mark.usefixtures("loopback_is_elsewhere")
def test_what_nobody_answered_is_asked_again(tmp_path: Path) -> None:
    with serving({"/": by_turns(*[status(503)] * 4, status(200))}) as host:
        site = Written(tmp_path, {"posts/a.md": post("A", f"<{host.address}/>")})
        first = site.checked(external=True, limits=QUICK)
        assert [each.code for each in first.findings] == ["L111"]
        assert site.checked(external=True, limits=QUICK, now=NOW + 1).findings == ()


def test_without_a_network_no_link_is_blamed(tmp_path: Path) -> None:
    links = " ".join(f"<http://{name}.invalid/>" for name in ("a", "b", "c"))
    site = Written(tmp_path, {"posts/a.md": post("A", links)})
    with pytest.raises(UsageError, match="none of 3 hosts can be reached"):
        site.checked(external=True, limits=QUICK)


@pytest.mark.usefixtures("loopback_is_elsewhere")
def test_nobody_is_asked_unless_the_author_wants_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving({}) as host:
        text = post("A", f"[x]({host.address}/none)")
        Written(tmp_path, {"posts/a.md": text})
        assert cli.main(["check", "-C", str(tmp_path)]) == 0
        assert host.asked == []
        capsys.readouterr()
        assert cli.main(["check", "-C", str(tmp_path), "--external"]) == 1
        told = capsys.readouterr()
    assert f"L110]: link to '{host.address}/none': it is not there (404)" in told.err
    assert "other sites: 1 gone\n" in told.out

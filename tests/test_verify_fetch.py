"""What is read of a published site, and what becomes of hosts that are silent, lost or hostile."""

from __future__ import annotations

import contextlib
import gzip
import http.server
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from site_builder.errors import UsageError
from site_builder.evidence.fetch import is_beside, open_published
from site_builder.evidence.web import FetchError, Limits, MissingError, is_private

QUICK = Limits(size=1000, retries=1, pause=0.0)
IMPATIENT = Limits(wait=1.0, seconds=1.5, retries=0)
Answer = Callable[[http.server.BaseHTTPRequestHandler], None]


@contextlib.contextmanager
def served(answers: dict[str, Answer]) -> Iterator[tuple[str, Counter[str]]]:
    """A server with a home page and these answers; its address, and how often each was asked."""
    asked: Counter[str] = Counter()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked[self.path] += 1
            answer = {"/": says(b"home"), **answers}.get(self.path, fails(404))
            with contextlib.suppress(ConnectionError):
                answer(self)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.block_on_close = False
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/", asked
        server.shutdown()


def says(content: bytes, **headers: str) -> Answer:
    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(content)

    return answer


def fails(code: int) -> Answer:
    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        handler.end_headers()

    return answer


def leads(target: str) -> Answer:
    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(302)
        handler.send_header("Location", target)
        handler.end_headers()

    return answer


def is_silent(handler: http.server.BaseHTTPRequestHandler) -> None:
    threading.Event().wait(4)


def drips(handler: http.server.BaseHTTPRequestHandler) -> None:
    """Sends a byte now and then: never silent, never done."""
    handler.send_response(200)
    handler.end_headers()
    for _ in range(40):
        handler.wfile.write(b".")
        threading.Event().wait(0.1)


def fault(answers: dict[str, Answer], path: str = "a", limits: Limits = QUICK) -> str:
    """Why a file cannot be had."""
    with served(answers) as (address, _):
        published = open_published(address, limits)
        with pytest.raises(FetchError) as error:
            published.read(path)
        return str(error.value)


def test_a_file_in_a_folder_is_read(tmp_path: Path) -> None:
    (tmp_path / "a b").mkdir()
    (tmp_path / "a b" / "a b.record.json").write_bytes(b"{}")
    (tmp_path / "top.record.json").write_bytes(b"{}")
    published = open_published(str(tmp_path))
    assert published.read("a b/a b.record.json") == b"{}"
    assert sorted(published.folders()) == ["", "a b"]
    with pytest.raises(MissingError, match="there is no x/y"):
        published.read("x/y")
    with pytest.raises(MissingError):
        published.read("a b")


def test_a_file_at_an_address_is_read_below_its_path() -> None:
    answers = {"/blog/": says(b"home"), "/blog/a%20%C3%A9/x": says(b"content")}
    with served(answers) as (address, _):
        for written in ("blog", "blog/", "blog/index.html"):
            assert open_published(address + written, QUICK).read("a é/x") == b"content"


def test_pages_are_those_of_the_site_map_wherever_it_was_built() -> None:
    told = ("https://e.org/b/", "https://e.org/b/archive/", "https://e.org/b/2020/a%20b/")
    rows = "".join(f"<url><loc>{address}</loc></url>\n" for address in told)
    with served({"/sitemap.xml": says(f"<urlset>{rows}</urlset>".encode())}) as (address, _):
        assert list(open_published(address, QUICK).folders()) == ["archive", "2020/a b"]


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("nowhere", "there is no folder nowhere"),
        ("ftp://example.org/", "only http(s) addresses can be read"),
        ("file:///etc/passwd", "only http(s) addresses can be read"),
        ("https://", "only http(s) addresses can be read"),
        ("http://a:b@example.org/", "this is no address of a home page"),
        ("http://example.org:port/", "this is no address"),
        ("http://exa mple.org/", "this is no address of a home page"),
        ("http://no-such-host.invalid/", "there is no host no-such-host.invalid"),
    ],
)
def test_what_is_no_place_of_a_site_is_refused(where: str, message: str) -> None:
    with pytest.raises(UsageError) as error:
        open_published(where, QUICK)
    assert message in str(error.value)
    assert "\n  help: " in str(error.value)


def test_a_host_where_nobody_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(UsageError, match=f"nobody answers at 127.0.0.1:{port}"):
        open_published(f"http://127.0.0.1:{port}/", QUICK)


def test_a_silent_host_is_not_waited_for() -> None:
    told = fault({"/a": is_silent}, limits=IMPATIENT)
    assert told.endswith("does not answer within 1 s")


def test_a_host_that_drips_is_not_waited_for() -> None:
    assert fault({"/a": drips}, limits=IMPATIENT) == "a: it takes longer than 1.5 s"


def test_a_host_that_speaks_no_tls() -> None:
    with served({}) as (address, _), pytest.raises(UsageError, match="does not speak TLS"):
        open_published(address.replace("http:", "https:"), QUICK)


def test_a_host_that_speaks_something_else() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            connection.recv(1000)
            connection.sendall(b"SSH-2.0-nonsense\r\n" * 3)
            connection.close()

        threading.Thread(target=answer, daemon=True).start()
        with pytest.raises(UsageError, match="does not answer as a web server should"):
            open_published(f"http://127.0.0.1:{server.getsockname()[1]}/", QUICK)


def test_a_missing_file_is_told_from_one_that_cannot_be_had() -> None:
    with served({"/private": fails(403)}) as (address, asked):
        published = open_published(address, QUICK)
        with pytest.raises(MissingError, match="there is no gone"):
            published.read("gone")
        with pytest.raises(FetchError, match="does not give it to us") as error:
            published.read("private")
        assert not isinstance(error.value, MissingError)
        assert asked["/gone"] == asked["/private"] == 1


def test_a_host_that_stumbles_is_asked_again() -> None:
    answers = [says(b"content"), fails(503)]

    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        answers.pop()(handler)

    with served({"/a": answer}) as (address, _):
        assert open_published(address, QUICK).read("a") == b"content"


def test_a_host_that_has_fallen_is_asked_twice() -> None:
    with served({"/a": fails(500)}) as (address, asked):
        published = open_published(address, QUICK)
        with pytest.raises(FetchError, match=r"a: the host answers with an error \(500\)"):
            published.read("a")
        assert asked["/a"] == 2


def test_a_host_that_is_gone_is_not_asked_for_ten_thousand_files() -> None:
    with served({f"/{n}": fails(500) for n in range(100)}) as (address, asked):
        published = open_published(address, QUICK)
        told = set()
        for n in range(100):
            with pytest.raises(FetchError) as error:
                published.read(str(n))
            told.add(str(error.value).partition(": ")[2].partition(" ")[2])
        assert told == {"host answers with an error (500)", "has stopped answering"}
        assert asked.total() == 1 + 2 * QUICK.patience


def test_what_is_too_large_is_not_kept() -> None:
    assert fault({"/a": says(b"x" * 1001)}) == "a: it is larger than 0.001 MB"


def test_a_packed_file_is_unpacked_within_its_limit() -> None:
    packed = {
        "/a": says(gzip.compress(b"content"), Content_Encoding="gzip"),
        "/bomb": says(gzip.compress(b"x" * 100_000), Content_Encoding="gzip"),
        "/broken": says(b"nothing", Content_Encoding="gzip"),
        "/cut": says(gzip.compress(b"content")[:-9], Content_Encoding="gzip"),
    }
    with served(packed) as (address, _):
        assert open_published(address, QUICK).read("a") == b"content"
    assert fault(packed, "bomb") == "bomb: it is larger than 0.001 MB"
    assert fault(packed, "broken") == "broken: it is packed in a way that cannot be read"
    assert fault(packed, "cut") == "cut: what it is packed in is cut short"


def test_a_file_that_was_cut_off_is_no_file() -> None:
    assert fault({"/a": says(b"cont", Content_Length="7")}) == "a: the connection was cut off"


def test_redirects_on_the_host_are_followed() -> None:
    answers = {"/a": leads("/b"), "/b": leads("c"), "/c": says(b"content")}
    with served(answers) as (address, _):
        assert open_published(address, QUICK).read("a") == b"content"


def test_a_circle_of_redirects_is_seen() -> None:
    assert fault({"/a": leads("/b"), "/b": leads("/a")}) == "a: its redirects lead in a circle"


def test_redirects_are_few() -> None:
    answers = {f"/{n}": leads(f"/{n + 1}") for n in range(20)}
    assert fault(answers, "1") == "1: there are more than 5 redirects"


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://example.org/", "javascript:1", ""])
def test_redirects_lead_to_http_only(target: str) -> None:
    assert fault({"/a": leads(target)}).startswith("a: it")


def test_files_do_not_come_from_another_host() -> None:
    with served({"/a": says(b"theirs")}) as (other, asked):
        told = fault({"/a": leads(other + "a")})
        assert told.startswith("a: it redirects to another host, 127.0.0.1:")
        assert not asked


def test_a_home_page_may_have_moved_with_all_its_files() -> None:
    moved = {"/new/": says(b"home"), "/new/a": says(b"content")}
    with served(moved) as (other, _), served({"/old/": leads(other + "new/")}) as (address, _):
        assert open_published(address + "old", QUICK).read("a") == b"content"


def test_a_home_page_on_the_internet_does_not_lead_into_a_private_network(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with served({}) as (inner, asked), served({"/": leads(inner)}) as (address, _):
        port = int(address.rpartition(":")[2].strip("/"))
        names = {"blog.example": "93.184.215.14"}

        def look_up(host: str, *rest: object, **more: object) -> list[tuple[object, ...]]:
            # To whoever asks where it is, it is on the internet; to connect, it is here.
            to_connect = rest[:1] == (port,)
            return [(2, 1, 6, "", (names.get(host, host) if not to_connect else "127.0.0.1", port))]

        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        with pytest.raises(UsageError, match="it redirects into a private network"):
            open_published(f"http://blog.example:{port}/", QUICK)
        assert not asked


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "10.0.0.1", "169.254.169.254", "localhost"])
def test_private_networks_are_known(host: str) -> None:
    assert is_private(host)
    assert not is_private("93.184.215.14")


@pytest.mark.parametrize(
    ("name", "beside"),
    [
        ("xor.ipynb", True),
        ("images/a b.png", True),
        ("../secret", False),
        ("/etc/passwd", False),
        ("C:/x", False),
        ("a/../../x", False),
        ("a\\b", False),
        ("https://example.org/", False),
        ("", False),
    ],
)
def test_records_name_files_beside_their_page_only(name: str, beside: bool) -> None:
    assert is_beside(name) is beside

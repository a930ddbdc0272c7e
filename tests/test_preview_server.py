"""The preview's server: what it answers, whom it refuses, and that it leaves nothing behind."""

from __future__ import annotations

import gc
import json
import os
import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from previews import EDITOR, Serving, eventually, page, preview, recipe, serving

from site_builder.codes import WARNINGS
from site_builder.errors import ContentError, Problem, UsageError
from site_builder.model.files import Recipe
from site_builder.preview.board import Board, Preview
from site_builder.preview.pages import Script, shown_in, with_script
from site_builder.preview.server import PreviewServer
from site_builder.publishing.media_types import content_type

SITE: dict[str, str | bytes | Recipe] = {
    "index.html": page("<h1>Home</h1>"),
    "a/index.html": page("<h1>A</h1>"),
    "ü b/index.html": page("<h1>Ü</h1>"),
    "404.html": page("<h1>Lost</h1>"),
    "data.bin": bytes(range(256)) * 300,
    "feed.xml": "<feed/>",
}
OWN = "__site-builder/"
A_PROBLEM = Problem("no", "posts/a b.md", 3, 5, 2, "an excerpt", "do it", ("a note",))


@pytest.fixture
def site() -> Iterator[Serving]:
    with serving() as served:
        served.show(SITE)
        yield served


@pytest.fixture
def blog() -> Iterator[Serving]:
    """The same site below /blog/."""
    with serving("/blog/") as served:
        served.show(SITE)
        yield served


def script_in(text: str) -> str:
    (found,) = re.findall(r"<script[^>]*__site-builder[^>]*></script>", text)
    return str(found)


# What is answered


def test_files_come_as_they_are(site: Serving) -> None:
    reply = site.get("/data.bin")
    assert reply.status == 200
    assert reply.body == SITE["data.bin"]
    assert reply.headers["Content-Length"] == str(len(reply.body))
    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert "Python" not in reply.headers["Server"]


def test_a_page_has_one_script_more_and_is_otherwise_as_it_is_built(site: Serving) -> None:
    reply = site.get("/a/")
    script = script_in(reply.text)
    assert f"{script}</head>" in reply.text
    assert reply.text.replace(script, "") == SITE["a/index.html"]
    assert reply.headers["Content-Length"] == str(len(reply.body))
    assert reply.headers["Content-Type"] == "text/html; charset=utf-8"


def test_a_page_without_a_head_has_the_script_at_its_end() -> None:
    script = Script("/", "http://127.0.0.1:80", "d")
    assert with_script(b"<p>text", script).startswith(b"<p>text<script ")


def test_head_is_the_answer_without_its_body(site: Serving) -> None:
    whole, head = site.get("/a/"), site.get("/a/", "HEAD")
    assert head.body == b""
    assert head.status == 200
    for name in ("Content-Length", "Content-Type"):
        assert head.headers[name] == whole.headers[name]


def test_queries_are_for_the_page(site: Serving) -> None:
    assert site.get("/a/?q=1/2").status == 200


@pytest.mark.parametrize(
    ("asked", "location"), [("/a", "/a/"), ("/a?q", "/a/"), ("/%C3%BC%20b", "/%C3%BC%20b/")]
)
def test_a_folder_has_a_slash(site: Serving, asked: str, location: str) -> None:
    reply = site.get(asked)
    assert (reply.status, reply.headers["Location"]) == (302, location)
    assert site.get(location).status == 200


def test_a_site_below_a_path(blog: Serving) -> None:
    assert blog.server.url == f"http://127.0.0.1:{blog.port}/blog/"
    for asked in ("/", "/blog"):
        assert blog.get(asked).headers["Location"] == "/blog/"
    assert blog.get("/blog/a").headers["Location"] == "/blog/a/"
    reply = blog.get("/blog/a/")
    assert 'src="/blog/__site-builder/live.js"' in script_in(reply.text)
    assert blog.get("/blog/__site-builder/live.js").status == 200
    assert blog.get("/a/").status == 404
    assert blog.get("/__site-builder/live.js").status == 404


def test_what_is_not_there_is_the_site_s_own_page_for_that(site: Serving) -> None:
    reply = site.get("/no/such/page/")
    assert reply.status == 404
    assert "<h1>Lost</h1>" in reply.text
    assert script_in(reply.text)


def test_a_site_without_such_a_page_gets_one(site: Serving) -> None:
    site.show({"index.html": page("")})
    reply = site.get("/nothing")
    assert reply.status == 404
    assert "Page not found" in reply.text
    assert script_in(reply.text)


def test_before_the_first_preview_there_is_a_page_to_wait_on() -> None:
    with serving() as served:
        reply = served.get("/a/")
        assert reply.status == 503
        assert script_in(reply.text)
        with served.events("/a/") as events:
            before = next(events)
            served.show(SITE)
            after = next(events)
        assert before["busy"]
        assert before["page"] != after["page"]
        assert f'data-digest="{before["page"]}"' in reply.text
        assert f'data-digest="{after["page"]}"' in served.get("/a/").text


@pytest.mark.parametrize(
    "address",
    [
        "/../secret",
        "/a/../../secret",
        "/%2e%2e/secret",
        "/a%2Findex.html",
        "/a%5Cindex.html",
        "/a\\index.html",
        "/a%00",
        "/%0d%0aSet-Cookie:x",
        "/%ff",
        "/./a/",
        "a/",
        "http://127.0.0.1/a/",
        "/" + "a" * 3000,
    ],
)
def test_an_address_that_no_browser_asks_for_is_refused(site: Serving, address: str) -> None:
    head = f"GET {address} HTTP/1.1\r\nHost: 127.0.0.1:{site.port}\r\nConnection: close\r\n\r\n"
    assert site.raw(head.encode()).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("address", ["/a//", "/a/index.html/", "//a/b", "/etc/passwd", "/a/%20"])
def test_an_address_that_leads_nowhere_is_not_found(site: Serving, address: str) -> None:
    head = f"GET {address} HTTP/1.1\r\nHost: 127.0.0.1:{site.port}\r\nConnection: close\r\n\r\n"
    assert site.raw(head.encode()).startswith(b"HTTP/1.1 404 ")


def test_a_redirect_stays_on_the_server(site: Serving) -> None:
    site.show({**SITE, "evil.example/index.html": page("")})
    assert site.get("//evil.example").headers["Location"] == "/evil.example/"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.html", "text/html; charset=utf-8"),
        ("a.css", "text/css; charset=utf-8"),
        ("a.js", "text/javascript; charset=utf-8"),
        ("a.svg", "image/svg+xml"),
        ("a.PNG", "image/png"),
        ("a.webp", "image/webp"),
        ("a.avif", "image/avif"),
        ("a.jpg", "image/jpeg"),
        ("a.woff2", "font/woff2"),
        ("feed.xml", "application/xml; charset=utf-8"),
        ("feed.json", "application/json"),
        ("a.ipynb", "application/x-ipynb+json"),
        ("a.py", "text/x-python; charset=utf-8"),
        ("robots.txt", "text/plain; charset=utf-8"),
        ("a.ico", "image/x-icon"),
        ("a.pdf", "application/pdf"),
        ("a.bib", "text/x-bibtex; charset=utf-8"),
        ("folder.d/_redirects", "text/plain; charset=utf-8"),
        ("a.h5", "application/octet-stream"),
    ],
)
def test_files_have_their_types(name: str, kind: str) -> None:
    assert content_type(name) == kind


def test_all_kinds_of_files_of_the_blog_have_a_type() -> None:
    public = Path(__file__).parents[1] / "themes"
    for path in public.rglob("*.*"):
        if path.is_file() and path.suffix != ".pyc":
            assert content_type(path.name) != "application/octet-stream", path


# What cannot be made


def failing(error: Exception) -> Recipe:
    def make() -> bytes:
        raise error

    return Recipe("a/index.html", f"failing {error}", make)


def test_a_page_that_cannot_be_made_says_why_and_comes_back(site: Serving) -> None:
    problem = Problem("'pagee' is undefined", "templates/post.html", 4, 5, 5)
    with site.events("/a/") as events:
        good = next(events)
        site.show({**SITE, "a/index.html": failing(ContentError(problem))})
        bad = next(events)
        reply = site.get("/a/")
        site.show(SITE)
        again = next(events)
    assert reply.status == 500
    assert script_in(reply.text)
    assert "error: &#x27;pagee&#x27; is undefined\n  --&gt; templates/post.html:4:5<" in reply.text
    assert [told["message"] for told in bad["problems"]] == ["'pagee' is undefined"]
    assert bad["problems"][0]["here"]
    assert good["page"] == again["page"] != bad["page"]
    assert again["problems"] == []


def test_a_mistake_of_ours_is_a_page_too(site: Serving) -> None:
    site.show({**SITE, "a/index.html": failing(ZeroDivisionError("oh <no>"))})
    reply = site.get("/a/")
    assert reply.status == 500
    assert "ZeroDivisionError: oh &lt;no&gt;" in reply.text
    assert site.get("/").status == 200


def test_a_page_is_made_when_it_is_asked_for_and_once(site: Serving) -> None:
    made: list[str] = []

    def lazily(path: str) -> Recipe:
        def make() -> bytes:
            made.append(path)
            return page(path).encode()

        return Recipe(path, "same", make)

    files = {name: lazily(name) for name in ("a/index.html", "b/index.html")}
    site.show(files)
    assert made == []
    with site.events("/a/") as events:
        next(events)
        site.get("/a/")
        site.get("/a/")
        site.show({**files, "c.txt": "x"}, busy=True)
        next(events)
    assert made == ["a/index.html"]


# Policies


def policy_of(head: str, origin: str = "http://127.0.0.1:8000") -> str:
    served = with_script(page("", head).encode(), Script("/", origin, "d")).decode()
    found = re.search(r'content="(default[^"]*|[a-z]+-src[^"]*)"', served)
    assert found is not None
    return found[1]


def csp(policy: str) -> str:
    return f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'


JS = "http://127.0.0.1:8000/__site-builder/live.js"
CSS = "http://127.0.0.1:8000/__site-builder/live.css"


@pytest.mark.parametrize(
    ("policy", "served"),
    [
        (
            "default-src 'none'; style-src 'self'",
            f"default-src 'none'; style-src 'self'; script-src {JS}; connect-src 'self'",
        ),
        ("script-src 'self'; connect-src 'self'", "script-src 'self'; connect-src 'self'"),
        ("img-src 'none'", "img-src 'none'"),
        ("script-src https://x.example", f"script-src https://x.example {JS}"),
        ("script-src 'none'; script-src *", f"script-src {JS}"),
        ("style-src-elem 'none'", f"style-src-elem {CSS}"),
    ],
)
def test_a_policy_lets_the_script_through_and_nothing_else(policy: str, served: str) -> None:
    assert policy_of(csp(policy)) == served


def test_a_policy_is_found_however_it_is_written() -> None:
    assert JS in policy_of(
        "<META content=\"default-src 'none'\" HTTP-EQUIV=content-security-policy>"
    )
    with_entities = csp("default-src &#39;none&#39;; img-src https://x.example/?a&amp;b")
    assert "img-src https://x.example/?a&amp;b" in policy_of(with_entities)
    other = '<meta name="description" content="default-src, content-security-policy and I">\n'
    assert policy_of(other) == "default-src, content-security-policy and I"


# Whom it answers


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "LocalHost", "[::1]"])
def test_it_answers_to_the_names_of_this_machine(site: Serving, name: str) -> None:
    assert site.get("/a/", Host=f"{name}:{site.port}").status == 200


@pytest.mark.parametrize(
    "name", ["evil.example:{port}", "127.0.0.1", "localhost:1", "127.0.0.1.evil.example:{port}", ""]
)
@pytest.mark.parametrize("path", ["/a/", "/__site-builder/state", "/data.bin"])
def test_it_answers_to_no_other_name(site: Serving, name: str, path: str) -> None:
    reply = site.get(path, Host=name.format(port=site.port))
    assert reply.status == 421
    assert f"127.0.0.1:{site.port}" in reply.text
    assert reply.headers["Content-Type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize("hosts", [[], ["127.0.0.1:{port}", "evil.example"]])
def test_a_request_has_one_name(site: Serving, hosts: list[str]) -> None:
    lines = "".join(f"Host: {host.format(port=site.port)}\r\n" for host in hosts)
    assert site.raw(f"GET /a/ HTTP/1.1\r\n{lines}\r\n".encode()).startswith(b"HTTP/1.1 421 ")


@pytest.mark.parametrize(
    "method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get"]
)
def test_it_can_only_be_read(site: Serving, method: str) -> None:
    head = f"{method} /a/ HTTP/1.1\r\nHost: 127.0.0.1:{site.port}\r\nContent-Length: 4\r\n\r\nbody"
    answer = site.raw(head.encode())
    assert answer.startswith(b"HTTP/1.1 405 ")
    assert b"\r\nAllow: GET, HEAD\r\n" in answer
    assert answer.count(b"HTTP/1.1") == 1


@pytest.mark.parametrize("name", ["state", "events", "live.js", "live.css"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_what_is_wrong_with_the_posts_is_told_to_no_other_site(
    site: Serving, name: str, headers: dict[str, str]
) -> None:
    assert site.get(f"/{OWN}{name}", **headers).status == 403


def test_its_own_pages_may_ask(site: Serving) -> None:
    origin = f"http://127.0.0.1:{site.port}"
    reply = site.get(f"/{OWN}state", Origin=origin, Sec_Fetch_Site="same-origin")
    assert reply.status == 200
    assert site.get(f"/{OWN}state", Sec_Fetch_Site="none").status == 200
    assert site.get(f"/{OWN}secrets").status == 404


@pytest.mark.parametrize(
    "nonsense",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    ],
)
def test_what_is_no_request_is_told_so_in_plain_words(site: Serving, nonsense: bytes) -> None:
    answer = site.raw(nonsense)
    assert re.match(rb"HTTP/1.1 (4\d\d|505) ", answer)
    assert b"\r\nContent-Type: text/plain; charset=utf-8\r\n" in answer
    assert b"<html" not in answer.lower()
    assert site.get("/a/").status == 200


def test_two_requests_share_a_connection(site: Serving) -> None:
    one = f"GET /feed.xml HTTP/1.1\r\nHost: 127.0.0.1:{site.port}\r\n\r\n"
    last = one.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n")
    assert site.raw((one + last).encode()).count(b"<feed/>") == 2


def test_the_body_of_a_request_is_not_the_next_request(site: Serving) -> None:
    host = f"Host: 127.0.0.1:{site.port}\r\n"
    inner = f"GET /a/ HTTP/1.1\r\n{host}\r\n"
    outer = f"GET /feed.xml HTTP/1.1\r\n{host}Content-Length: {len(inner)}\r\n\r\n{inner}"
    assert site.raw(outer.encode()).count(b"HTTP/1.1 ") == 1


def test_it_is_bound_to_this_machine_only(site: Serving) -> None:
    for family, _, _, _, address in socket.getaddrinfo(socket.gethostname(), site.port):
        if str(address[0]).startswith("127.") or str(address[0]) == "::1":
            continue
        with socket.socket(family, socket.SOCK_STREAM) as other, pytest.raises(OSError):
            other.settimeout(1)
            other.connect(address)
    assert site.server.url.startswith("http://127.0.0.1:")


# Ports


def test_a_port_that_is_taken_is_an_error_that_names_a_free_one(site: Serving) -> None:
    with pytest.raises(UsageError) as caught:
        PreviewServer(Board(), base="/", root=Path("/"), port=site.port, editor="")
    (problem,) = caught.value.problems
    assert str(site.port) in problem.message
    free = re.search(r"--port (\d+)", problem.help)
    assert free is not None
    with PreviewServer(Board(), base="/", root=Path("/"), port=int(free[1]), editor="") as other:
        assert other.url == f"http://127.0.0.1:{free[1]}/"


def test_a_port_that_there_is_not_is_an_error() -> None:
    with pytest.raises(UsageError, match="70000"):
        PreviewServer(Board(), base="/", root=Path("/"), port=70_000, editor="")


def test_a_port_can_be_had_again_at_once() -> None:
    with serving() as served:
        served.show(SITE)
        port = served.port
        served.get("/")
    with PreviewServer(Board(), base="/", root=Path("/"), port=port, editor=""):
        pass


# Events


def test_a_page_hears_of_what_concerns_it_and_of_nothing_else(site: Serving) -> None:
    with site.events("/a/") as events:
        first = next(events)
        assert first["version"] == 1
        assert first["problems"] == []
        site.show({**SITE, "ü b/index.html": page("other")})  # another page: nothing to hear
        version = site.show({**SITE, "a/index.html": page("new")})
        second = next(events)
    assert second["version"] == version == 3
    assert second["page"] != first["page"]
    assert {**second, "version": 0, "page": ""} == {**first, "version": 0, "page": ""}


def test_a_page_that_is_made_anew_with_the_same_bytes_is_no_news(site: Serving) -> None:
    same = Recipe("a/index.html", "made of other things", lambda: page("<h1>A</h1>").encode())
    with site.events("/a/") as events:
        first = next(events)
        site.show({**SITE, "a/index.html": same})
        site.show({**SITE, "a/index.html": same}, busy=True)
        assert next(events) == first | {"version": 3, "busy": True}


def test_the_digest_is_that_of_the_page_that_is_served(site: Serving) -> None:
    for path in ("/a/", "/", "/nothing", "/%C3%BC%20b/"):
        with site.events(path) as events:
            assert f'data-digest="{next(events)["page"]}"' in site.get(path).text


def test_a_page_changes_with_the_files_that_it_shows(site: Serving) -> None:
    shows = page(
        '<img src="x.png" alt="a > b"><img srcset="../y.png 1x, /z.png 2x"><a href="w.txt">'
    )
    files = {**SITE, "a/index.html": shows, "a/x.png": "1", "y.png": "1", "z.png": "1"}
    site.show({**files, "a/w.txt": "1"})
    with site.events("/a/") as events:
        first = next(events)
        assert set(first["parts"]) == {"x.png", "../y.png", "/z.png"}
        site.show({**files, "a/w.txt": "2"})
        site.show({**files, "a/w.txt": "2", "z.png": "2"})
        second = next(events)
    assert second["page"] != first["page"]
    changed = {name for name in first["parts"] if first["parts"][name] != second["parts"][name]}
    assert changed == {"/z.png"}


def test_what_a_page_shows_is_found_however_it_is_written() -> None:
    html = (
        "<IMG alt='>' SRC='a.png'><video poster=\"b.jpg\"><source src=c.mp4 srcset='d.webp 2x'>"
        '<link rel="stylesheet" href="e.css?a&amp;b"><link rel=alternate href="feed.xml">'
        '<link rel="canonical" href="f"><a href="g"></a><img data-src="h">'
    )
    assert set(shown_in(html.encode())) == {"a.png", "b.jpg", "d.webp", "e.css?a&b"}


def test_problems_of_the_page_s_post_come_first(site: Serving) -> None:
    site.show(
        SITE,
        Problem("other", "posts/0.md", 1),
        Problem("a warning of mine", "posts/a.md", 1, code=sorted(WARNINGS)[0]),
        Problem("mine", "posts/a.md", 2),
        Problem("nobody's", "site.toml", 1),
        sources={"a/index.html": "posts/a.md", "ü b/index.html": "posts/0.md"},
    )
    with site.events("/a/") as events:
        told = next(events)
    assert [(p["message"], p["here"]) for p in told["problems"]] == [
        ("mine", True),
        ("nobody's", True),
        ("a warning of mine", True),
        ("other", False),
    ]
    assert told["source"] == "posts/a.md"
    with site.events("/") as events:
        assert all(p["here"] for p in next(events)["problems"])


def test_a_problem_is_told_with_all_that_is_known_of_it(site: Serving) -> None:
    site.show(SITE, A_PROBLEM, running={"posts/a.md": "cell 1 of 2"}, busy=True)
    with site.events("/a/") as events:
        told = next(events)
    (problem,) = told["problems"]
    assert problem == {
        **{"message": "no", "file": "posts/a b.md", "line": 3, "column": 5, "width": 2},
        **{"excerpt": "an excerpt", "help": "do it", "notes": ["a note"], "code": "", "here": True},
        "warning": False,
        "link": "vscode://file/blog/posts/a%20b.md:3:5",
    }
    assert told["running"] == {"posts/a.md": "cell 1 of 2"}
    assert told["busy"]
    state = json.loads(site.get(f"/{OWN}state").text)
    assert state["problems"] == [{name: problem[name] for name in problem if name != "here"}]
    assert state["version"] == 2


def test_of_very_many_problems_a_page_hears_the_first(site: Serving) -> None:
    site.show(SITE, *(Problem("no", "posts/a.md", line) for line in range(1, 251)))
    with site.events("/a/") as events:
        told = next(events)
    assert (len(told["problems"]), told["more"]) == (100, 150)
    assert len(json.loads(site.get(f"/{OWN}state").text)["problems"]) == 250


@pytest.mark.parametrize(
    ("editor", "file", "link"),
    [
        (EDITOR, "posts/a.md", "vscode://file/blog/posts/a.md:3:1"),
        ("idea://open?file={file}&line={line}", "a.md", "idea://open?file=/blog/a.md&line=3"),
        ("txmt://open?url=file://{file}", "a.md", "txmt://open?url=file:///blog/a.md"),
        (EDITOR, "posts/#?%ü.md", "vscode://file/blog/posts/%23%3F%25%C3%BC.md:3:1"),
        (EDITOR, "posts/{line}.md", "vscode://file/blog/posts/%7Bline%7D.md:3:1"),
        (EDITOR, "../secret.md", ""),
        (EDITOR, "/etc/passwd", ""),
        (EDITOR, "", ""),
        ("", "posts/a.md", ""),
    ],
)
def test_a_problem_opens_the_editor_for_files_of_the_site(
    editor: str, file: str, link: str
) -> None:
    with serving(editor=editor) as served:
        served.show(SITE, Problem("no", file, 3))
        state = json.loads(served.get(f"/{OWN}state").text)
    assert [problem["link"] for problem in state["problems"]] == [link]


# What it leaves behind


def threads() -> int:
    return threading.active_count()


def test_streams_end_with_their_browsers(site: Serving) -> None:
    before = threads()
    for _ in range(300):
        with site.events("/a/") as events:
            next(events)
    eventually(lambda: threads() <= before)
    assert site.board._listeners == []


def test_a_browser_that_goes_without_a_word_leaves_nothing(site: Serving) -> None:
    before = threads()
    request = f"GET /{OWN}events HTTP/1.1\r\nHost: 127.0.0.1:{site.port}\r\n\r\n".encode()
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", site.port)) as connection:
            connection.sendall(request)  # gone before the answer
    eventually(lambda: threads() <= before)


def test_closing_ends_everything_that_is_open() -> None:
    before = threads()
    board = Board()
    server = PreviewServer(board, base="/", root=Path("/"), port=0, editor="")
    served = Serving(board, server)
    served.show(SITE)
    idle = socket.create_connection(("127.0.0.1", served.port))
    with served.events("/a/") as first, served.events("/a/") as second:
        next(first)
        next(second)
        server.close()
        assert list(first) == []
        assert list(second) == []
    idle.settimeout(5)
    assert idle.recv(1) == b""
    idle.close()
    server.close()
    eventually(lambda: threads() <= before)
    with pytest.raises(OSError):
        served.get("/")
    board.publish(preview(SITE))  # nobody listens, nothing breaks


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts open files in /proc")
def test_fifty_saves_leave_nothing_behind(site: Serving) -> None:
    def look(number: int) -> None:
        site.show({**SITE, "a/index.html": page(f"<p>{number}</p>" * 100)}, busy=True)
        assert next(events)["version"] == site.board.version
        site.get("/a/")

    def left() -> tuple[int, int, int]:
        gc.collect()
        previews = sum(type(thing) is Preview for thing in gc.get_objects())
        return threads(), len(os.listdir("/proc/self/fd")), previews

    with site.events("/a/") as events:
        next(events)
        for number in range(5):
            look(number)
        before = left()
        for number in range(50):
            look(100 + number)
        eventually(lambda: left() <= before)
        assert left()[2] <= before[2]


def test_many_publications_are_one_piece_of_news(site: Serving) -> None:
    with site.events("/a/") as events:
        next(events)
        for number in range(500):
            site.show({**SITE, "a/index.html": page(str(number))})
        heard = next(events)
        while heard["version"] < site.board.version:
            heard = next(events)
    assert heard["page"] in site.get("/a/").text


# The board


def test_who_waits_learns_of_what_is_newer() -> None:
    board = Board()
    assert (board.version, board.current.files) == (0, {})
    assert board.wait(0, timeout=0.01) == 0
    threading.Timer(0.05, board.publish, [preview(SITE)]).start()
    assert board.wait(0, timeout=10) == 1
    assert board.wait(0, timeout=10) == 1
    assert board.newest() == (1, board.current)


def test_recipes_are_shared_by_many_browsers(site: Serving) -> None:
    slow = threading.Event()
    made: list[int] = []

    def make() -> bytes:
        made.append(1)
        slow.wait(5)
        return b"<p>slow"

    site.show({"a/index.html": Recipe("a/index.html", "x", make), "b.txt": recipe("b.txt", "b")})
    asking = [threading.Thread(target=site.get, args=("/a/",)) for _ in range(4)]
    for thread in asking:
        thread.start()
    eventually(lambda: bool(made))
    assert site.get("/b.txt").text == "b"  # not held up by a page that takes its time
    slow.set()
    for thread in asking:
        thread.join()
    assert len(made) == 1

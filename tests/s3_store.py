"""A store for tests of deploys: moto's S3 over HTTP, and a proxy before it where faults happen."""

from __future__ import annotations

import contextlib
import http.client
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID
from moto.server import ThreadedMotoServer

BUCKET = "blog-bucket"
SECRET = "sEcReT/kEy+of+nobody"


@dataclass(frozen=True)
class Request:
    """A request on its way to the store."""

    number: int
    method: str
    path: str
    headers: dict[str, str]


@dataclass(frozen=True)
class Fault:
    """What the proxy does instead of passing a request on."""

    status: int = 0
    """The status of an answer of its own; 0 if there is none, and the line drops."""
    code: str = ""
    passes: bool = False
    """Whether the store gets the request all the same."""
    half: bool = False
    """Whether half of the store's answer arrives before the line drops."""
    waits: bool = False
    """Whether nothing comes for as long as the store runs."""


def error(code: str, status: int) -> Fault:
    return Fault(status, code)


DROPPED = Fault()
DROPPED_AFTER = Fault(passes=True)
TORN = Fault(passes=True, half=True)
SILENT = Fault(waits=True)


@dataclass
class Store:
    """The store as tests see it."""

    url: str
    """Of the proxy."""
    direct: str
    """Of the store itself."""
    seen: list[Request] = field(default_factory=list)
    fault: Callable[[Request], Fault | None] = lambda _: None
    strip: tuple[str, ...] = ()
    """Headers that the store never sees: it knows nothing of them."""
    after: Callable[[], None] = lambda: None
    """Called after each request that the store got."""
    lock: threading.Lock = field(default_factory=threading.Lock)
    ended: threading.Event = field(default_factory=threading.Event)
    _client: Any = None

    def forget(self) -> None:
        self.seen.clear()
        self.fault, self.after, self.strip = (lambda _: None), (lambda: None), ()

    def puts(self) -> list[str]:
        """Keys that were put, but for manifest and lease."""
        keys = [r.path.partition("?")[0] for r in self.seen if r.method == "PUT"]
        return [key.removeprefix(f"/{BUCKET}/") for key in keys if "/.deploy-" not in key]

    def objects(self, prefix: str = "") -> dict[str, Any]:
        """The objects themselves, by what follows the prefix."""
        bucket = _backend().buckets[BUCKET]
        found = dict(bucket.keys.items())
        return {k.removeprefix(prefix): x for k, x in found.items() if k.startswith(prefix)}

    def files(self, prefix: str = "") -> dict[str, bytes]:
        return {path: each.value for path, each in self.objects(prefix).items()}

    def client(self) -> Any:
        """A client that goes past the proxy."""
        if self._client is None:
            self._client = boto3.client(
                "s3",
                endpoint_url=self.direct,
                region_name="us-east-1",
                aws_access_key_id="test",
                aws_secret_access_key="test",
            )
        return self._client

    def put(self, key: str, content: bytes) -> None:
        self.client().put_object(Bucket=BUCKET, Key=key, Body=content)

    def become(self, files: dict[str, bytes]) -> None:
        """Let the bucket hold these objects alone, past HTTP."""
        there = self.files()
        for key in there.keys() - files.keys():
            _backend().delete_object(BUCKET, key)
        for key, content in files.items():
            if there.get(key) != content:
                _backend().put_object(BUCKET, key, content)


def _backend() -> Any:
    return get_backend("s3")[DEFAULT_ACCOUNT_ID]["aws"]


@contextlib.contextmanager
def running() -> Iterator[Store]:
    """A store with an empty bucket."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    store = Store("", f"http://{host}:{port}")
    handler = type("Handler", (_Handler,), {"store": store, "behind": (host, port)})
    proxy = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    proxy.daemon_threads = True
    store.url = f"http://127.0.0.1:{proxy.server_address[1]}"
    thread = threading.Thread(target=proxy.serve_forever, daemon=True)
    thread.start()
    try:
        yield store
    finally:
        store.ended.set()
        proxy.shutdown()
        proxy.server_close()
        thread.join()
        server.stop()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    store: Store
    behind: tuple[str, int]

    def log_message(self, *_: object) -> None:
        pass

    def _answer(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(size)
        with self.store.lock:
            request = Request(len(self.store.seen), self.command, self.path, dict(self.headers))
            self.store.seen.append(request)
            fault = self.store.fault(request)
        if fault is None or fault.passes:
            answer, content = self._pass_on(body)
            with self.store.lock:
                self.store.after()
        if fault is None:
            self.send_response_only(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in ("transfer-encoding", "connection", "content-length"):
                    self.send_header(name, value)
            length = answer.getheader("Content-Length") if self.command == "HEAD" else len(content)
            self.send_header("Content-Length", str(length or 0))
            self.end_headers()
            self.wfile.write(content)
        elif fault.status:
            text = f"<Error><Code>{fault.code}</Code><Message>so it is</Message></Error>".encode()
            self.send_response_only(fault.status)
            self.send_header("Content-Type", "application/xml")
            self.send_header("Content-Length", str(0 if self.command == "HEAD" else len(text)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(text)
        else:
            if fault.waits:
                self.store.ended.wait()
            if fault.half:
                self.send_response_only(answer.status)
                self.send_header("ETag", answer.getheader("ETag") or '"x"')
                self.send_header("Content-Length", str(len(content) + 10))
                self.end_headers()
                self.wfile.write(content)
                self.wfile.flush()
            self.close_connection = True

    def _pass_on(self, body: bytes) -> tuple[http.client.HTTPResponse, bytes]:
        connection = http.client.HTTPConnection(*self.behind)
        headers = {k: v for k, v in self.headers.items() if k.lower() not in self.store.strip}
        connection.request(self.command, self.path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer, content

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _answer  # noqa: N815

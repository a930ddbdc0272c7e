"""Deploys to S3: a real client, a store over HTTP, and a line that breaks at every request."""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
import s3_store
from deploy_fakes import (
    NEW,
    OLD,
    URL,
    Pages,
    StoppedClock,
    around,
    built_site,
    content,
    deploy,
    missing,
    site_at,
)
from s3_store import BUCKET, DROPPED, DROPPED_AFTER, SECRET, TORN, Fault, Request, Store, error

from site_builder.assembly.machines.redirects import Redirect, redirect_page
from site_builder.errors import ContentError, UsageError
from site_builder.publishing.deploy import s3_client
from site_builder.publishing.deploy.retries import Retries, TargetError
from site_builder.publishing.deploy.s3 import Bucket, connect
from site_builder.publishing.deploy.s3_headers import changed_paths
from site_builder.publishing.deploy.target import LEASE, MANIFEST
from site_builder.settings import targets
from site_builder.settings.site import Site
from site_builder.settings.tables import Settings


@pytest.fixture(scope="module")
def server() -> Iterator[Store]:
    with s3_store.running() as store:
        yield store


@pytest.fixture
def store(server: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Store:
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIANOBODY")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no credentials"))
    server.forget()
    client = server.client()
    if BUCKET in [bucket["Name"] for bucket in client.list_buckets()["Buckets"]]:
        server.become({})
    else:
        client.create_bucket(Bucket=BUCKET)
    return server


class Blog:
    """A site, and its bucket."""

    def __init__(self, tmp_path: Path, store: Store) -> None:
        self.tmp_path, self.store = tmp_path, store
        self.told: list[str] = []
        self.clock = StoppedClock()
        self.attempts = 1

    @contextmanager
    def session(self, *, width: int = 1, address: str = URL, **table: str) -> Iterator[Bucket]:
        given: dict[str, str] = {"prefix": "blog", "endpoint": self.store.url, **table}
        s3 = targets.S3(kind="s3", bucket=given.pop("bucket", BUCKET), **given)
        retries = Retries(clock=self.clock, attempts=self.attempts)
        here = around(
            self.tmp_path, retries=retries, width=width, tell=self.told.append, address=address
        )
        with connect(s3, here) as session:
            yield session

    def deploy(
        self, pages: Pages, *, width: int = 1, address: str = URL, **table: str
    ) -> list[str]:
        site = built_site(self.tmp_path / "public", pages)
        with self.session(width=width, address=address, **table) as session:
            return deploy(session, site)

    def failure(self, pages: Pages = OLD, **table: Any) -> TargetError:
        with pytest.raises(TargetError) as raised:
            self.deploy(pages, **table)
        assert SECRET not in str(raised.value)
        assert "AKIANOBODY" not in str(raised.value)
        return raised.value


@pytest.fixture
def blog(tmp_path: Path, store: Store) -> Blog:
    return Blog(tmp_path, store)


def test_the_bucket_becomes_the_site_and_a_second_deploy_transfers_nothing(blog: Blog) -> None:
    blog.store.put("elsewhere/index.html", b"not ours")
    assert blog.deploy(OLD, width=8) == []
    assert site_at(blog.store.files("blog/")) == content(OLD)
    assert blog.deploy(NEW, width=8) == []
    assert site_at(blog.store.files("blog/")) == content(NEW)
    assert LEASE not in blog.store.files("blog/")
    blog.store.seen.clear()
    assert blog.deploy(NEW, width=8) == []
    assert [r.method for r in blog.store.seen] == ["GET", "GET"]  # the manifest, the listing
    assert blog.store.files()["elsewhere/index.html"] == b"not ours"
    assert blog.told == []


def test_what_is_there_and_not_ours_is_left(blog: Blog) -> None:
    blog.store.put("blog/index.html", b"somebody's")
    before = blog.store.files()
    assert any("index.html" in problem for problem in blog.deploy(OLD))
    assert blog.store.files() == before


def test_what_a_console_puts_for_a_folder_is_no_file(blog: Blog) -> None:
    for key in ("blog/", "blog/two/", "blog/uploads/"):
        blog.store.put(key, b"")
    assert blog.deploy(NEW) == []
    assert site_at(blog.store.files("blog/")) == content(NEW) | dict.fromkeys(
        ("", "two/", "uploads/"), b""
    )


@pytest.mark.parametrize("rows", [{"x": []}, {"x": {}}, {"x": [1]}, [1], None])
def test_a_damaged_manifest_is_told(blog: Blog, rows: object) -> None:
    assert blog.deploy(OLD) == []
    manifest = json.loads(blog.store.files("blog/")[MANIFEST])
    blog.store.put(f"blog/{MANIFEST}", json.dumps({**manifest, "files": rows}).encode())
    with pytest.raises(ContentError, match="damaged, so it is not known what is ours"):
        blog.deploy(NEW)
    assert site_at(blog.store.files("blog/")) == content(OLD)


def test_what_comes_between_plan_and_deploy_is_not_overwritten(blog: Blog) -> None:
    site = built_site(blog.tmp_path / "public", OLD)
    with blog.session() as session:
        blog.store.fault = lambda r: (
            blog.store.put("blog/one/index.html", b"faster")
            if r.method == "PUT" and r.path.endswith("style.aaaaaaaaaa.css")
            else None
        )
        with pytest.raises(TargetError, match="changed by somebody else just now"):
            deploy(session, site)
    assert blog.store.files("blog/")["one/index.html"] == b"faster"


def test_browsers_are_told_what_files_are_and_how_long_they_hold(blog: Blog) -> None:
    pages = {
        **OLD,
        "notes.txt": "ä",
        "feed.json": "{}",
        "data.csv": "1",
        "photo.jpg": "x",
        "CNAME": "h",
    }
    blog.deploy(pages)
    told = {
        path: (each.metadata["Content-Type"], each.metadata["Cache-Control"])
        for path, each in blog.store.objects("blog/").items()
    }
    ask, forever = "public, max-age=0, must-revalidate", "public, max-age=31536000, immutable"
    assert told["index.html"] == ("text/html; charset=utf-8", ask)
    assert told["feed.xml"] == ("application/xml; charset=utf-8", ask)
    assert told["assets/style.aaaaaaaaaa.css"] == ("text/css; charset=utf-8", forever)
    assert told["one/fig.1111111111.svg"] == ("image/svg+xml", forever)
    assert told["notes.txt"][0] == "text/plain; charset=utf-8"
    assert told["feed.json"] == ("application/feed+json; charset=utf-8", ask)
    assert told["photo.jpg"] == ("image/jpeg", "public, max-age=3600")
    assert told[MANIFEST] == ("application/json", "no-store")


def test_objects_know_their_digest(blog: Blog) -> None:
    site = built_site(blog.tmp_path / "public", OLD)
    with blog.session() as session:
        deploy(session, site)
    objects = blog.store.objects("blog/")
    for file in site.files:
        assert objects[file.path].metadata["x-amz-meta-sha256"] == file.sha256


STUB = '<!doctype html>\n<meta http-equiv="refresh" content="0; url={}">\n<title>Moved</title>'


def test_an_alias_is_a_redirect_of_the_store_where_that_is_s3(
    blog: Blog, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As a build writes it, and as others might.
    site = Site(Path(), Settings("Blog", f"{URL}blog/"))
    ours = redirect_page(site, Redirect("x", "/blog/d%C3%A9j%C3%A0/?a=b'&c#d", "Déjà", "fr"))
    pages = {
        **OLD,
        "ours/index.html": ours.content.decode(),
        "old/index.html": STUB.format("/blog/new/?a=1&amp;b=2"),
        "far/index.html": STUB.format("https://other.example.org/x/"),
        "own/index.html": STUB.format(f"{URL}one/"),
        "odd/index.html": STUB.format("//evil.example.org/"),
    }
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", blog.store.url)
    assert blog.deploy(pages, endpoint="") == []
    client = blog.store.client()
    leads = {
        name: client.head_object(Bucket=BUCKET, Key=f"blog/{name}/index.html").get(
            "WebsiteRedirectLocation"
        )
        for name in ("ours", "old", "far", "own", "odd", "one")
    }
    assert leads == {
        "ours": "/blog/d%C3%A9j%C3%A0/?a=b'&c#d",
        "old": "/blog/new/?a=1&b=2",
        "far": "https://other.example.org/x/",
        "own": "/one/",
        "odd": None,
        "one": None,
    }
    # Other stores answer that they know no such thing, so that they are not asked.
    blog.deploy(pages, prefix="other")
    assert not any(
        "x-amz-website-redirect-location" in {name.lower() for name in r.headers}
        for r in blog.store.seen
        if "/other/" in r.path
    )


def test_a_name_in_another_script_and_a_prefix_of_several_folders(blog: Blog) -> None:
    pages = {**OLD, "größe/ü b+c.html": "x"}
    assert blog.deploy(pages, prefix="/a/b/") == []
    assert site_at(blog.store.files("a/b/")) == content(pages)
    blog.store.seen.clear()
    assert blog.deploy(pages, prefix="a/b") == []
    assert blog.store.puts() == []


def test_more_objects_than_one_answer_holds(blog: Blog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("moto.settings.get_s3_default_max_keys", lambda: 3)
    assert blog.deploy(OLD) == []
    blog.store.seen.clear()
    assert blog.deploy(OLD) == []
    listings = [r for r in blog.store.seen if "list-type" in r.path]
    assert len(listings) > 3
    assert blog.store.puts() == []


def test_objects_whose_etag_is_no_digest_are_known_by_what_was_kept_with_them(blog: Blog) -> None:
    blog.deploy(OLD)
    for path, each in blog.store.objects("blog/").items():
        if path not in (MANIFEST, LEASE):
            each._etag = f"{path.encode().hex():0<32}"[:32]  # as if encrypted
            each.encryption = "aws:kms"
    blog.store.seen.clear()
    assert blog.deploy(OLD) == []
    assert blog.store.puts() == []


# Leases.


def test_a_deploy_that_is_going_on_keeps_others_out(blog: Blog) -> None:
    site = built_site(blog.tmp_path / "public", OLD)
    with blog.session() as first, blog.session() as second:
        assert first.lease() is None
        assert first.take(b"mine", None)
        assert second.lease() == b"mine"
        assert not second.take(b"hers", None)
        assert second.take(b"hers", b"mine")
        assert not first.take(b"mine, renewed", b"mine")
        first.drop(b"mine")
        assert second.lease() == b"hers"
        second.drop(b"hers")
        assert first.lease() is None
        deploy(first, site)
    assert site_at(blog.store.files("blog/")) == content(OLD)


def test_two_at_once_one_goes_on(blog: Blog) -> None:
    with blog.session() as first, blog.session() as second:
        assert (first.lease(), second.lease()) == (None, None)
        assert (first.take(b"1", None), second.take(b"2", None)) == (True, False)


def test_a_manifest_that_changed_meanwhile_stops_the_deploy(blog: Blog) -> None:
    blog.deploy(OLD)
    with blog.session() as session:
        session.manifest()
        blog.store.put(f"blog/{MANIFEST}", b"another")
        with pytest.raises(TargetError, match=r"another deploy to .* came between") as raised:
            session.begin(b"journal")
    assert raised.value.problems[0].code == "D021"
    assert blog.store.files("blog/")[MANIFEST] == b"another"


@pytest.mark.parametrize(
    "way", ["ignores", error("NotImplemented", 501), error("InvalidArgument", 400)]
)
def test_a_store_without_conditions_is_told_of_once_and_deployed_to(
    blog: Blog, way: Fault | str
) -> None:
    if isinstance(way, str):
        blog.store.strip = ("if-match", "if-none-match")
    else:
        conditions = {"if-match", "if-none-match"}
        blog.store.fault = lambda r: (
            way if conditions & {name.lower() for name in r.headers} else None
        )
    assert blog.deploy(OLD) == []
    assert len(blog.told) == 1
    assert "conditional writes" in blog.told[0]
    assert site_at(blog.store.files("blog/")) == content(OLD)
    assert LEASE not in blog.store.files("blog/")
    with blog.session() as session:
        session.lease()
        session.take(b"mine", None)
        session.manifest()
        blog.store.put(f"blog/{MANIFEST}", b"another")
        with pytest.raises(TargetError, match=r"another deploy to .* came between"):
            session.finish(b"manifest")


# Faults.


@pytest.mark.parametrize(
    "fault",
    [
        error("InternalError", 500),
        error("SlowDown", 503),
        error("RequestTimeout", 400),
        error("", 429),
        DROPPED,
        DROPPED_AFTER,
        TORN,
    ],
)
def test_what_passes_is_tried_again_ever_later(blog: Blog, fault: Fault) -> None:
    """Every request fails twice, in whatever it does; the third try holds."""
    tries: dict[tuple[str, str], int] = {}

    def twice(request: Request) -> Fault | None:
        key = (request.method, request.path)
        tries[key] = tries.get(key, 0) + 1
        return fault if tries[key] < 3 else None

    blog.attempts = 5
    blog.store.fault = twice
    assert blog.deploy(OLD) == []
    assert site_at(blog.store.files("blog/")) == content(OLD)
    assert LEASE not in blog.store.files("blog/")
    assert {0.5} <= set(blog.clock.waits) <= {0.5, 1.0}


def test_what_lasts_is_told_with_what_to_do(blog: Blog) -> None:
    blog.attempts = 3
    blog.store.fault = lambda r: error("SlowDown", 503)
    told = blog.failure()
    assert len(blog.store.seen) == 3
    assert told.problems[0].code == "D069"
    assert "deploy again" in told.problems[0].help


def test_a_store_that_falls_silent(blog: Blog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_client, "READING", 0.05)
    blog.store.fault = lambda r: s3_store.SILENT if r.number > 6 else None
    assert blog.failure().problems[0].code == "D069"


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("AccessDenied", 403, "D065"),
        ("", 403, "D065"),
        ("ExpiredToken", 400, "D063"),
        ("InvalidAccessKeyId", 403, "D064"),
        ("SignatureDoesNotMatch", 403, "D064"),
        ("RequestTimeTooSkewed", 403, "D068"),
        ("AuthorizationHeaderMalformed", 400, "D067"),
        ("NoSuchBucket", 404, "D066"),
        ("EntityTooLarge", 400, "D070"),
    ],
)
@pytest.mark.parametrize("at", [0, 3, 9])
def test_what_does_not_pass_is_told_at_once(
    blog: Blog, code: str, status: int, expected: str, at: int
) -> None:
    blog.attempts = 5
    blog.store.fault = lambda r: error(code, status) if r.number >= at else None
    assert blog.failure().problems[0].code == expected
    assert blog.clock.waits == []
    blog.store.forget()
    with blog.session() as session:
        if left := session.lease():
            session.drop(left)
    assert blog.deploy(OLD) == []
    assert site_at(blog.store.files("blog/")) == content(OLD)


def test_no_such_bucket(blog: Blog) -> None:
    problem = blog.failure(bucket="nobodys-bucket").problems[0]
    assert problem.code == "D066"
    assert "s3://nobodys-bucket/blog" in problem.message


def test_no_credentials(blog: Blog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    problem = blog.failure().problems[0]
    assert problem.code == "D062"
    assert "AWS_SECRET_ACCESS_KEY" in problem.help
    assert blog.store.seen == []


def test_a_profile_that_is_not_there(blog: Blog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "gone")
    with pytest.raises(UsageError, match="gone") as raised:
        blog.deploy(OLD)
    assert raised.value.problems[0].code == "D061"


def test_nobody_listens(blog: Blog) -> None:
    assert blog.failure(endpoint="http://127.0.0.1:9").problems[0].code == "D069"


def test_an_address_that_is_none(blog: Blog) -> None:
    with pytest.raises(UsageError) as raised:
        blog.deploy(OLD, endpoint="not an address")
    assert raised.value.problems[0].code == "D061"


def test_without_boto3_it_is_said_how_to_get_it(
    blog: Blog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(UsageError) as raised:
        blog.deploy(OLD)
    problem = raised.value.problems[0]
    assert (problem.code, problem.help) == ("D060", 'pip install "site-builder[s3]"')


def test_stores_that_are_not_aws_get_no_checksums_that_they_may_not_know(blog: Blog) -> None:
    blog.deploy(OLD)
    names = {name.lower() for r in blog.store.seen for name in r.headers}
    assert not [name for name in names if name.startswith("x-amz-checksum")]
    assert "content-md5" in names


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("bucket", "s3://blog"),
        ("bucket", "blog/posts"),
        ("prefix", "../blog"),
        ("prefix", "a//b"),
        ("region", "EU (Frankfurt)"),
        ("endpoint", "s3.example.org"),
        ("endpoint", "https://s3.example.org/?x=1"),
        ("cloudfront", "d111111abcdef8.cloudfront.net"),
    ],
)
def test_settings_that_cannot_be(key: str, value: str) -> None:
    table = {"kind": "s3", "bucket": "blog", key: value}
    found = list(targets.faults({"live": targets.S3(**table)}))  # type: ignore[arg-type]
    assert [(path, code) for path, _, _, code in found] == [(("deploy", "live", key), "D003")]
    good = targets.S3(
        kind="s3",
        bucket="my.blog-1",
        prefix="/a/b/",
        region="eu-west-1",
        endpoint="http://127.0.0.1:9000",
        cloudfront="E2QWRUHAPOMQZL",
    )
    assert list(targets.faults({"live": good})) == []


# Interruptions.


def broken_at(number: int, fault: Fault) -> Callable[[Request], Fault | None]:
    """The line breaks in the middle of a request, and stays so."""
    return lambda r: None if r.number < number else fault if r.number == number else DROPPED


@pytest.mark.parametrize("fault", [DROPPED, DROPPED_AFTER])
def test_a_break_at_any_request_leaves_whole_pages_and_is_mended_by_the_next_deploy(
    blog: Blog, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = ("place", "spot", "robots.txt")  # a store knows no folders
    old_pages = {path: text for path, text in OLD.items() if not path.startswith(small)}
    new_pages = {path: text for path, text in NEW.items() if not path.startswith(small)}
    kept = boto3.session.Session()  # it takes long to make one
    monkeypatch.setattr(boto3.session, "Session", lambda: kept)
    blog.deploy(old_pages)
    old = blog.store.files()
    blog.store.seen.clear()
    blog.deploy(new_pages)
    site = built_site(blog.tmp_path / "public", new_pages)
    total = len(blog.store.seen)
    assert total > len(new_pages)
    lost: list[list[str]] = []
    for number in range(total):
        blog.store.forget()
        blog.store.become({**old, "blog/foreign/index.html": b"not ours"})
        blog.store.fault = broken_at(number, fault)
        blog.store.after = lambda: lost.append(missing(site_at(blog.store.files("blog/"))))
        with pytest.raises(TargetError), blog.session() as session:
            deploy(session, site)
        blog.store.fault = lambda _: None
        with blog.session() as session:
            if left := session.lease():
                session.drop(left)  # its time is over
            assert deploy(session, site) == [], number
            files = site_at(blog.store.files("blog/"))
            assert files.pop("foreign/index.html") == b"not ours"
            assert files == content(new_pages), number
            blog.store.seen.clear()
            assert deploy(session, site) == []
            assert blog.store.puts() == []
    assert lost
    assert not any(lost)


# CloudFront.

COUNT = itertools.count()


@pytest.fixture
def distribution(store: Store, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFRONT", store.direct)
    source = {"OriginAccessIdentity": ""}
    origin = {"Id": "o", "DomainName": "d.s3.amazonaws.com", "S3OriginConfig": source}
    made = boto3.client("cloudfront", region_name="us-east-1").create_distribution(
        DistributionConfig={
            "CallerReference": str(next(COUNT)),
            "Comment": "",
            "Enabled": True,
            "Origins": {"Quantity": 1, "Items": [origin]},
            "DefaultCacheBehavior": {"TargetOriginId": "o", "ViewerProtocolPolicy": "allow-all"},
        }
    )
    return str(made["Distribution"]["Id"])


def invalidations(distribution: str) -> list[list[str]]:
    client = boto3.client("cloudfront", region_name="us-east-1")
    listed = client.list_invalidations(DistributionId=distribution)["InvalidationList"]
    ids = [each["Id"] for each in listed.get("Items", [])]
    got = [client.get_invalidation(DistributionId=distribution, Id=x) for x in ids]
    return [x["Invalidation"]["InvalidationBatch"]["Paths"]["Items"] for x in got]


def test_cloudfront_is_told_what_changed_and_nothing_if_nothing_did(
    blog: Blog, distribution: str
) -> None:
    table: dict[str, Any] = {"cloudfront": distribution, "address": f"{URL}log/"}
    blog.deploy(OLD, **table)
    blog.deploy({**OLD, "robots.txt": "other", "one/index.html": "other"}, **table)
    blog.deploy({**OLD, "robots.txt": "other", "one/index.html": "other"}, **table)
    told = invalidations(distribution)
    assert sorted(map(sorted, told))[-1:] == [
        ["/log/one/", "/log/one/index.html", "/log/robots.txt"]
    ]
    assert len(told) == 2


def test_cloudfront_forgets_all_after_a_deploy_that_broke_off(
    blog: Blog, distribution: str
) -> None:
    blog.deploy(OLD)
    blog.store.fault = lambda r: DROPPED if "feed.xml" in r.path else None
    with pytest.raises(TargetError):
        blog.deploy(NEW, cloudfront=distribution)
    blog.store.fault = lambda _: None
    with blog.session() as session:
        if left := session.lease():
            session.drop(left)
    blog.deploy(NEW, cloudfront=distribution)
    assert invalidations(distribution) == [["/*"]]


def test_a_deploy_that_cloudfront_was_not_told_of_has_not_ended(
    blog: Blog, distribution: str
) -> None:
    assert blog.failure(cloudfront="EGONE").problems[0].code == "D071"
    assert blog.deploy(OLD, cloudfront=distribution) == []
    assert invalidations(distribution) == [["/*"]]


def test_many_paths_are_told_as_one_pattern() -> None:
    some = [f"post-{number}/index.html" for number in range(15)]
    assert len(changed_paths(some, URL, everything=False)) == 30
    assert changed_paths([*some, "x.txt"], URL, everything=False) == ["/*"]
    assert changed_paths(["a b/ü.html"], URL, everything=False) == ["/a%20b/%C3%BC.html"]

"""A bucket of S3 as a target, or of a store that speaks its language (R2, MinIO, B2, GCS).

In: a table `[deploy.NAME]` of kind `s3`. Out: a session over HTTP. Promise: where the store knows
conditional writes, no object is replaced but the one that the plan was made against; where it does
not, that is said.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from functools import partial

from site_builder.errors import Problem
from site_builder.publishing.deploy.manifest import manifest_if_read
from site_builder.publishing.deploy.retries import TargetError
from site_builder.publishing.deploy.s3_client import UNNAMED, Client, Refused, make_client
from site_builder.publishing.deploy.s3_headers import changed_paths, headers, md5_of
from site_builder.publishing.deploy.target import (
    LEASE,
    MANIFEST,
    OTHER,
    Around,
    File,
    OnDone,
    overtaken,
)
from site_builder.settings import targets


@contextlib.contextmanager
def connect(table: targets.S3, around: Around) -> Iterator[Bucket]:
    """Reach the bucket; raises UsageError if boto3 is not installed."""
    client = make_client(table, around)
    prefix = table.prefix.strip("/")
    yield Bucket(client, table, around, f"{prefix}/" if prefix else "")


@dataclass(slots=True)
class Bucket:
    """A session: what the bucket has below the prefix."""

    _client: Client
    _table: targets.S3
    _around: Around
    _prefix: str
    _etags: dict[str, str] | None = None
    """What the listing says of each path, and later what was put; None until it was asked for."""
    _known: dict[str, set[str]] = field(default_factory=dict)
    """The MD5 digests that a path of ours may have."""
    _own: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    """Manifest and lease as they were last seen or put: ETag, content."""
    _is_conditional: bool = True
    _is_tried: bool = False
    """Whether it was seen that the store keeps to conditions."""
    _was_broken_off: bool = False
    _touched: set[str] = field(default_factory=set)
    """What was put or removed."""
    atomic: bool = False

    @property
    def shown(self) -> str:
        """The bucket, the prefix and the store."""
        return self._client.shown

    # What is there.

    def manifest(self) -> bytes | None:
        """The manifest that is there; from then on all is looked at anew."""
        self._etags = None
        content = self._read_own(MANIFEST)
        known = manifest_if_read(content)
        self._was_broken_off = bool(known.pending)
        for files in (known.files, known.pending):
            for path, file in files.items():
                self._known.setdefault(path, set()).add(file.mark)
        return content

    def extras(self) -> Sequence[File]:
        """None: a store needs nothing beside the site."""
        return ()

    def mark(self, file: File) -> str:
        """The MD5 digest, which stores tell as ETag."""
        md5 = md5_of(file.read())
        self._known.setdefault(file.path, set()).add(md5)
        return md5

    def marks(self, paths: Collection[str]) -> Mapping[str, str]:
        """The MD5 digests of what is there; there are no folders that could be in the way."""
        there = self._listing()
        found = {path: there[path] for path in paths if path in there}
        # An object that is encrypted or was sent in pieces has an ETag that is no digest.
        strange = [path for path in found if found[path] not in self._known.get(path, ())]
        found |= dict(self._each(self._mark_of, strange))
        return {path: mark for path, mark in found.items() if mark}

    def _mark_of(self, path: str) -> str:
        """The digest of an object that is not as recorded; empty if it is gone."""
        try:
            told = self._client.call("head_object", **self._place(path))
        except Refused:
            return ""
        etag = str(told["ETag"]).strip('"')
        is_digest = re.fullmatch("[0-9a-f]{32}", etag) and "SSECustomerAlgorithm" not in told
        if is_digest and not str(told.get("ServerSideEncryption", "")).startswith("aws:kms"):
            return etag
        return str(told.get("Metadata", {}).get("md5", "")) or OTHER

    def paths(self) -> Iterable[str]:
        """All objects below the prefix."""
        return [path for path in self._listing() if path not in (MANIFEST, LEASE)]

    def _listing(self) -> dict[str, str]:
        """The ETag of each object below the prefix, without quotation marks."""
        if self._etags is None:
            found: dict[str, str] = {}
            page: dict[str, object] = {}
            while True:
                told = self._client.call(
                    "list_objects_v2", Bucket=self._table.bucket, Prefix=self._prefix, **page
                )
                for each in told.get("Contents", ()):
                    path = each["Key"].removeprefix(self._prefix)
                    if path and not path.endswith("/"):  # which consoles put for empty folders
                        found[path] = each["ETag"].strip('"')
                token = told.get("NextContinuationToken")
                if not token:
                    break
                page = {"ContinuationToken": token}
            self._etags = found
        return self._etags

    # The lease.

    def lease(self) -> bytes | None:
        """The lease that is there."""
        return self._read_own(LEASE)

    def take(self, lease: bytes, instead_of: bytes | None) -> bool:
        """Put the lease on the condition that nobody else did; a store that knows none is told."""
        if instead_of != self._own.get(LEASE, ("", None))[1]:
            return False
        if not self._put_own(LEASE, lease):
            return False
        if not self._is_tried and self._is_conditional and not self._keeps_conditions():
            self._give_up_conditions()
        self._is_tried = True
        return True

    def _keeps_conditions(self) -> bool:
        """Whether the store refuses to put what must not be there, where it is."""
        try:
            content = self._own[LEASE][1]
            self._client.call("put_object", **self._place(LEASE), Body=content, IfNoneMatch="*")
        except Refused as refused:
            return not refused.is_unknown
        return False

    def _give_up_conditions(self) -> None:
        self._is_conditional = False
        self._around.tell(
            f"{self.shown} knows no conditional writes: see to it that nobody else deploys there"
        )

    def drop(self, lease: bytes) -> None:
        """Remove the lease if it is this one."""
        if self._read_own(LEASE) != lease:
            return
        place, etag = self._place(LEASE), self._own.pop(LEASE)[0]
        conditions = {"IfMatch": etag} if self._is_conditional else {}
        try:
            self._client.call("delete_object", **place, **conditions)
        except Refused as refused:
            if refused.is_unknown:
                self._client.call("delete_object", **place)

    # The deploy.

    def begin(self, journal: bytes) -> None:
        """Replace the manifest by the journal."""
        self._replace_manifest(journal)

    def put(self, files: Sequence[File], on_done: OnDone) -> None:
        """Put objects, several at once; each only over the one that was planned against."""
        by_path = {file.path: file for file in files}
        there = self._listing()
        with contextlib.closing(
            self._each(lambda path: self._put(by_path[path]), list(by_path))
        ) as results:
            for path, etag in results:
                there[path] = etag
                self._touched.add(path)
                on_done(path)

    def _put(self, file: File) -> str:
        content = file.read()
        told = headers(file, content, self._around.address, redirects=not self._table.endpoint)
        arguments = {**self._place(file.path), "Body": content, **told}
        before = self._listing().get(file.path)
        try:
            answer = self._put_where(arguments, f'"{before}"' if before else "")
        except Refused:
            # It may be ours, of which the line broke before we were told.
            mark = self._mark_of(file.path)
            if mark != md5_of(content):
                message = f"{file.path} at {self.shown} was changed by somebody else just now"
                raise TargetError(Problem(message, help=_AGAIN, code="D021")) from None
            return mark
        return str(answer["ETag"]).strip('"')

    def _put_where(self, arguments: Mapping[str, object], etag: str) -> Mapping[str, object]:
        """Put an object where the one with this ETag is, none if it is empty; raises Refused."""
        if self._is_conditional:
            condition = {"IfMatch": etag} if etag else {"IfNoneMatch": "*"}
            try:
                return self._client.call("put_object", **arguments, **condition)
            except Refused as refused:
                if not refused.is_unknown:
                    raise
            except TargetError as error:
                # Some stores only say that the request is not good.
                if self._is_tried or error.problems[0].code != UNNAMED:
                    raise
            answer = self._client.call("put_object", **arguments)
            if self._is_conditional:
                self._give_up_conditions()
            return answer
        return self._client.call("put_object", **arguments)

    def remove(self, paths: Sequence[str], on_done: OnDone) -> None:
        """Remove objects, several at once."""
        # One by one: not all stores know the request that removes many.
        there = self._listing()
        with contextlib.closing(self._each(self._remove, paths)) as results:
            for path, _ in results:
                there.pop(path, None)
                self._touched.add(path)
                on_done(path)

    def _remove(self, path: str) -> None:
        with contextlib.suppress(Refused):
            self._client.call("delete_object", **self._place(path))

    def finish(self, manifest: bytes) -> None:
        """Tell CloudFront what changed, then replace the manifest."""
        # In this order: if the first fails the deploy has not ended, and the next one tells of all.
        if self._table.cloudfront:
            address, everything = self._around.address, self._was_broken_off
            paths = changed_paths(self._touched, address, everything=everything)
            name = f"{hashlib.sha256(manifest).hexdigest()[:32]}-{self._around.retries.clock.now()}"
            batch = {"Paths": {"Quantity": len(paths), "Items": paths}, "CallerReference": name}
            self._client.invalidate(self._table.cloudfront, batch)
        self._replace_manifest(manifest)

    # Manifest and lease.

    def _read_own(self, path: str) -> bytes | None:
        try:
            content, etag = self._client.read(**self._place(path))
        except Refused:
            self._own.pop(path, None)
            return None
        self._own[path] = etag, content
        return content

    def _replace_manifest(self, content: bytes) -> None:
        if not self._put_own(MANIFEST, content):
            raise overtaken(self.shown)

    def _put_own(self, path: str, content: bytes) -> bool:
        """Put manifest or lease where what was last seen is; False if it is something else."""
        before = self._own.get(path)
        place = {**self._place(path), "ContentType": "application/json", "CacheControl": "no-store"}
        if not self._is_conditional and self._read_own(path) != (before[1] if before else None):
            return False
        try:
            told = self._put_where({**place, "Body": content}, before[0] if before else "")
        except Refused:
            return self._read_own(path) == content  # ours, if the line broke before we were told
        self._own[path] = str(told["ETag"]), content
        return True

    def _place(self, path: str) -> dict[str, object]:
        return {"Bucket": self._table.bucket, "Key": self._prefix + path}

    def _each(
        self, work: Callable[[str], str | None], paths: Sequence[str]
    ) -> Generator[tuple[str, str], None, None]:
        """Work on paths, several at once; gives each with the result.

        What is not begun when one fails is left undone.
        """
        pool = ThreadPoolExecutor(self._around.width)
        try:
            begun = {pool.submit(partial(work, path)): path for path in paths}
            for done in as_completed(begun):
                yield begun[done], done.result() or ""
        finally:
            pool.shutdown(cancel_futures=True)


_AGAIN = "wait until it has ended, then deploy again"

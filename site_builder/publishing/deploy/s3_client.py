"""Requests to a store that speaks S3, and what they fail of, in words.

In: a table `[deploy.NAME]` of kind `s3`. Out: a Client. Promise: credentials are found by boto3
alone, as the AWS tools find them, and are in no message.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from site_builder.errors import Problem, UsageError
from site_builder.publishing.deploy.redaction import redacted
from site_builder.publishing.deploy.retries import FailureKind, TargetError
from site_builder.publishing.deploy.target import Around
from site_builder.settings import targets

CONNECTING, READING = 10.0, 60.0
"""Seconds that a store may be silent."""
UNNAMED = "D070"
"""The code of refusals that are not known here."""


class Refused(Exception):  # noqa: N818 - no failure: an answer that was asked for
    """The store answered that a condition does not hold, or that there is no such object."""

    def __init__(self, code: str, status: int) -> None:
        super().__init__(code)
        self.is_missing = code in _MISSING
        self.is_unknown = status == 501 or code == "NotImplemented"
        """Whether it does not know of conditions at all."""


@dataclass(frozen=True, slots=True)
class Client:
    """A store, and the bucket in it."""

    shown: str
    _clients: Mapping[str, Any]
    _around: Around
    _secrets: tuple[str, ...]

    def call(self, operation: str, **arguments: object) -> Mapping[str, Any]:
        """What the store answers, tried again while that may help.

        Raises Refused, or TargetError.
        """
        return self._around.retries(lambda: self._once("s3", operation, arguments))

    def read(self, **arguments: object) -> tuple[bytes, str]:
        """The content of an object and its ETag; raises Refused, or TargetError."""

        def once() -> tuple[bytes, str]:
            answer = self._once("s3", "get_object", arguments)
            with contextlib.closing(answer["Body"]) as body:
                content = self._reported(body.read, "get_object")
            return content, str(answer["ETag"])

        return self._around.retries(once)

    def invalidate(self, distribution: str, batch: Mapping[str, object]) -> None:
        """Tell CloudFront that paths changed; raises TargetError."""
        arguments = {"DistributionId": distribution, "InvalidationBatch": batch}
        self._around.retries(lambda: self._once("cloudfront", "create_invalidation", arguments))

    def _once(self, service: str, operation: str, arguments: Mapping[str, object]) -> Any:
        request = getattr(self._clients[service], operation)
        return self._reported(lambda: request(**arguments), operation)

    def _reported(self, request: Callable[[], Any], operation: str) -> Any:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return request()
        except ClientError as error:
            answer = error.response
            code = str(answer.get("Error", {}).get("Code", ""))
            status = int(answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
            if code in _MISSING | _CONDITION or status in (412, 501):
                raise Refused(code, status) from None
            told = str(answer.get("Error", {}).get("Message", ""))
            raise self._failure(code, status, f"{code}: {told}", operation) from None
        except BotoCoreError as error:
            raise self._failure(type(error).__name__, 0, str(error), operation) from None
        except OSError as error:  # in the middle of an answer
            raise self._failure("ConnectionError", 0, str(error), operation) from None

    def _failure(self, code: str, status: int, told: str, operation: str) -> TargetError:
        kind = next((kind for pattern, kind in _KINDS if re.fullmatch(pattern, code)), None)
        if kind is None:
            kind = _BUSY if status in _PASSING else _DENIED if status == 403 else _OTHER
        told = redacted(told)
        for secret in self._secrets:
            told = told.replace(secret, "***")
        action = "".join(part.title() for part in operation.split("_"))
        message = kind.message.format(shown=self.shown, action=action)
        problem = Problem(message, help=kind.help, notes=(told,), code=kind.code)
        return TargetError(problem, passing=kind.passing)


def make_client(table: targets.S3, around: Around) -> Client:
    """A client of the bucket; raises UsageError if boto3 is missing or the address is no good."""
    try:
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError
    except ImportError:
        message = "deploying to S3 needs the package boto3, which is not installed"
        help_ = 'pip install "site-builder[s3]"'
        raise UsageError(Problem(message, help=help_, code="D060")) from None

    named = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
    is_aws = not table.endpoint and not any(around.environment.get(name) for name in named)
    # Stores that are not AWS do not all know the checksums that newer versions of boto3 add.
    checksums = {} if is_aws else dict.fromkeys(_CHECKSUMS, "when_required")
    config = Config(
        retries={"total_max_attempts": 1},  # `Around.retries` does that
        connect_timeout=CONNECTING,
        read_timeout=READING,
        max_pool_connections=around.width,
        **checksums,
    )
    at = f" at {table.endpoint}" if table.endpoint else ""
    shown = f"s3://{table.bucket}/{table.prefix}{at}"
    try:
        session = boto3.session.Session()
        region = table.region or session.region_name or "us-east-1"
        store = session.client(
            "s3", endpoint_url=table.endpoint or None, region_name=region, config=config
        )
        clients = {"s3": store}
        if table.cloudfront:
            clients["cloudfront"] = session.client("cloudfront", region_name=region, config=config)
        client = Client(shown, clients, around, ())
        known = client._reported(session.get_credentials, "get_credentials")
        secrets = client._reported(known.get_frozen_credentials, "") if known else ()
    except (BotoCoreError, ValueError) as error:
        message = f"{shown} cannot be asked: {redacted(str(error))}"
        help_ = "look at `endpoint` and `region` in site.toml, and at AWS_PROFILE"
        raise UsageError(Problem(message, help=help_, code="D061")) from None
    return Client(shown, clients, around, tuple(str(x) for x in secrets if x))


_CHECKSUMS = ("request_checksum_calculation", "response_checksum_validation")
_MISSING = frozenset(("NoSuchKey", "404", "NotFound"))
_CONDITION = frozenset(("PreconditionFailed", "ConditionalRequestConflict", "412"))
_PASSING = frozenset((408, 429, 500, 502, 503, 504))


_NO_CREDENTIALS = FailureKind(
    "D062",
    "there are no credentials for {shown}",
    "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment, or AWS_PROFILE with a "
    "profile of ~/.aws/; with single sign-on: aws sso login",
)
_EXPIRED = FailureKind(
    "D063",
    "the credentials for {shown} have expired",
    "get new ones, such as by aws sso login, and deploy again: it goes on where it ended",
)
_WRONG = FailureKind(
    "D064",
    "{shown} does not accept the credentials",
    "look at AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or the profile: they "
    "may be of another account or store, or have been revoked",
)
_DENIED = FailureKind(
    "D065",
    "{shown} denies {action}",
    "the credentials must allow s3:ListBucket on the bucket, s3:GetObject, s3:PutObject and "
    "s3:DeleteObject on what is in it, and with `cloudfront` cloudfront:CreateInvalidation",
)
_NO_BUCKET = FailureKind(
    "D066",
    "there is no bucket {shown}",
    "make it at the store, or mend `bucket`, `region` and `endpoint` in site.toml",
)
_REGION = FailureKind(
    "D067",
    "{shown} is in another region",
    "set `region` in site.toml to the one that the store told",
)
_CLOCK = FailureKind(
    "D068",
    "the clock of this machine is too far off for {shown}",
    "set the clock: signatures hold for a quarter of an hour",
)
_BUSY = FailureKind(
    "D069",
    "{shown} cannot be reached, or broke off {action}",
    "what is there is consistent; deploy again: it goes on where it ended",
    passing=True,
)
_OTHER = FailureKind(UNNAMED, "{shown} refuses {action}", "")
_NO_DISTRIBUTION = FailureKind(
    "D071",
    "there is no such CloudFront distribution, of which {shown} is to tell",
    "mend `cloudfront` in site.toml; it is an identifier such as E2QWRUHAPOMQZL",
)
# Looked through in this order, for the store's code or the name of boto3's exception.
_KINDS = (
    (
        "(NoCredentials|NoAuthToken|PartialCredentials|ProfileNotFound|ConfigParse|ConfigNotFound"
        "|UnknownCredential|CredentialRetrieval|InvalidConfig|TokenRetrieval|SSO|SSOTokenLoad"
        "|LoginTokenLoad)(Error)?|ProfileNotFound",
        _NO_CREDENTIALS,
    ),
    ("Expired.*|RequestExpired|TokenRefreshRequired|UnauthorizedSSOTokenError|Login.*", _EXPIRED),
    (
        "InvalidAccessKeyId|SignatureDoesNotMatch|InvalidToken|UnrecognizedClientException"
        "|InvalidClientTokenId|InvalidSecurity|NotSignedUp|Unauthorized|AuthFailure",
        _WRONG,
    ),
    ("RequestTimeTooSkewed", _CLOCK),
    (
        "PermanentRedirect|AuthorizationHeaderMalformed|IllegalLocationConstraintException"
        "|301|TemporaryRedirect|InvalidRegionError|NoRegionError",
        _REGION,
    ),
    ("NoSuchBucket|InvalidBucketName", _NO_BUCKET),
    ("NoSuchDistribution", _NO_DISTRIBUTION),
    ("AccessDenied|AccessDeniedException|AllAccessDisabled|AccountProblem|Forbidden", _DENIED),
    (
        "SlowDown|InternalError|ServiceUnavailable|RequestTimeout|Throttling.*|TooManyRequests.*"
        "|BadDigest|IncompleteBody|OperationAborted|EndpointConnectionError|ConnectionClosedError"
        "|(Read|Connect)TimeoutError|ConnectionError|HTTPClientError|ResponseStreamingError"
        "|IncompleteReadError|ProxyConnectionError",
        _BUSY,
    ),
)

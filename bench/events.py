"""API Gateway REST proxy events as AWS sends them, and products to fill them with."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

PRODUCT = {
    "name": "Business hosting with daily backups",
    "description": "For small businesses getting started online, with everything that a first site needs.",
    "price": "1499.90",
    "currency": "ZAR",
    "period": "per month",
    "features": ["1 domain included", "SSL certificate", "10 GB storage", "5 mailboxes", "Daily backups"],
}
CHANGE = {"price": "1649.90"}
_BASE = "/v1.0/products"


@dataclass(frozen=True, slots=True)
class Context:
    """What Lambda passes beside the event."""

    function_name: str = "bbws-product-get-bench"
    function_version: str = "$LATEST"
    memory_limit_in_mb: int = 256
    invoked_function_arn: str = "arn:aws:lambda:af-south-1:000000000000:function:bbws-product-get-bench"
    aws_request_id: str = "8a4b1f0e-5c1e-4f0a-9d5e-1d2c3b4a5f60"

    def get_remaining_time_in_millis(self) -> int:
        return 30_000


def event(method: str, target: str, body: object = None, *, key: str) -> dict[str, Any]:
    """One request through a REST API with Lambda proxy integration."""
    path, _, query = target.partition("?")
    headers = {
        "Accept": "application/json",
        "Accept-Encoding": "gzip, deflate, br",
        "CloudFront-Forwarded-Proto": "https",
        "CloudFront-Is-Desktop-Viewer": "true",
        "CloudFront-Viewer-Country": "ZA",
        "Host": "api.example.com",
        "User-Agent": "benchmark/1.0",
        "Via": "2.0 example.cloudfront.net (CloudFront)",
        "X-Amz-Cf-Id": "example-of-a-cloudfront-id",
        "X-Amzn-Trace-Id": "Root=1-5e6722a7-cc56xmpl46db7ae02d4da47e",
        "X-Forwarded-For": "192.0.2.10, 192.0.2.20",
        "X-Forwarded-Port": "443",
        "X-Forwarded-Proto": "https",
        "x-api-key": key,
    }
    if body is not None:
        headers["Content-Type"] = "application/json"
    parameters = dict(parse_qsl(query))
    one = path.removeprefix(_BASE).strip("/")
    resource = f"{_BASE}/{{product_id}}" if one else _BASE
    return {
        "resource": resource,
        "path": path,
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": parameters or None,
        "multiValueQueryStringParameters": {name: [value] for name, value in parameters.items()} or None,
        "pathParameters": {"product_id": one} if one else None,
        "stageVariables": None,
        "requestContext": _context(method, path, resource),
        "body": None if body is None else json.dumps(body),
        "isBase64Encoded": False,
    }


def _context(method: str, path: str, resource: str) -> dict[str, Any]:
    return {
        "resourceId": "2gxmpl",
        "resourcePath": resource,
        "httpMethod": method,
        "extendedRequestId": "JJbxmplHYosFVYQ=",
        "requestTime": "20/Nov/2026:10:00:00 +0000",
        "requestTimeEpoch": 1_795_168_800_000,
        "path": path,
        "accountId": "000000000000",
        "protocol": "HTTP/1.1",
        "stage": "v1",
        "domainPrefix": "api",
        "domainName": "api.example.com",
        "requestId": "77375676-xmpl-4b79-853a-f982474efe18",
        "apiId": "bench00000",
        "identity": {"sourceIp": "192.0.2.10", "userAgent": "benchmark/1.0"},
    }

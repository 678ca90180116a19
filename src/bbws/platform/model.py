"""What is refused before there is a request that could be dispatched."""

from bbws.kernel.problem import Kind, ProblemType

MALFORMED_REQUEST = ProblemType(
    Kind.MALFORMED,
    "malformed-request",
    "Invalid request",
    "What was sent is not an HTTP request, or one whose length could be read in two ways.",
)
HEAD_TOO_LARGE = ProblemType(
    Kind.HEAD_TOO_LARGE,
    "request-head-too-large",
    "Request head too large",
    "The request line and the headers may have 64 KB and 100 header fields together.",
)
BEFORE_DISPATCH = (MALFORMED_REQUEST, HEAD_TOO_LARGE)

"""An address on this machine for an API on the emulator, which tells APIs apart by the header ``Host`` alone."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

_SECONDS = 60
_OF_CONNECTION = {"connection", "transfer-encoding", "content-length", "host", "keep-alive", "date", "server"}


@contextmanager
def relay(api_url: str, host: str) -> Iterator[str]:
    """The URL, stage included, under which what answers at ``api_url`` for ``host`` is called without that header."""
    emulator = urlsplit(api_url)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name: value for name, value in self.headers.items() if name.lower() not in _OF_CONNECTION}
            connection = HTTPConnection(emulator.netloc, timeout=_SECONDS)
            try:
                connection.request(self.command, self.path, body or None, {**headers, "Host": host})
                response = connection.getresponse()
                content = response.read()
            finally:
                connection.close()
            self.send_response(response.status)
            for name, value in response.getheaders():
                if name.lower() not in _OF_CONNECTION:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815 - http.server's names

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}{emulator.path}"
        finally:
            server.shutdown()

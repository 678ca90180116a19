"""An AWS that gives each call the same answer, in a process of its own: what is left to measure is the client."""

import asyncio
import json
import socket
import subprocess
import sys
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

_HEAD = (
    "HTTP/1.1 200 OK\r\nServer: Server\r\nDate: Sat, 21 Nov 2026 10:00:00 GMT\r\n"
    "Content-Type: application/x-amz-json-1.0\r\nContent-Length: {length}\r\nConnection: keep-alive\r\n"
    "x-amzn-RequestId: 4BAVBPJ3VGFGQ93LDGN84MQCTNVV4KQNSO5AEMVJF66Q9ASUAAJG\r\nx-amz-crc32: {checksum}\r\n\r\n"
)


@contextmanager
def stub(answers: Mapping[str, object]) -> Iterator[str]:
    """Its address. ``answers``: by the action that a call names, such as ``GetItem``."""
    command = [sys.executable, "-m", "bench.stub"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    with process:
        print(json.dumps(answers), file=process.stdin, flush=True)
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.stdin.close()  # it ends with what it reads
            process.wait()


class _Connection(asyncio.Protocol):
    def __init__(self, answers: Mapping[bytes, bytes]) -> None:
        self._answers = answers
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, rest = self._received.partition(b"\r\n\r\n")
        if not found:
            return
        headers = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        length = int(headers[b"content-length"])
        if len(rest) >= length:
            self._received = rest[length:]
            self._transport.write(self._answers[headers[b"x-amz-target"].rpartition(b".")[2]])


def _answer(content: object) -> bytes:
    body = json.dumps(content, separators=(",", ":")).encode()
    return _HEAD.format(length=len(body), checksum=zlib.crc32(body)).encode() + body


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    asked = await loop.run_in_executor(None, sys.stdin.readline)
    answers = {name.lower().encode(): _answer(content) for name, content in json.loads(asked).items()}
    listening = socket.create_server(("127.0.0.1", 0))
    server = await loop.create_server(lambda: _Connection(answers), sock=listening)
    print(listening.getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(_serve())

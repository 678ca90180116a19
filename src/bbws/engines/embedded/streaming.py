"""A backup as an answer reads it: in pieces, pulled, while the writing side pushes from a thread of its own."""

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

from bbws.engines.embedded.backup import write_backup
from bbws.engines.embedded.engine import EmbeddedEngine

_PIECES_AHEAD = 8


class _Abandoned(Exception):  # noqa: N818 - not an error: the reader went away
    pass


class BackupStream:
    """The platform's Backup port over the engine."""

    def __init__(self, engine: EmbeddedEngine) -> None:
        self._engine = engine

    def stream(self) -> Iterator[bytes]:
        """One tar file in pieces. Closing the iterator early ends the backup.

        Raises:
            Unavailable: while iterating: the store cannot be read, or there is no room for the copy beside it.
        """
        pieces: queue.Queue[bytes | Exception | None] = queue.Queue(_PIECES_AHEAD)
        abandoned = threading.Event()

        def push(piece: bytes | Exception | None) -> None:
            while not abandoned.is_set():
                try:
                    pieces.put(piece, timeout=1)
                except queue.Full:
                    continue
                return
            raise _Abandoned

        thread = threading.Thread(target=self._write, args=(push,), name="backup", daemon=True)
        thread.start()
        try:
            while (piece := pieces.get()) is not None:
                if isinstance(piece, Exception):
                    raise piece
                yield piece
        finally:
            abandoned.set()
            thread.join()

    def _write(self, push: Callable[[bytes | Exception | None], None]) -> None:
        """Push the backup, then None, or the fault that ended it. Nothing here may wait for a reader who went away."""
        with suppress(_Abandoned):
            try:
                write_backup(self._engine, push)
            except _Abandoned:
                raise
            except Exception as error:  # noqa: BLE001 - it is raised where the pieces are read
                push(error)
            else:
                push(None)

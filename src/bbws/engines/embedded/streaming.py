"""A backup as an answer reads it: in pieces, pulled, while the writing side pushes from a thread of its own."""

import queue
import threading
from collections.abc import Callable, Iterator

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

        def push(piece: bytes) -> None:
            while not abandoned.is_set():
                try:
                    pieces.put(piece, timeout=1)
                except queue.Full:
                    continue
                return
            raise _Abandoned

        thread = threading.Thread(target=self._write, args=(push, pieces), name="backup", daemon=True)
        thread.start()
        try:
            while (piece := pieces.get()) is not None:
                if isinstance(piece, Exception):
                    raise piece
                yield piece
        finally:
            abandoned.set()
            thread.join()

    def _write(self, push: Callable[[bytes], None], pieces: "queue.Queue[bytes | Exception | None]") -> None:
        try:
            write_backup(self._engine, push)
        except _Abandoned:
            return
        except Exception as error:  # noqa: BLE001 - it is raised where the pieces are read
            pieces.put(error)
        else:
            pieces.put(None)

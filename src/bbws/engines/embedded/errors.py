"""Why the embedded engine refuses to open, back up or restore a store: one clear line and what to do about it."""


class StoreError(Exception):
    """The store cannot be used as it is.

    Attributes:
        hint: what the operator can do.
    """

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


class FolderLocked(StoreError):  # noqa: N818 - names the finding
    """Another process serves this data folder."""


class FolderUnusable(StoreError):  # noqa: N818 - names the finding
    """The data folder cannot be made, entered or written."""


class ForeignFile(StoreError):  # noqa: N818 - names the finding
    """A file is not what BBWS wrote, or is damaged."""


class NewerSchema(StoreError):  # noqa: N818 - names the finding
    """The database was written by a newer BBWS."""

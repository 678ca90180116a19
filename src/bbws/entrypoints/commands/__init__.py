"""The commands of the command line, one concern each. They are put together in :mod:`bbws.entrypoints.cli`."""

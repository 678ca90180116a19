"""Where BBWS is entered: the server and the command line."""

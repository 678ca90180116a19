"""BBWS as an application that granian loads: what ``bbws serve`` wires, without its HTTP server."""

import atexit
import gc
import sys
from concurrent.futures import ThreadPoolExecutor

from bbws.bootstrap.embedded import build, ensure_first_key
from bbws.engines.embedded.engine import EmbeddedEngine
from bbws.entrypoints.asgi import Asgi
from bbws.entrypoints.observability import Observer, configure_logging
from bbws.kernel.clock import SystemClock
from bbws.settings import Settings


def make() -> Asgi:
    """The application on ``BBWS_DATA_DIR``."""
    settings, clock = Settings.from_environment(), SystemClock()
    configure_logging(settings.log_level)
    engine = EmbeddedEngine.open(settings.data_dir, clock=clock)
    atexit.register(engine.stop, settings.drain_seconds)
    observer = Observer(engine)
    app = build(settings, engine, clock=clock, metrics=observer)
    ensure_first_key(app, settings)
    app.start()
    sys.setswitchinterval(0.001)  # as bbws serve
    gc.collect()
    gc.freeze()
    return Asgi(app.dispatcher, engine.table, observer.observe, ThreadPoolExecutor(4))

"""The add-on as a component: finds nginx and its ports and folders, runs the controller, and stops everything when it
ends.

Everything that starts or signals nginx happens on the thread of ``run``: nginx is tied to it.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

from prometheus_client import CollectorRegistry

from sampan.contracts.components import Running
from sampan.contracts.options import ClusterOptions
from sampan_ingress.applying import Applier
from sampan_ingress.controller import Controller
from sampan_ingress.defaults import BadSetting, default_options
from sampan_ingress.figures import Figures, NginxFigures
from sampan_ingress.model import LocationOptions
from sampan_ingress.nginx import Nginx, NginxMissing, find, sweep
from sampan_ingress.places import PlaceTaken, check_free, place_for, remove_scratch
from sampan_ingress.rendering import NginxPlace
from sampan_ingress.settings import Settings

AGAIN = 5.0  # seconds until what did not go is tried again


def run(running: Running) -> None:
    """Until stopped."""
    settings: Settings = running.settings or Settings()
    folder = (Path(running.home) / "nginx").resolve()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    sweep(folder)
    wake = threading.Event()
    while not running.stop.is_set():
        try:
            options = default_options(settings)
            program = find(settings.nginx)
            place = place_for(settings, folder)
            check_free(place)
        except (NginxMissing, PlaceTaken, BadSetting) as error:
            running.failing(str(error))
            running.stop.wait(AGAIN)
            continue
        _serve(running, settings, options, Nginx(program, folder, wake.set), place, wake)


def _serve(
    running: Running,
    settings: Settings,
    options: LocationOptions,
    nginx: Nginx,
    place: NginxPlace,
    wake: threading.Event,
) -> None:
    applier = Applier(nginx, place, running.stop, most_draining=settings.most_draining)
    try:
        with _registered(running, place) as figures:
            applier.reloaded = figures.reloaded
            figures.draining.set_function(lambda: len(nginx.draining()))
            Controller(running, settings, options, applier, wake, figures).run()
    finally:
        nginx.stop()
        remove_scratch(Path(place.folder), forget=False)


@contextlib.contextmanager
def _registered(running: Running, place: NginxPlace) -> Iterator[Figures]:
    """Figures that are shown while this run lasts: the next one after a failure brings its own."""
    own = CollectorRegistry()  # which collects as a Collector does
    own.register(NginxFigures(place.socket))
    if running.metrics is None:
        yield Figures(own)
        return
    running.metrics.register(own)
    try:
        yield Figures(own)
    finally:
        running.metrics.unregister(own)


def cleanup(home: str, options: ClusterOptions) -> None:
    """Remove processes and folders outside home."""
    folder = (Path(home) / "nginx").resolve()
    sweep(folder, signal.SIGKILL)
    remove_scratch(folder)

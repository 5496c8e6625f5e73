"""Log format of processes: text on a terminal, else one JSON object per line."""

from __future__ import annotations

import json
import logging
import sys
import time

from sampan_operate.logfile import Handler


class JsonLines(logging.Formatter):
    """One object per line: time (RFC 3339), level, logger, message, and a traceback if there is one."""

    def format(self, record: logging.LogRecord) -> str:
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line = {
            "time": f"{stamp}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "pid": record.process,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line)


def set_up(level: str = "INFO", *, file: Handler | None = None) -> None:
    """Log to standard error, or to ``file``, the log file that standard error is redirected to."""
    handler = file or logging.StreamHandler(sys.stderr)
    if sys.stderr.isatty():
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s"))
    else:
        handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for noisy in ("urllib3", "gunicorn"):
        logging.getLogger(noisy).setLevel(logging.WARNING)

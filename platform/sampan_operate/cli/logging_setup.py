"""How processes log: words on a terminal, one JSON object a line elsewhere."""

from __future__ import annotations

import json
import logging
import sys
import time

from sampan_operate.logfile import Handler


class JsonLines(logging.Formatter):
    """One object a line: time (RFC 3339), level, logger, message, and the traceback where there is one."""

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
    """Log to standard error, or to the file that standard error is."""
    handler = file or logging.StreamHandler(sys.stderr)
    if sys.stderr.isatty():
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s"))
    else:
        handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for noisy in ("urllib3", "gunicorn"):
        logging.getLogger(noisy).setLevel(logging.WARNING)

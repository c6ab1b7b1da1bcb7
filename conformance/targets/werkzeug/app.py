"""Serve the WSGI contract app with Werkzeug's development server, as Flask's `run` does. Usage: python app.py PORT FILES"""

from __future__ import annotations

import logging
import sys
from pathlib import Path

from werkzeug.serving import run_simple

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "_apps"))

from wsgi_contract import create_app

if __name__ == "__main__":
    port, files = sys.argv[1:]
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    run_simple("127.0.0.1", int(port), create_app(files), threaded=True)

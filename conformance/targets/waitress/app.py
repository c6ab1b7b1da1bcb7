"""Serve the WSGI contract app with waitress, defaults but the address. Usage: python app.py PORT FILES"""

from __future__ import annotations

import sys
from pathlib import Path

import waitress

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "_apps"))

from wsgi_contract import create_app

if __name__ == "__main__":
    port, files = sys.argv[1:]
    waitress.serve(create_app(files), host="127.0.0.1", port=int(port))

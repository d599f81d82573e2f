"""write.py [FOLDER]: writes both clients' types and operations where they are, or under a folder, to be compared."""

import sys
from pathlib import Path

import document
import python
import rust

folder = Path(sys.argv[1]) if len(sys.argv) > 1 else document.ROOT / "clients"
api = document.read()
rust.write_all(api, folder / "rust" / "src")
python.write_all(api, folder / "python" / "razao_client")

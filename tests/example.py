"""The worked example of docs/example.md, made from the page itself."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "example.md"
_FILE = re.compile(r"^`([^`\n]+)`:\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def files_of_page() -> dict[str, str]:
    """Path in the root -> content, as the page shows them."""
    return dict(_FILE.findall(PAGE.read_text(encoding="utf-8")))


def write_example(folder: Path) -> Path:
    """The reader's root, with the model's files made as the page says."""
    for name, text in files_of_page().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    subprocess.run([sys.executable, "models/one-layer/make.py"], cwd=folder, check=True)
    return folder

"""The machine under the containers: what it has, what it lacks, and how to mend that.

`examine` only looks. `mend` installs an engine where none answers, on Debian and Ubuntu; a machine
whose engine answers is never touched.
"""

from .base_image import ensure_base_image
from .checks import Finding
from .doctor import examine, mend, show
from .engine import engine_error

__all__ = ["Finding", "engine_error", "ensure_base_image", "examine", "mend", "show"]

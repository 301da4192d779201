"""What exists: processors, tools, models, profiles, experiments, read from configs/ and typed."""

from .experiment import Experiment, Sizing, WorkloadEntry
from .files import check_model_files
from .load import Catalog, load_catalog
from .made import Made, read_made
from .matrix import System, near, supported, unsupported
from .model import RUNTIMES, Model, Processor, Profile, Resources, Tool
from .roots import Roots, open_roots, roots_of_environment

__all__ = [
    "RUNTIMES",
    "Catalog",
    "Experiment",
    "Made",
    "Model",
    "Processor",
    "Profile",
    "Resources",
    "Roots",
    "Sizing",
    "System",
    "Tool",
    "WorkloadEntry",
    "check_model_files",
    "load_catalog",
    "near",
    "open_roots",
    "read_made",
    "roots_of_environment",
    "supported",
    "unsupported",
]

"""What exists: processors, tools, models, profiles, experiments, read from configs/ and typed."""

from .experiment import Experiment, Sizing, WorkloadEntry
from .files import check_model_files
from .load import Catalog, load_catalog
from .matrix import RUNTIMES, System, near, supported, unsupported
from .model import Model, Processor, Profile, Resources, Tool

__all__ = [
    "RUNTIMES",
    "Catalog",
    "Experiment",
    "Model",
    "Processor",
    "Profile",
    "Resources",
    "Sizing",
    "System",
    "Tool",
    "WorkloadEntry",
    "check_model_files",
    "load_catalog",
    "near",
    "supported",
    "unsupported",
]

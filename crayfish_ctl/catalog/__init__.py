"""What exists: processors, tools, models, profiles, experiments, read from configs/ and typed."""

from .files import check_model_files
from .load import Catalog, load_catalog
from .model import Experiment, Model, Processor, Profile, Resources, Sizing, Tool, WorkloadEntry

__all__ = [
    "Catalog",
    "Experiment",
    "Model",
    "Processor",
    "Profile",
    "Resources",
    "Sizing",
    "Tool",
    "WorkloadEntry",
    "check_model_files",
    "load_catalog",
]

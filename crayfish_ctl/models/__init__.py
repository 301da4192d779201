"""Models as their files describe them: read without being run, and added to a root."""

from .constants import constants
from .convertible import CONVERTIBLE, check_convertible, is_convertible
from .describe import describe, name_of_file, valid_name
from .facts import Facts, Tensor, points_of_a_call, scorable
from .fit import fitting
from .given import is_path, models_of_files
from .onnx import is_ort_format
from .predict import NoReferenceError, predictions
from .read import READERS, read_format, read_model_file
from .store import store, temporary_root

__all__ = [
    "CONVERTIBLE",
    "READERS",
    "Facts",
    "NoReferenceError",
    "Tensor",
    "check_convertible",
    "constants",
    "describe",
    "fitting",
    "is_convertible",
    "is_ort_format",
    "is_path",
    "models_of_files",
    "name_of_file",
    "points_of_a_call",
    "predictions",
    "read_format",
    "read_model_file",
    "scorable",
    "store",
    "temporary_root",
    "valid_name",
]

"""Diagnosis: from observations to the cause that blocks a pilot, with everything needed to dispute it.

Reads no client files; the analyses turn those into observations.
"""

from workbench.diagnosis.catalogue import Catalogue, load_catalogue
from workbench.diagnosis.diagnose import diagnose

__all__ = ["Catalogue", "diagnose", "load_catalogue"]

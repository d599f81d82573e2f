"""A typed client of the API of Razão, the ledger engine for lenders."""

from .base import Done, Download, Model, Unknown
from .client import BulkAnswers, Client, Line
from .errors import FieldProblem, RazaoError, Refused, Strange, Unreachable, Waits
from .models import Page

__all__ = [
    "BulkAnswers",
    "Client",
    "Done",
    "Download",
    "FieldProblem",
    "Line",
    "Model",
    "Page",
    "RazaoError",
    "Refused",
    "Strange",
    "Unknown",
    "Unreachable",
    "Waits",
]

"""The registry: immutable versions of trained permutations, their files, and who registered them when."""

from __future__ import annotations

from zoo.registry.history import Event
from zoo.registry.store import Registry
from zoo.registry.verification import Problem, VerifyReport
from zoo.registry.version import Candidate, Registered, Version

__all__ = ["Candidate", "Event", "Problem", "Registered", "Registry", "VerifyReport", "Version"]

"""What can go wrong. Every exception of the package is an :class:`Error`."""

from __future__ import annotations

from typing import List, NamedTuple, Tuple

__all__ = ["Cancelled", "Error", "Malformed", "Node", "OutOfRange", "Rejected", "SrsRefused", "UnsupportedOperator"]


class Error(Exception):
    """Something that zktorch refuses; the text names the node or field, what was expected and what was found."""


class Node(NamedTuple):
    """A node that is not supported. Name and operator are empty where the model itself is meant."""

    name: str
    operator: str
    reason: str


class UnsupportedOperator(Error):
    """The model cannot be compiled. ``nodes`` lists everything that is in the way, not only the first."""

    def __init__(self, message: str, nodes: List[Tuple[str, str, str]]) -> None:
        super().__init__(message, nodes)
        self.nodes = [Node(*node) for node in nodes]

    def __str__(self) -> str:
        return str(self.args[0])


class OutOfRange(Error):
    """A value of ``node`` is outside of ``range``, which calibration chose. Nothing is proved."""

    def __init__(self, message: str, node: str, value: float, range: Tuple[float, float]) -> None:
        super().__init__(message, node, value, range)
        self.node = node
        self.value = value
        self.range = range

    def __str__(self) -> str:
        return str(self.args[0])


class Malformed(Error):
    """Bytes are no model, key or statement of this version, or damaged."""


class Rejected(Error):
    """A proof is not accepted, or its statement is not about the model. ``reason`` says why."""

    @property
    def reason(self) -> str:
        return str(self.args[0])


class SrsRefused(Error):
    """The structured reference string is not one that the caller trusts, or not the one of the key."""


class Cancelled(Error):
    """The work was cancelled before it was done."""

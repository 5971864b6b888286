"""What a model consists of, as a table in a terminal or a page in a notebook."""

from __future__ import annotations

import html
import json
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

__all__ = ["Inspection", "InspectedNode"]


def framed(page: str, height: int) -> str:
    """A page in a frame of its own: nothing in it touches the notebook around it."""
    # Links inside of the page stay there: without a base they are the notebook's.
    page = page.replace("<head>", '<head><base href="about:srcdoc">', 1)
    return f'<iframe srcdoc="{html.escape(page)}" width="100%" height="{height}" style="border:0"></iframe>'


class InspectedNode(NamedTuple):
    name: str
    operator: str
    extents: Optional[Tuple[int, ...]]
    multiplications: int
    remark: str
    supported: bool


def _node(node: Dict[str, Any]) -> InspectedNode:
    dims, problem = node["dims"], node["problem"]
    remark = problem if problem is not None else ("constant" if node["constant"] else "")
    extents = None if dims is None else tuple(dims)
    return InspectedNode(node["name"], node["op"], extents, node["multiplications"], remark, problem is None)


class Inspection:
    """Nodes, cost and what is unsupported. ``estimated_seconds`` are those of two cores with AVX-512 IFMA."""

    def __init__(self, text: str) -> None:
        found: Dict[str, Any] = json.loads(text)
        self.supported: bool = found["supported"]
        self.nodes: List[InspectedNode] = [_node(node) for node in found["nodes"]]
        #: Obstacles that belong to no node.
        self.problems: List[str] = found["problems"]
        self.opset: int = found["opset"]
        self.parameters: int = found["parameters"]
        self.multiplications: int = found["multiplications"]
        self.committed_values: Optional[int] = found.get("committed_values")
        self.estimated_seconds: Optional[float] = found.get("estimated_seconds")
        self.estimated_memory_bytes: Optional[int] = found.get("estimated_memory_bytes")
        #: An HTML page with the network drawn: what ``zktorch inspect --html`` writes.
        self.page: str = found["page"]

    @property
    def unsupported(self) -> List[InspectedNode]:
        return [node for node in self.nodes if not node.supported]

    def _summary(self) -> List[Tuple[str, str]]:
        lines = [
            ("supported", "yes" if self.supported else f"no: {len(self.unsupported)} of {len(self.nodes)} nodes"),
            ("opset", str(self.opset)),
            ("parameters", f"{self.parameters:,}"),
            ("multiplications", f"{self.multiplications:,}"),
        ]
        if self.estimated_seconds is not None and self.estimated_memory_bytes is not None:
            lines.append(("proving takes about", f"{self.estimated_seconds:.2f} s"))
            lines.append(("with memory of about", f"{self.estimated_memory_bytes / 2**20:.0f} MiB"))
        return lines + [("problem", problem) for problem in self.problems]

    def _rows(self) -> List[Tuple[str, str, str, str, str]]:
        def row(node: InspectedNode) -> Tuple[str, str, str, str, str]:
            extents = "?" if node.extents is None else str(list(node.extents))
            return node.name, node.operator, extents, f"{node.multiplications:,}" if node.multiplications else "", node.remark

        return [("node", "operator", "extents", "multiplications", "remark")] + [row(node) for node in self.nodes]

    def __str__(self) -> str:
        # Names come out of a file: nothing in them may act on a terminal.
        rows = [[cell.encode("unicode_escape").decode() for cell in row] for row in self._rows()]
        widths = [max(len(row[column]) for row in rows) for column in range(5)]
        table = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
        head = [f"{key}: {value.encode('unicode_escape').decode()}" for key, value in self._summary()]
        return "\n".join(head + [""] + table)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return framed(self.page, 760)

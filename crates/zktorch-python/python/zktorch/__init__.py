"""Zero-knowledge proofs that a neural network was run correctly.

>>> import zktorch as zk
>>> model = zk.compile("model.onnx", calibration=samples, private=("input",))
>>> pk, vk = model.setup(srs="powers.ptau")
>>> p = pk.prove({"input": x})
>>> vk.verify(p.proof, p.statement, model_id=TRUSTED).outputs
"""

from ._api import (
    ANY_MODEL,
    SRS,
    Model,
    Progress,
    Proof,
    ProvingKey,
    Statement,
    Verified,
    VerifyingKey,
    compile,
    inspect,
    load,
)
from ._errors import Cancelled, Error, Malformed, Node, OutOfRange, Rejected, SrsRefused, UnsupportedOperator
from ._image import image
from ._inspection import InspectedNode, Inspection
from ._zktorch import __version__

__all__ = [
    "ANY_MODEL",
    "Cancelled",
    "Error",
    "InspectedNode",
    "Inspection",
    "Malformed",
    "Model",
    "Node",
    "OutOfRange",
    "Progress",
    "Proof",
    "ProvingKey",
    "Rejected",
    "SRS",
    "SrsRefused",
    "Statement",
    "UnsupportedOperator",
    "Verified",
    "VerifyingKey",
    "__version__",
    "compile",
    "image",
    "inspect",
    "load",
]

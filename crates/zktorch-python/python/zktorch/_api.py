"""Compile, set up, prove, verify."""

from __future__ import annotations

import asyncio
import os
import pickle
import tempfile
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Dict, Mapping, NoReturn, Optional, Sequence, Tuple, Union

import numpy.typing as npt

from . import _zktorch as native
from ._arrays import Floats, Inputs, given, made, named
from ._errors import Malformed
from ._inspection import Inspection, framed

__all__ = [
    "ANY_MODEL",
    "Model",
    "Progress",
    "Proof",
    "ProvingKey",
    "SRS",
    "Statement",
    "Verified",
    "VerifyingKey",
    "compile",
    "inspect",
    "load",
]

AnyPath = Union[str, "os.PathLike[str]"]
#: Is called with the stage's name, its steps that are done, all of them, and the share of the whole work from 0 to 1.
Progress = Callable[[str, int, int, float], object]


class _AnyModel:
    def __repr__(self) -> str:
        return "zktorch.ANY_MODEL"


#: For ``VerifyingKey.verify``: whichever model the key is of. Whoever made the key then chose the model.
ANY_MODEL = _AnyModel()


class SRS:
    """A structured reference string, under which keys are made: the file of a ceremony, or for trying things out ``SRS.dev()``."""

    def __init__(self, inner: native.SRS) -> None:
        self._inner = inner

    @staticmethod
    def dev() -> SRS:
        """The development SRS, whose secret is public: anybody can forge proofs under it."""
        return SRS(native.SRS.dev())

    @staticmethod
    def open(path: AnyPath) -> SRS:
        """A ceremony's powers of tau (.ptau), or an SRS that zktorch wrote. It is checked when it is used."""
        with open(path, "rb"):
            pass  # says in Python's own way what is wrong with the path
        return SRS(native.SRS.open(path))

    def __repr__(self) -> str:
        return f"zktorch.{self._inner!r}"


def _srs(srs: Union[SRS, AnyPath]) -> SRS:
    return srs if isinstance(srs, SRS) else SRS.open(srs)


class _NotPickled:
    """A secret, or large: workers get a path and a model id, or the bytes on purpose."""

    def __reduce__(self) -> NoReturn:
        name = type(self).__name__
        raise pickle.PicklingError(
            f"a {name} is not pickled: give workers the path that it was saved to, or its to_bytes() on purpose"
        )

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        self.__reduce__()


class Statement:
    """What a proof is about: public values of inputs and outputs, commitments to private ones, the ids of model and SRS."""

    def __init__(self, inner: native.Statement) -> None:
        self._inner = inner

    @staticmethod
    def from_json(text: str, files: Optional[Mapping[str, bytes]] = None) -> Statement:
        """From its JSON, and the files with large tensors that this names."""
        return Statement(native.Statement.from_json(text, dict(files or {})))

    def to_json(self) -> Tuple[str, Dict[str, bytes]]:
        """Its JSON, and the files with tensors of more than 4096 entries that this names."""
        return self._inner.to_json()

    def save(self, path: AnyPath) -> None:
        self._inner.save(path)

    @property
    def model_id(self) -> str:
        return self._inner.model_id

    @property
    def srs_id(self) -> str:
        return self._inner.srs_id

    @property
    def inputs(self) -> Dict[str, Floats]:
        """The public inputs."""
        return made(self._inner.values(False)[0])

    @property
    def outputs(self) -> Dict[str, Floats]:
        """The public outputs. They mean something once the proof was verified."""
        return made(self._inner.values(True)[0])

    @property
    def private(self) -> Tuple[str, ...]:
        """The names of private inputs and outputs."""
        return tuple(self._inner.values(False)[1] + self._inner.values(True)[1])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Statement) and self.to_json() == other.to_json()

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> Tuple[Callable[..., Statement], Tuple[str, Dict[str, bytes]]]:
        return Statement.from_json, self.to_json()


@dataclass(frozen=True)
class Proof:
    """A proof with its statement. ``outputs`` are all outputs, private ones too: they are the prover's to give away."""

    proof: bytes = field(repr=False)
    statement: Statement
    outputs: Dict[str, Floats] = field(repr=False, compare=False)
    #: Seconds by stage.
    stages: Dict[str, float] = field(repr=False, compare=False)
    #: An HTML page: stages over time, what the bytes are, what is public and what is hidden.
    page: str = field(default="", repr=False, compare=False)

    def save(self, proof: AnyPath, statement: AnyPath) -> None:
        """Writes the two files that a verifier gets."""
        native.save_proof(proof, self.proof)
        self.statement.save(statement)

    def _repr_html_(self) -> Optional[str]:
        return framed(self.page, 640) if self.page else None


@dataclass(frozen=True)
class Verified:
    """A statement whose proof was accepted."""

    statement: Statement
    #: The proof is under the development SRS: it was accepted because the caller allowed that, and proves nothing.
    srs_insecure: bool

    @property
    def model_id(self) -> str:
        return self.statement.model_id

    @property
    def inputs(self) -> Dict[str, Floats]:
        return self.statement.inputs

    @property
    def outputs(self) -> Dict[str, Floats]:
        return self.statement.outputs


class ProvingKey(_NotPickled):
    """Proves inferences of one model, in one piece or in shards. Secret: it holds the weights."""

    def __init__(self, inner: Union[native.ProvingKey, native.ShardedKey]) -> None:
        self._inner = inner

    @staticmethod
    def from_bytes(data: bytes, srs: Union[SRS, AnyPath, None] = None) -> ProvingKey:
        return ProvingKey(native.ProvingKey.from_bytes(data, None if srs is None else _srs(srs)._inner))

    def to_bytes(self) -> bytes:
        """The key's file. Secret. A key in shards is several files: save it."""
        return self._inner.to_bytes()

    def save(self, path: AnyPath) -> None:
        """Writes a file that only its owner can read, and beside it the SRS of a ceremony and the keys of shards."""
        self._inner.save(path)

    @property
    def model_id(self) -> str:
        return self._inner.model_id

    @property
    def inputs(self) -> Dict[str, Tuple[int, ...]]:
        """Names and extents."""
        return {name: tuple(dims) for name, dims in self._inner.ports[0]}

    @property
    def shards(self) -> int:
        """The number of shards; 1 in one piece."""
        return self._inner.shards if isinstance(self._inner, native.ShardedKey) else 1

    @property
    def preprocessing(self) -> Optional[str]:
        """What is done to images (:func:`zktorch.image`); None if the model was compiled without ``image``."""
        return self._inner.image

    def verifying_key(self) -> VerifyingKey:
        """The key of those who verify."""
        return VerifyingKey(self._inner.verifying_key())

    def run(self, inputs: Inputs, *, threads: Optional[int] = None) -> Dict[str, Floats]:
        """The outputs, without a proof: those that a proof for these inputs would be about, bit by bit."""
        return made(self._inner.run(named(inputs), threads))

    def prove(
        self,
        inputs: Inputs,
        *,
        context: bytes = b"",
        progress: Optional[Progress] = None,
        threads: Optional[int] = None,
    ) -> Proof:
        """Proves that the model maps these inputs to its outputs, for a verifier with this context (its challenge). In shards, one
        is proved after the other.

        Ctrl-C, and an exception of ``progress``, end it within a second.
        """
        return self._prove([inputs], context, progress, threads, None)

    def prove_batch(
        self,
        inputs: Sequence[Inputs],
        *,
        context: bytes = b"",
        srs: Union[SRS, AnyPath, None] = None,
        progress: Optional[Progress] = None,
        threads: Optional[int] = None,
    ) -> Proof:
        """Proves several inferences, each with its inputs, in one proof: it is small and quickly verified, but **every verifier sees every
        public input and output** of all of them. Arrays of the statement and of the outputs have a first axis that counts inferences.

        A key under the SRS of a ceremony takes that SRS again, for the powers that a proof of several inferences needs beyond the key's.
        """
        return self._prove(inputs, context, progress, threads, None, srs)

    async def prove_async(
        self,
        inputs: Inputs,
        *,
        context: bytes = b"",
        progress: Optional[Progress] = None,
        threads: Optional[int] = None,
    ) -> Proof:
        """:meth:`prove` beside an event loop. ``progress`` is called on the loop's thread; to cancel the task ends the work."""
        loop, token = asyncio.get_running_loop(), native.Token()
        told: Optional[Progress] = None
        if progress is not None:
            callback = progress

            def told(stage: str, done: int, total: int, share: float) -> None:
                loop.call_soon_threadsafe(callback, stage, done, total, share)

        work = loop.run_in_executor(None, lambda: self._prove([inputs], context, told, threads, token))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            token.cancel()
            # The thread is done soon; nobody waits for what it has to say.
            work.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
            raise

    def _prove(
        self,
        inferences: Sequence[Inputs],
        context: bytes,
        progress: Optional[Progress],
        threads: Optional[int],
        token: Optional[native.Token],
        srs: Union[SRS, AnyPath, None] = None,
    ) -> Proof:
        given = [named(inputs) for inputs in inferences]
        powers = None if srs is None else _srs(srs)._inner
        proof, statement, outputs, stages, page = self._inner.prove(given, context, powers, threads, progress, token)
        return Proof(proof, Statement(statement), made(outputs), dict(stages), page)


class VerifyingKey(_NotPickled):
    """Verifies proofs of one model."""

    def __init__(self, inner: native.VerifyingKey) -> None:
        self._inner = inner

    @staticmethod
    def from_bytes(data: bytes) -> VerifyingKey:
        return VerifyingKey(native.VerifyingKey.from_bytes(data))

    def to_bytes(self) -> bytes:
        return self._inner.to_bytes()

    def save(self, path: AnyPath) -> None:
        self._inner.save(path)

    @property
    def model_id(self) -> str:
        """The hash of the key's body: what a verifier pins."""
        return self._inner.model_id

    @property
    def srs_id(self) -> str:
        return self._inner.srs_id

    def verify(
        self,
        proof: bytes,
        statement: Statement,
        *,
        model_id: Union[str, _AnyModel],
        context: bytes = b"",
        inferences: int = 1,
        allow_insecure_srs: bool = False,
        accept_srs: Optional[str] = None,
        threads: Optional[int] = None,
    ) -> Verified:
        """Accepts a proof of a statement, or raises: :class:`Rejected` for the proof or the statement, :class:`SrsRefused` for an
        SRS that is not trusted.

        ``model_id`` is the id that the caller trusts, from another source than this key; :data:`ANY_MODEL` waives that.
        ``accept_srs`` is the id of an SRS of the caller's own. ``inferences`` is how many the proof has to be about, as
        :meth:`ProvingKey.prove_batch` was given: the outputs then have a first axis that counts them.
        """
        trusted = None if isinstance(model_id, _AnyModel) else model_id
        insecure = self._inner.verify(
            proof, statement._inner, trusted, context, inferences, allow_insecure_srs, accept_srs, threads
        )
        return Verified(statement, insecure)


class Model(_NotPickled):
    """A compiled model: quantised, not yet committed to. Secret: it holds the weights."""

    def __init__(self, inner: native.Model) -> None:
        self._inner = inner

    @staticmethod
    def from_bytes(data: bytes) -> Model:
        return Model(native.Model.from_bytes(data))

    def to_bytes(self) -> bytes:
        """The model's file (MODEL.zkt). Secret."""
        return self._inner.to_bytes()

    def save(self, path: AnyPath) -> None:
        """Writes MODEL.zkt, which only its owner can read."""
        self._inner.save(path)

    @property
    def inputs(self) -> Dict[str, Tuple[int, ...]]:
        """Names and extents."""
        return {name: tuple(dims) for name, dims in self._inner.ports[0]}

    @property
    def outputs(self) -> Dict[str, Tuple[int, ...]]:
        """Names and extents."""
        return {name: tuple(dims) for name, dims in self._inner.ports[1]}

    def inspect(self) -> Inspection:
        """Nodes, cost, memory: a table in a terminal, a page with the network drawn in a notebook."""
        return Inspection(self._inner.inspect())

    def _repr_html_(self) -> str:
        return self.inspect()._repr_html_()

    @property
    def preprocessing(self) -> Optional[str]:
        """What is done to images (:func:`zktorch.image`); None if it was compiled without ``image``."""
        return self._inner.image

    def setup(
        self,
        srs: Union[SRS, AnyPath],
        *,
        shards: int = 1,
        weights_from: Optional[ProvingKey] = None,
        progress: Optional[Progress] = None,
    ) -> Tuple[ProvingKey, VerifyingKey]:
        """Commits to the weights under an SRS. Every setup gives a new model id.

        With ``shards`` the model is cut into so many parts (fewer, if it has fewer places to cut): proofs take the memory of one, or
        are made by several processes (:mod:`zktorch.distributed`). Setup itself holds the keys of all; the command line's holds one.

        ``weights_from`` is a key of the same model for another length, under the same SRS (``compile(like=...)``): what it has
        committed to is not committed to again.
        """
        if shards < 1:
            raise ValueError(f"shards: expected 1 or more, got {shards}")
        other = None if weights_from is None else weights_from._inner
        if isinstance(other, native.ShardedKey) or (other is not None and shards > 1):
            raise ValueError("weights_from: expected a key in one piece, and shards=1")
        reference = _srs(srs)
        if reference._inner.insecure:
            warnings.warn(
                "these keys are under the development SRS, whose secret is public: anybody can forge proofs; give the file of a "
                "ceremony for anything real",
                UserWarning,
                stacklevel=2,
            )
        cut = self._inner.setup_shards(reference._inner, shards, progress) if shards > 1 else None
        pk, vk = cut if cut is not None else self._inner.setup(reference._inner, other, progress)
        return ProvingKey(pk), VerifyingKey(vk)


def _onnx(model: Any, example: Any) -> Tuple[bytes, Optional[str]]:
    """The bytes of a model, and the folder of its external data."""
    if isinstance(model, (bytes, bytearray, memoryview)):
        return bytes(model), None
    if isinstance(model, (str, os.PathLike)):
        path = Path(model)
        return path.read_bytes(), str(path.parent)
    if hasattr(model, "SerializeToString"):  # an onnx.ModelProto
        return model.SerializeToString(), None
    try:
        import torch
    except ImportError:
        torch = None
    if torch is None or not isinstance(model, torch.nn.Module):
        raise TypeError(f"expected a path, bytes, an onnx.ModelProto or a torch.nn.Module, got {type(model).__name__}")
    if example is None:
        raise TypeError("a torch.nn.Module needs example=..., an input that it can be traced with")
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "model.onnx"
        arguments = example if isinstance(example, tuple) else (example,)
        torch.onnx.export(model.eval(), arguments, str(target), input_names=None)
        return target.read_bytes(), None


def _wishes(
    private: Sequence[str],
    dims: Optional[Mapping[str, int]],
    bind: Optional[Mapping[str, npt.ArrayLike]],
    saturate: bool,
    base_dir: Optional[str],
    image: Optional[str] = None,
) -> native.Wishes:
    unknown = [side for side in private if side not in ("input", "output")]
    if isinstance(private, str) or unknown:
        raise ValueError(f"private: expected a tuple of \"input\" and \"output\", got {private!r}")
    return {
        "calibration": [],
        "private_input": "input" in private,
        "private_output": "output" in private,
        "dims": dict(dims or {}),
        "bind": {name: given(value) for name, value in (bind or {}).items()},
        "headroom": None,
        "guard_bits": None,
        "saturate": saturate,
        "max_error": None,
        "base_dir": base_dir,
        "image": image,
    }


def compile(
    model: Any,
    *,
    calibration: Optional[Inputs] = None,
    private: Sequence[str] = (),
    dims: Optional[Mapping[str, int]] = None,
    bind: Optional[Mapping[str, npt.ArrayLike]] = None,
    headroom: Optional[int] = None,
    guard_bits: Optional[int] = None,
    saturate: bool = False,
    max_error: Optional[float] = None,
    image: Optional[str] = None,
    example: Any = None,
    like: Optional[Model] = None,
    progress: Optional[Progress] = None,
) -> Model:
    """Quantises a model: the path, bytes or ``onnx.ModelProto`` of an ONNX model, or a ``torch.nn.Module`` with ``example=x``.

    ``calibration`` are samples along the first axis (or one before it): inputs like those that will be proved. ``private`` names the
    sides whose values statements do not hold, ``"input"`` and ``"output"``. ``dims`` are extents of dynamic axes, ``bind`` inputs
    whose value becomes part of the model. ``like`` is a model whose scales to take, where both compute the same: this one with other
    ``dims``, whose weights are the same integers then (``setup(weights_from=...)``). ``saturate`` clamps what leaves the calibrated ranges instead of refusing it. ``image`` says how images become
    inputs (``"resize=256,crop=224,rgb,mean=0.485/0.456/0.406,std=0.229/0.224/0.225"``): keys state it, :func:`zktorch.image` does it.
    """
    onnx, base_dir = _onnx(model, example)
    wishes = _wishes(private, dims, bind, saturate, base_dir, image)
    wishes["calibration"] = [] if calibration is None else named(calibration)
    wishes["headroom"], wishes["guard_bits"], wishes["max_error"] = headroom, guard_bits, max_error
    compiled = native.Model.compile(onnx, wishes, None if like is None else like._inner, progress)
    for warning in compiled.warnings:
        warnings.warn(warning, UserWarning, stacklevel=2)
    return Model(compiled)


def inspect(
    model: Any,
    *,
    dims: Optional[Mapping[str, int]] = None,
    bind: Optional[Mapping[str, npt.ArrayLike]] = None,
    saturate: bool = False,
    example: Any = None,
) -> Inspection:
    """What an ONNX model consists of and what of it is not supported, whether it can be compiled or not."""
    onnx, base_dir = _onnx(model, example)
    return Inspection(native.inspect_onnx(onnx, _wishes((), dims, bind, saturate, base_dir)))


def load(
    path: AnyPath, *, srs: Union[SRS, AnyPath, None] = None
) -> Union[Model, ProvingKey, VerifyingKey, Statement, bytes]:
    """A file of zktorch's, the command line's too: a model, a key, a statement, or the bytes of a proof.

    The SRS of a proving key is beside it, unless ``srs`` is given.
    """
    with open(path, "rb") as file:
        start = file.read(8)
    kind = native.kind_of_file(path)
    if kind == "model":
        return Model(native.Model.load(path))
    if kind in ("proving_key", "other"):
        return ProvingKey(native.ProvingKey.load(path, None if srs is None else _srs(srs)._inner))
    if kind == "sharded_key":
        return ProvingKey(native.ShardedKey.load(path, None if srs is None else _srs(srs)._inner))
    if kind == "proof":
        return Path(path).read_bytes()
    if kind == "verifying_key":
        return VerifyingKey(native.VerifyingKey.load(path))
    if start.lstrip().startswith(b"{"):
        return Statement(native.Statement.load(path))
    if start == b"ZKTORCH\0":
        VerifyingKey(native.VerifyingKey.load(path))  # says what is wrong with it
    raise Malformed(f"{os.fspath(path)}: expected a model, a key, a statement or a proof of zktorch, got another file")


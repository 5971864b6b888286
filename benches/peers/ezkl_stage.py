"""One stage of an EZKL proof, in a process of its own: `cargo xtask bench peers` starts one after the other.

    python ezkl_stage.py STAGE --dir DIR --model MODEL.onnx --input INPUT --calibration SAMPLES

Prints one JSON object: `call_s`, the seconds that the library's call took (without starting Python, with reading and
writing the stage's files), `peak_rss_bytes` of the process, and what the stage found out. Everything that stages pass on
lies in DIR. Nothing is downloaded: the SRS is EZKL's own `gen_srs`, whose secret nobody keeps secret.
"""

import argparse
import json
import pathlib
import resource
import sys
import time

import numpy as np


def tensor(path, name, dims):
    """The samples of a file as float32 [samples, *dims]: nested JSON lists, .npy or .npz (its floating-point array)."""
    path = pathlib.Path(path)
    if path.suffix == ".json":
        array = np.array(json.loads(path.read_text()))
    elif path.suffix == ".npz":
        arrays = [a for a in np.load(path).values() if np.issubdtype(a.dtype, np.floating)]
        if len(arrays) != 1:
            raise SystemExit(f"{path}: expected one floating-point array, found {len(arrays)}")
        array = arrays[0]
    else:
        array = np.load(path)
    size = int(np.prod(dims))
    if array.size == 0 or array.size % size:
        raise SystemExit(f"{path}: expected samples of {size} values for {name}, found {array.size} values")
    return array.astype(np.float32).reshape(-1, *dims)


def prepare(options, files):
    """The input in EZKL's form, the calibration samples in EZKL's form, and the float model's answer."""
    import onnxruntime

    session = onnxruntime.InferenceSession(options.model, providers=["CPUExecutionProvider"])
    (port,) = session.get_inputs()
    dims = port.shape[1:]
    sample = tensor(options.input, port.name, dims)[:1]
    samples = tensor(options.calibration, port.name, dims)
    files.input.write_text(json.dumps({"input_data": [sample.reshape(-1).tolist()]}))
    files.calibration.write_text(json.dumps({"input_data": [samples.reshape(-1).tolist()]}))
    (output,) = session.run(None, {port.name: sample})
    return {"float_output": output.reshape(-1).astype(float).tolist(), "calibration_samples": len(samples)}


def settings(options, files):
    """Inputs and outputs public; the weights as --params says."""
    import ezkl

    args = ezkl.PyRunArgs()
    args.input_visibility, args.output_visibility, args.param_visibility = "public", "public", options.params
    return lambda: ezkl.gen_settings(options.model, str(files.settings), py_run_args=args)


def calibrate(options, files):
    """EZKL chooses scales, lookup range and number of rows."""
    import ezkl

    return lambda: ezkl.calibrate_settings(
        str(files.calibration), options.model, str(files.settings), options.target, lookup_safety_margin=2
    )


def compile_circuit(options, files):
    import ezkl

    return lambda: ezkl.compile_circuit(options.model, str(files.circuit), str(files.settings))


def srs(_, files):
    """A development SRS, as long as the settings ask."""
    import ezkl

    rows = json.loads(files.settings.read_text())["run_args"]["logrows"]
    return lambda: ezkl.gen_srs(str(files.srs), rows)


def setup(_, files):
    import ezkl

    return lambda: ezkl.setup(str(files.circuit), str(files.vk), str(files.pk), srs_path=str(files.srs))


def witness(_, files):
    import ezkl

    return lambda: ezkl.gen_witness(str(files.input), str(files.circuit), str(files.witness))


def prove(_, files):
    import ezkl

    return lambda: ezkl.prove(
        str(files.witness), str(files.circuit), str(files.pk), proof_path=str(files.proof), srs_path=str(files.srs)
    )


def verify(_, files):
    import ezkl

    return lambda: ezkl.verify(str(files.proof), str(files.settings), str(files.vk), srs_path=str(files.srs))


def describe(_, files):
    """What the files say: the proof's length without its JSON, the proved output as real numbers, the circuit's size."""
    proof = json.loads(files.proof.read_text())
    settings = json.loads(files.settings.read_text())
    (outputs,) = proof["pretty_public_inputs"]["rescaled_outputs"]
    return {
        "proof_bytes": len(proof["hex_proof"].removeprefix("0x")) // 2,
        "public_values": sum(len(column) for column in proof["instances"]),
        "output": [float(value) for value in outputs],
        "logrows": settings["run_args"]["logrows"],
        "input_scale": settings["run_args"]["input_scale"],
        "param_scale": settings["run_args"]["param_scale"],
        "num_rows": settings["num_rows"],
        "param_visibility": settings["run_args"]["param_visibility"],
    }


STAGES = {
    "prepare": prepare,
    "settings": settings,
    "calibrate": calibrate,
    "compile": compile_circuit,
    "srs": srs,
    "setup": setup,
    "witness": witness,
    "prove": prove,
    "verify": verify,
    "describe": describe,
}


class Files:
    """The files that stages pass on."""

    def __init__(self, folder):
        folder = pathlib.Path(folder)
        self.input, self.calibration = folder / "input.json", folder / "calibration.json"
        self.settings, self.circuit, self.srs = folder / "settings.json", folder / "model.ezkl", folder / "kzg.srs"
        self.pk, self.vk = folder / "pk.key", folder / "vk.key"
        self.witness, self.proof = folder / "witness.json", folder / "proof.json"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("stage", choices=STAGES)
    parser.add_argument("--dir", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--input", required=True)
    parser.add_argument("--calibration", required=True)
    parser.add_argument("--params", required=True, help="param_visibility of EZKL")
    parser.add_argument("--target", required=True, help="what calibration aims at: resources or accuracy")
    options = parser.parse_args()

    found = STAGES[options.stage](options, Files(options.dir))
    report = {}
    if callable(found):
        start = time.perf_counter()
        result = found()
        report["call_s"] = time.perf_counter() - start
        if result is False:
            raise SystemExit(f"ezkl {options.stage} returned False")
    else:
        report.update(found)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    report["peak_rss_bytes"] = peak * (1 if sys.platform == "darwin" else 1024)
    print(json.dumps(report))


if __name__ == "__main__":
    main()

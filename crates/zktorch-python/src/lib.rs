//! The native half of the Python package `zktorch`: compiled models, keys, statements, and long work beside the interpreter. Arrays
//! cross the border as bytes with their extents; everything that Python can say better (numpy, torch, warnings, event loops, tables) is
//! in `python/zktorch`.
//!
//! ```python
//! import zktorch as zk
//!
//! model = zk.compile("model.onnx", calibration=samples)
//! pk, vk = model.setup(srs=zk.SRS.dev())
//! proof = pk.prove({"input": x})
//! vk.verify(proof.proof, proof.statement, model_id=TRUSTED, allow_insecure_srs=True)
//! ```

mod arrays;
mod errors;
mod image;
mod key;
mod model;
mod sharded;
mod statement;
mod work;

use pyo3::prelude::*;

#[pymodule]
fn _zktorch(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_class::<model::Model>()?;
    module.add_class::<model::Reference>()?;
    module.add_class::<key::ProvingKey>()?;
    module.add_class::<key::VerifyingKey>()?;
    module.add_class::<sharded::ShardedKey>()?;
    module.add_class::<sharded::ShardedRun>()?;
    module.add_class::<statement::Statement>()?;
    module.add_class::<work::Token>()?;
    module.add_function(wrap_pyfunction!(image::of_file, module)?)?;
    module.add_function(wrap_pyfunction!(image::of_pixels, module)?)?;
    module.add_function(wrap_pyfunction!(key::save_proof, module)?)?;
    module.add_function(wrap_pyfunction!(model::inspect_onnx, module)?)?;
    module.add_function(wrap_pyfunction!(model::kind_of_file, module)?)
}

//! Every operator against another implementation: `tract-onnx`.

mod common;

use common::{cases::cases, compiled, max_error, samples};
use tract_onnx::prelude::*;
use zktorch_onnx::{FloatModel, FloatTensor, Options};

/// Runs a model in tract. `None` if tract does not know the model's operators in these versions.
fn tract(bytes: &[u8], model: &FloatModel, inputs: &[zktorch_onnx::Tensor]) -> TractResult<Vec<FloatTensor>> {
    let mut net = tract_onnx::onnx().model_for_read(&mut &bytes[..])?;
    for (index, (_, dims)) in model.inputs().iter().enumerate() {
        net.set_input_fact(index, f32::fact(dims.as_slice()).into())?;
    }
    let plan = net.into_typed()?.into_runnable()?;
    let tensor =
        |input: &FloatTensor| Tensor::from_shape(input.dims(), input.data()).map(|t| t.into_tvalue());
    let inputs: Vec<FloatTensor> = inputs.iter().map(|input| input.to_float()).collect();
    let outputs = plan.run(inputs.iter().map(tensor).collect::<TractResult<_>>()?)?;
    outputs
        .iter()
        .map(|output| {
            let data = output.as_slice::<f32>()?.to_vec();
            Ok(FloatTensor::new(output.shape().to_vec(), data)?)
        })
        .collect()
}

#[test]
fn both_semantics_agree_with_tract() {
    let mut failures = Vec::new();
    for case in cases() {
        let model = FloatModel::new(&case.bytes, &Options::default()).unwrap();
        let compiled = compiled(&case.bytes);
        for sample in samples(&case.bytes, 2, 5) {
            let other = match tract(&case.bytes, &model, &sample) {
                Ok(other) => other,
                Err(error) => {
                    failures.push(format!("{}: tract: {error:?}", case.name));
                    continue;
                }
            };
            let error = max_error(&model.run(&sample).unwrap(), &other);
            // Two orders of summation in 32 bits.
            if error > 1e-4 {
                failures.push(format!("{}: float error {error}", case.name));
            }
            let error = max_error(&compiled.run(&sample).unwrap(), &other);
            if error > case.tolerance + 1e-4 {
                failures.push(format!("{}: quantised error {error}", case.name));
            }
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}

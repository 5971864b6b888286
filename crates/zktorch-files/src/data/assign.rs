//! Which tensors of a file are which inputs of a model.

use super::tensor::Tensor;
use crate::Error;

/// An input of the model.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its extents; the first is the batch.
    pub dims: &'a [usize],
}

impl Wanted<'_> {
    /// How many samples a tensor of these extents holds: the extents of the input, or several times the first, or without a
    /// first one that is 1, or behind one that counts samples.
    fn samples(&self, dims: &[usize]) -> Option<usize> {
        if dims == self.dims {
            return Some(1);
        }
        let (count, others) = match (self.dims.split_first(), dims.split_first()) {
            (Some((1, rest)), _) if dims == rest => return Some(1),
            (_, Some((count, others))) if others == self.dims => return Some(*count),
            (_, parts) => parts?,
        };
        let (batch, rest) = self.dims.split_first()?;
        (others == rest && *batch > 0 && count % batch == 0).then(|| count / batch)
    }
}

/// For each sample in the data, the inputs of the model in their order, with exactly the extents that it wants.
///
/// A tensor belongs to the input of its name. If the model has one input and no tensor has its name, the only tensor with fitting
/// extents is taken (an archive may hold labels beside images). Tensors that no input wants are ignored.
///
/// # Errors
/// [`Error::Input`] if an input is missing or ambiguous, extents do not fit, or inputs hold different numbers of samples.
pub fn assign(tensors: &[Tensor], inputs: &[Wanted<'_>]) -> Result<Vec<Vec<Tensor>>, Error> {
    let mut samples: Vec<Vec<Tensor>> = Vec::new();
    for (index, input) in inputs.iter().enumerate() {
        let tensor = find(tensors, input, inputs.len() == 1)?;
        let refuse =
            |expected: String, got: String| Error::Input { input: input.name.to_owned(), expected, got };
        let Some(count) = input.samples(&tensor.dims) else {
            return Err(refuse(
                format!(
                    "dimensions {:?} (or several times the first, or an axis of samples before them)",
                    input.dims
                ),
                format!("{:?}", tensor.dims),
            ));
        };
        if index == 0 {
            samples.resize_with(count, Vec::new);
        } else if count != samples.len() {
            return Err(refuse(
                format!("{} samples like the inputs before", samples.len()),
                count.to_string(),
            ));
        }
        let len = tensor.values.len() / count.max(1);
        for (sample, values) in samples.iter_mut().zip(tensor.values.parts(len.max(1))) {
            sample.push(Tensor { name: Some(input.name.to_owned()), dims: input.dims.to_vec(), values });
        }
    }
    Ok(samples)
}

fn find<'a>(tensors: &'a [Tensor], input: &Wanted<'_>, only: bool) -> Result<&'a Tensor, Error> {
    let refuse = |expected: &str| {
        let got: Vec<String> = tensors
            .iter()
            .take(16)
            .map(|t| format!("{} {:?}", t.name.as_deref().unwrap_or("(unnamed)"), t.dims))
            .collect();
        Error::Input { input: input.name.to_owned(), expected: expected.to_owned(), got: got.join(", ") }
    };
    let mut named = tensors.iter().filter(|tensor| tensor.name.as_deref() == Some(input.name));
    match (named.next(), named.next()) {
        (Some(tensor), None) => return Ok(tensor),
        (Some(_), Some(_)) => return Err(refuse("one tensor of this name")),
        (None, _) if !only => return Err(refuse("a tensor of this name")),
        (None, _) => {}
    }
    if let [tensor] = tensors {
        return Ok(tensor); // fits, or is refused with its extents
    }
    let mut fitting = tensors.iter().filter(|tensor| input.samples(&tensor.dims).is_some());
    match (fitting.next(), fitting.next()) {
        (Some(tensor), None) => Ok(tensor),
        _ => Err(refuse(&format!("a tensor of this name, or exactly one with dimensions {:?}", input.dims))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensor(name: Option<&str>, dims: &[usize]) -> Tensor {
        let len = dims.iter().product::<usize>();
        let data: Vec<f32> = (0..len).map(|i| i as f32).collect();
        Tensor::new(name.map(str::to_owned), dims.to_vec(), data).unwrap()
    }

    #[test]
    fn one_input_takes_what_fits() {
        let image = Wanted { name: "image", dims: &[1, 2, 2] };
        for dims in [&[1, 2, 2][..], &[2, 2]] {
            let samples = assign(&[tensor(None, dims)], &[image]).unwrap();
            assert_eq!(samples.len(), 1);
            assert_eq!(samples[0][0].dims, [1, 2, 2]);
        }
        let archive = [tensor(Some("images"), &[3, 2, 2]), tensor(Some("labels"), &[3])];
        let samples = assign(&archive, &[image]).unwrap();
        assert_eq!(samples.len(), 3);
        assert_eq!(samples[2][0].floats(), [8.0, 9.0, 10.0, 11.0]);
        assert_eq!(samples[2][0].name.as_deref(), Some("image"));

        let two = [tensor(Some("a"), &[1, 2, 2]), tensor(Some("b"), &[1, 2, 2])];
        assert!(matches!(assign(&two, &[image]), Err(Error::Input { .. })));
        let named = [tensor(Some("a"), &[1, 2, 2]), tensor(Some("image"), &[2, 2, 2])];
        assert_eq!(assign(&named, &[image]).unwrap().len(), 2);
        let message = assign(&[tensor(None, &[4])], &[image]).unwrap_err().to_string();
        assert_eq!(
            message,
            "input image: expected dimensions [1, 2, 2] (or several times the first, or an axis of samples before them), got [4]"
        );
        assert!(assign(&[], &[image]).is_err());
    }

    #[test]
    fn an_axis_of_samples_may_come_first() {
        let count = |input: &[usize], dims: &[usize]| {
            assign(&[tensor(None, dims)], &[Wanted { name: "x", dims: input }])
                .map(|samples| samples.len())
                .ok()
        };
        assert_eq!(count(&[164], &[5, 164]), Some(5));
        assert_eq!(count(&[1, 164], &[5, 164]), Some(5));
        assert_eq!(count(&[1, 164], &[5, 1, 164]), Some(5));
        assert_eq!(count(&[2, 3], &[7, 2, 3]), Some(7));
        assert_eq!(count(&[3, 4, 4], &[1, 3, 4, 4]), Some(1));
        assert_eq!(count(&[], &[4]), Some(4));
        for (input, dims) in [(&[164][..], &[5, 163][..]), (&[2, 3], &[7, 3, 2]), (&[2, 3], &[1, 1, 2, 3])] {
            assert_eq!(count(input, dims), None, "{input:?} {dims:?}");
        }
        let samples = assign(&[tensor(None, &[2, 3])], &[Wanted { name: "x", dims: &[3] }]).unwrap();
        assert_eq!(samples[1][0].floats(), [3.0, 4.0, 5.0]);
        assert_eq!(samples[1][0].dims, [3]);
    }

    #[test]
    fn several_inputs_go_by_name_and_agree_in_number() {
        let inputs = [Wanted { name: "a", dims: &[1, 2] }, Wanted { name: "b", dims: &[2, 3] }];
        let data = [tensor(Some("b"), &[4, 3]), tensor(Some("a"), &[2, 2])];
        let samples = assign(&data, &inputs).unwrap();
        assert_eq!(samples.len(), 2);
        assert_eq!(samples[1][0].floats(), [2.0, 3.0]);
        assert_eq!(samples[1][1].floats(), [6.0, 7.0, 8.0, 9.0, 10.0, 11.0]);
        let bad = [tensor(Some("b"), &[2, 3]), tensor(Some("a"), &[2, 2])];
        assert!(assign(&bad, &inputs).unwrap_err().to_string().contains("2 samples"));
        assert!(assign(&data[..1], &inputs).unwrap_err().to_string().contains("input a"));
        assert!(assign(&[tensor(Some("b"), &[3, 3]), tensor(Some("a"), &[2, 2])], &inputs).is_err());
    }
}

//! A statement beside the key that it is about: what a verifier compares before it verifies anything.

use core::ops::Range;

use zktorch_commit::SrsId;
use zktorch_graph::PortInfo;
use zktorch_verifier::ModelId;

use crate::interface::Side;
use crate::statement::{Statement, StatementTensor, TensorValue};
use crate::{Bytes32, Error, Interface};

/// A port, what is expected of it, and what the statement says.
type Beside<'a> = (&'a PortInfo, &'a [f64], &'a [i32]);

impl Interface {
    /// The statement to verify, about as many inferences as the verifier expects, with its context; every field of the file is
    /// compared with the key or used. (Whoever proves would else decide that an output is a list of several ones.)
    ///
    /// # Errors
    /// [`Error::Statement`].
    pub fn check(
        &self,
        file: &Statement,
        inferences: u32,
        context: Vec<u8>,
    ) -> Result<zktorch_verifier::Statement, Error> {
        let differs = |what: &str, expected: String, got: String| Err(Error::statement(what, expected, got));
        if file.model_id.0 != self.model_id.0 {
            let (expected, got) = (self.model_id.to_string(), ModelId(file.model_id.0).to_string());
            return differs("model_id (wrong key?)", expected, got);
        }
        if file.srs_id.0 != self.srs_id.0 {
            let got = SrsId(file.srs_id.0).to_string();
            return differs("srs_id", self.srs_id.to_string(), got);
        }
        if file.inferences != inferences {
            return differs("inferences", inferences.to_string(), file.inferences.to_string());
        }
        let mut public = Vec::new();
        let mut private = [Vec::new(), Vec::new()];
        let sides = [
            ("inputs", self.inputs(), &self.commitments[0], &file.inputs),
            ("outputs", self.outputs(), &self.commitments[1], &file.outputs),
        ];
        for ((what, ports, places, tensors), private) in sides.into_iter().zip(&mut private) {
            if ports.len() != tensors.len() {
                return differs(what, ports.len().to_string(), tensors.len().to_string());
            }
            for ((port, place), tensor) in ports.iter().zip(places).zip(tensors) {
                check_tensor(what, port, file.inferences, tensor)?;
                let is_public = self.is_public(port);
                match &tensor.value {
                    TensorValue::Public(integers) if is_public => public.push(integers.clone()),
                    TensorValue::Private(commitments) if !is_public => {
                        let commitments: Vec<[u8; 32]> = commitments.iter().map(|bytes| bytes.0).collect();
                        if place.start > 0 {
                            // In shards every one has its own, in the order of the ports.
                            if private.len() != place.start || commitments.len() != place.len() {
                                let expected = format!("{} commitments", place.len());
                                return differs(&port.name, expected, commitments.len().to_string());
                            }
                            private.extend(commitments);
                            continue;
                        }
                        // Otherwise all private tensors of a side lie in the same chunks.
                        if !private.is_empty() && *private != commitments {
                            return differs(
                                what,
                                "the same commitments for all private tensors".to_owned(),
                                port.name.clone(),
                            );
                        }
                        *private = commitments;
                    }
                    _ => {
                        let expected = if is_public { "public" } else { "private" };
                        return differs(&port.name, expected.to_owned(), "the other visibility".to_owned());
                    }
                }
            }
        }
        let [private_inputs, private_outputs] = private;
        let model_id = self.model_id;
        Ok(zktorch_verifier::Statement {
            model_id,
            inferences,
            public,
            private_inputs,
            private_outputs,
            context,
        })
    }

    /// The statement as a file says it.
    ///
    /// # Errors
    /// [`Error::Statement`] if it is none of this model.
    pub fn state(&self, statement: &zktorch_verifier::Statement) -> Result<Statement, Error> {
        let missing = |port: &PortInfo, what: &str| Error::statement(&port.name, what, "none");
        let mut public = statement.public.iter();
        let several = statement.inferences != 1;
        let mut tensors = |side: usize, commitments: &[[u8; 32]]| -> Result<Vec<StatementTensor>, Error> {
            let ports = self.ports[side].iter().zip(&self.commitments[side]);
            let tensor = |(port, own): (&PortInfo, &Range<usize>)| {
                let value = if self.is_public(port) {
                    TensorValue::Public(public.next().cloned().ok_or_else(|| missing(port, "values"))?)
                } else {
                    // Those of a batch are of its own chunks, which hold all private tensors of a side.
                    let own = if several { 0..commitments.len() } else { own.clone() };
                    let own = commitments.get(own).filter(|own| !own.is_empty());
                    let own = own.ok_or_else(|| missing(port, "commitments"))?;
                    TensorValue::Private(own.iter().map(|bytes| Bytes32(*bytes)).collect())
                };
                let PortInfo { name, scale, zero, multiplier, .. } = port.clone();
                let dims = axes(port, statement.inferences);
                Ok(StatementTensor { name, dims, scale, zero, multiplier, value })
            };
            ports.map(tensor).collect()
        };
        Ok(Statement {
            model_id: Bytes32(statement.model_id.0),
            srs_id: Bytes32(self.srs_id.0),
            inferences: statement.inferences,
            inputs: tensors(0, &statement.private_inputs)?,
            outputs: tensors(1, &statement.private_outputs)?,
        })
    }

    /// Requires that the statement's public tensors of a side are these numbers, quantised. One list for each port.
    ///
    /// # Errors
    /// [`Error::Private`], [`Error::Entry`], [`Error::Expected`]; [`Error::Port`] if a number is none of the port's.
    pub fn demand_same(&self, side: Side, statement: &Statement, expected: &[Vec<f64>]) -> Result<(), Error> {
        for (port, expected, stated) in self.beside(side, statement, expected)? {
            let integers = port.quantise(expected.iter().copied(), self.graph.tensor(port.tensor).range)?;
            if let Some(index) = integers.iter().zip(stated).position(|(expected, got)| expected != got) {
                let (expected, got) = (integers[index], stated[index]);
                let (real, stated) = (port.real(expected), port.real(got));
                return Err(Error::Entry {
                    side,
                    port: port.name.clone(),
                    index,
                    expected,
                    real,
                    got,
                    stated,
                });
            }
        }
        Ok(())
    }

    /// Requires that the statement's public tensors of a side are about these numbers: no further than `tolerance`, or one step of
    /// the port's integers. The largest distance of every port, and how far it could have been.
    ///
    /// # Errors
    /// [`Error::Private`], [`Error::Distance`], [`Error::Expected`].
    pub fn demand_near(
        &self,
        side: Side,
        statement: &Statement,
        expected: &[Vec<f64>],
        tolerance: Option<f64>,
    ) -> Result<Vec<(f64, f64)>, Error> {
        let mut distances = Vec::new();
        for (port, expected, stated) in self.beside(side, statement, expected)? {
            let tolerance = tolerance.unwrap_or_else(|| port.step());
            let mut largest = 0f64;
            for (index, (expected, integer)) in expected.iter().copied().zip(stated).enumerate() {
                let got = port.real(*integer);
                let difference = (expected - got).abs();
                if difference > tolerance || difference.is_nan() {
                    let port = port.name.clone();
                    return Err(Error::Distance { side, port, index, expected, got, difference, tolerance });
                }
                largest = largest.max(difference);
            }
            distances.push((largest, tolerance));
        }
        Ok(distances)
    }

    /// Every port of a side, with as many entries expected as stated.
    fn beside<'a>(
        &'a self,
        side: Side,
        statement: &'a Statement,
        expected: &'a [Vec<f64>],
    ) -> Result<Vec<Beside<'a>>, Error> {
        let (ports, tensors) = (self.ports(side), statement.tensors(side));
        let other = |what: &str, wanted: usize, got: usize| {
            Err(Error::Expected { what: what.to_owned(), expected: wanted, got })
        };
        if expected.len() != ports.len() {
            return other(&format!("{side}s"), ports.len(), expected.len());
        }
        if tensors.len() != ports.len() {
            return other(&format!("{side}s of the statement"), ports.len(), tensors.len());
        }
        let mut all = Vec::with_capacity(ports.len());
        for ((port, expected), tensor) in ports.iter().zip(expected).zip(tensors) {
            let TensorValue::Public(stated) = &tensor.value else {
                return Err(Error::Private { side, port: port.name.clone() });
            };
            if expected.len() != stated.len() {
                return other(&format!("entries of {side} {}", port.name), stated.len(), expected.len());
            }
            all.push((port, expected.as_slice(), stated.as_slice()));
        }
        Ok(all)
    }
}

/// The extents of a port's tensor in a statement: of several inferences, with a first axis that counts them.
fn axes(port: &PortInfo, inferences: u32) -> Vec<usize> {
    let several = (inferences != 1).then_some(usize::try_from(inferences).unwrap_or(usize::MAX));
    several.into_iter().chain(port.dims.iter().copied()).collect()
}

fn check_tensor(what: &str, port: &PortInfo, inferences: u32, tensor: &StatementTensor) -> Result<(), Error> {
    let dims = axes(port, inferences);
    let expected = (&port.name, &dims, port.scale, port.zero, port.multiplier);
    let got = (&tensor.name, &tensor.dims, tensor.scale, tensor.zero, tensor.multiplier);
    if expected == got {
        return Ok(());
    }
    let show = |(name, dims, scale, zero, multiplier): (&String, &Vec<usize>, i32, i32, f64)| {
        let affine = match (zero, multiplier) {
            (0, 1.0) => String::new(),
            _ => format!(", zero {zero} and multiplier {multiplier}"),
        };
        format!("{name} {dims:?} with scale {scale}{affine}")
    };
    Err(Error::statement(what, show(expected), show(got)))
}

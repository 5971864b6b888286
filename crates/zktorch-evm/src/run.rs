//! A program, run here: what a contract does with the same bytes.

use ark_bn254::Fq2;
use ark_ec::pairing::Pairing as _;
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{Field, Zero};
use sha2::{Digest, Sha256};
use sha3::Keccak256;
use traced_field::tape::{Check, Node, Number, Operation};
use traced_hash::Kind;
use zktorch_field::{Bn254, Fq, G1Affine, G1Projective, G2Affine};

use crate::inputs::{Inputs, Word, point_of, read};
use crate::program::{Message, Piece, Place, Program, Source, big_endian};

fn g2(words: &[Word; 4]) -> Option<G2Affine> {
    let [x1, x0, y1, y0] = words.each_ref().map(read::<Fq>);
    Some(G2Affine::new_unchecked(Fq2::new(x0?, x1?), Fq2::new(y0?, y1?)))
}

struct Machine<'a> {
    program: &'a Program,
    inputs: &'a Inputs,
    scalars: Vec<Number>,
    values: Vec<Option<Number>>,
    digests: Vec<Option<Word>>,
    points: Vec<Option<G1Affine>>,
}

impl Program {
    /// Whether all checks hold: `false` for whatever a contract refuses.
    pub fn run(&self, inputs: &Inputs) -> bool {
        self.try_run(inputs).is_some()
    }

    fn try_run(&self, inputs: &Inputs) -> Option<()> {
        let lengths = inputs.points.len() == self.input_points
            && inputs.scalars.len() == self.input_scalars
            && inputs.publics.len() == self.publics.len();
        let in_range = self.publics.iter().zip(&inputs.publics).all(|(tensor, values)| {
            values.len() == tensor.len && values.iter().all(|value| tensor.range.contains(i64::from(*value)))
        });
        if !lengths || !in_range {
            return None;
        }
        let mut machine = Machine {
            program: self,
            inputs,
            scalars: inputs.scalars.iter().map(read).collect::<Option<_>>()?,
            values: vec![None; self.nodes.len()],
            digests: vec![None; self.messages.len()],
            points: vec![None; self.points.len()],
        };
        for words in &inputs.points {
            let _on_curve = point_of(words)?;
        }
        for check in &self.checks {
            let holds = match *check {
                Check::Equal(a, b) => machine.value(a)? == machine.value(b)?,
                Check::Nonzero(a) => !machine.value(a)?.is_zero(),
            };
            holds.then_some(())?;
        }
        let (left, quotient) = (machine.point(self.pairing.left)?, machine.point(self.pairing.quotient)?);
        let multiple = (quotient * machine.value(self.pairing.s)?).into_affine();
        let [one, high, low] = self.pairing.g2.each_ref().map(g2);
        let product = Bn254::multi_pairing([left, -quotient, multiple], [one?, high?, low?]);
        product.is_zero().then_some(())
    }
}

impl Machine<'_> {
    /// A value, with all that it needs. Operands come before results: nothing is asked for that was not computed but challenges,
    /// whose messages lead further back.
    fn value(&mut self, id: u32) -> Option<Number> {
        let mut todo = vec![id];
        while let Some(&id) = todo.last() {
            if self.values[id as usize].is_some() {
                todo.pop();
                continue;
            }
            let operands = match self.program.nodes[id as usize] {
                Node::Binary(_, a, b) => vec![a, b],
                Node::Inverse(a) => vec![a],
                _ => Vec::new(),
            };
            let missing: Vec<u32> =
                operands.into_iter().filter(|a| self.values[*a as usize].is_none()).collect();
            if missing.is_empty() {
                self.values[id as usize] = Some(self.compute(id)?);
                todo.pop();
            }
            todo.extend(missing);
        }
        self.values[id as usize]
    }

    fn compute(&mut self, id: u32) -> Option<Number> {
        let at = |machine: &Self, id: u32| machine.values[id as usize];
        Some(match self.program.nodes[id as usize] {
            Node::Number(number) => number,
            Node::Scalar(index) => self.scalars[index as usize],
            Node::Public(tensor, index) => Number::from(self.inputs.publics[tensor as usize][index as usize]),
            Node::Challenge(hash) => {
                let mut word = self.digest(hash)?;
                word[0] &= 0x1f;
                read(&word)?
            }
            Node::Binary(operation, a, b) => {
                let (a, b) = (at(self, a)?, at(self, b)?);
                match operation {
                    Operation::Add => a + b,
                    Operation::Sub => a - b,
                    Operation::Mul => a * b,
                }
            }
            Node::Inverse(a) => at(self, a)?.inverse()?,
        })
    }

    fn digest(&mut self, hash: u32) -> Option<Word> {
        if let Some(digest) = self.digests[hash as usize] {
            return Some(digest);
        }
        // Messages are in the order of their digests: earlier ones first, so that nothing is deep.
        for earlier in 0..=hash {
            if self.digests[earlier as usize].is_none() {
                let digest = self.hash(&self.program.messages[earlier as usize])?;
                self.digests[earlier as usize] = Some(digest);
            }
        }
        self.digests[hash as usize]
    }

    fn hash(&mut self, message: &Message) -> Option<Word> {
        let mut bytes = Vec::new();
        for piece in &message.pieces {
            match piece {
                Piece::Bytes(own) => bytes.extend(own),
                Piece::Scalar(id) => bytes.extend(big_endian(&self.value(*id)?)),
                Piece::ScalarLe(id) => bytes.extend(big_endian(&self.value(*id)?).into_iter().rev()),
                Piece::Point(place) => bytes.extend(self.words(*place)?.as_flattened()),
                Piece::Digest(hash) => bytes.extend(self.digests[*hash as usize]?),
                Piece::Public(tensor) => {
                    let values = self.inputs.publics[*tensor as usize].iter();
                    let values: Vec<u8> = values.flat_map(|value| value.to_le_bytes()).collect();
                    bytes.extend(<[u8; 32]>::from(Sha256::digest(&values)));
                }
                Piece::Context => bytes.extend(self.inputs.context),
            }
        }
        Some(match message.kind {
            Kind::Keccak256 => Keccak256::digest(&bytes).into(),
            Kind::Sha256 => Sha256::digest(&bytes).into(),
        })
    }

    fn words(&mut self, place: Place) -> Option<[Word; 2]> {
        if let Source::Input(index) = self.program.points[place as usize] {
            return self.inputs.points.get(index as usize).copied();
        }
        let point = self.point(place)?;
        Some(if point.is_zero() { Default::default() } else { [big_endian(&point.x), big_endian(&point.y)] })
    }

    fn point(&mut self, place: Place) -> Option<G1Affine> {
        if let Some(point) = self.points[place as usize] {
            return Some(point);
        }
        let program = self.program;
        let point = match &program.points[place as usize] {
            Source::Constant(words) => point_of(words)?,
            Source::Input(index) => point_of(&self.inputs.points[*index as usize])?,
            Source::Sum(terms) => {
                let mut sum = G1Projective::zero();
                for (place, scalar) in terms {
                    sum += self.point(*place)? * self.value(*scalar)?;
                }
                sum.into_affine()
            }
        };
        self.points[place as usize] = Some(point);
        Some(point)
    }
}

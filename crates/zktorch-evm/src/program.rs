//! The traced verifier as a program: only what the answer depends on, messages as their pieces, points as sums of inputs.

use std::collections::{BTreeMap, HashMap, HashSet};

use ark_ec::AffineRepr;
use ark_ff::{BigInteger, One, PrimeField, Zero};
use traced_field::tape::{Check, Node, Operation, Point, Tape};
use traced_field::{G1Affine, G2Affine};
use traced_hash::Kind;

use crate::EvmError;
use crate::trace::{CONTEXT, PublicTensor, Trace};

/// The name of a value.
pub type Value = u32;
/// The name of a digest.
pub type Hash = u32;
/// The name of a point.
pub type Place = u32;

/// What a message consists of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Bytes that are the same for all proofs.
    Bytes(Vec<u8>),
    /// A scalar, most significant byte first.
    Scalar(Value),
    /// A scalar, least significant byte first.
    ScalarLe(Value),
    /// x, then y.
    Point(Place),
    /// A digest.
    Digest(Hash),
    /// SHA-256 of the values of a public tensor.
    Public(u32),
    /// The caller's context.
    Context,
}

/// A message and how it is hashed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The hash.
    pub kind: Kind,
    /// What is hashed.
    pub pieces: Vec<Piece>,
}

/// A point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The same for all proofs: x and y, big-endian.
    Constant([[u8; 32]; 2]),
    /// An input.
    Input(u32),
    /// A sum of multiples of constants, inputs and earlier sums.
    Sum(Vec<(Place, Value)>),
}

/// `e(left, g2_0) e(-quotient, g2_1) e(s quotient, g2_2) = 1`.
#[derive(Clone, Debug)]
pub struct Pairing {
    /// A sum.
    pub left: Place,
    /// An input.
    pub quotient: Place,
    /// s
    pub s: Value,
    /// Points of G2 as the precompile reads them: x1, x0, y1, y0, big-endian.
    pub g2: [[[u8; 32]; 4]; 3],
}

/// A straight-line program: all checks have to hold.
#[derive(Debug)]
pub struct Program {
    /// Values; operands come before results.
    pub nodes: Vec<Node>,
    /// Messages; digests in them come before.
    pub messages: Vec<Message>,
    /// Points.
    pub points: Vec<Source>,
    /// Checks of values.
    pub checks: Vec<Check>,
    /// The last check.
    pub pairing: Pairing,
    /// Public tensors.
    pub publics: Vec<PublicTensor>,
    /// How many points are given, those of private tensors first.
    pub input_points: usize,
    /// How many of these are of private tensors.
    pub private_points: usize,
    /// How many scalars are given.
    pub input_scalars: usize,
}

/// 32 bytes, most significant first.
pub(crate) fn big_endian<F: PrimeField>(x: &F) -> [u8; 32] {
    let bytes = x.into_bigint().to_bytes_be();
    let mut word = [0; 32];
    word[32 - bytes.len().min(32)..].copy_from_slice(&bytes[bytes.len().saturating_sub(32)..]);
    word
}

struct Builder {
    tape: Tape,
    publics: Vec<PublicTensor>,
    names: HashMap<Node, Value>,
    /// Points by x and y.
    places: HashMap<[[u8; 32]; 2], Place>,
    messages: Vec<Message>,
    digests: HashMap<[u8; 32], Option<Hash>>,
    /// The messages of challenges.
    challenges: Vec<Option<Hash>>,
    /// Points that have to be computed.
    wanted: HashSet<u32>,
}

impl Program {
    /// Of a trace.
    ///
    /// # Errors
    /// [`EvmError::Program`] if the trace is none of a verifier that this crate knows how to run.
    pub(crate) fn new(trace: Trace) -> Result<Self, EvmError> {
        let Trace { tape, publics, points: input_points, private_points, scalars: input_scalars } = trace;
        let [opening] = tape.openings.as_slice() else {
            return Err(EvmError::Program { what: "a verifier that opens once" });
        };
        let opening = opening.clone();
        let names = (0u32..).zip(&tape.nodes).map(|(id, node)| (*node, id)).collect();
        let places = tape
            .places()
            .filter_map(|(point, id)| point.xy().map(|(x, y)| ([big_endian(&x), big_endian(&y)], id)))
            .collect();
        let mut builder = Builder {
            tape,
            publics,
            names,
            places,
            messages: Vec::new(),
            digests: HashMap::new(),
            challenges: Vec::new(),
            wanted: HashSet::from([opening.left, opening.quotient]),
        };
        for challenge in builder.tape.challenges.clone() {
            let message = builder.message(&challenge)?;
            builder.challenges.push(message);
        }
        let points = builder.points()?;
        let empty =
            |id: &u32| matches!(points.get(*id as usize), Some(Source::Sum(terms)) if terms.is_empty());
        if builder.wanted.iter().any(empty) {
            return Err(EvmError::Program { what: "sums of at least one term" });
        }
        if let Some(unused) = unused_input(&points, input_points) {
            return Err(EvmError::UnusedPoint { index: unused });
        }
        let nodes = builder.nodes()?;
        let g2 = opening.g2.map(|point| g2_words(&point));
        Ok(Self {
            nodes,
            messages: builder.messages,
            points,
            checks: builder.tape.checks,
            pairing: Pairing { left: opening.left, quotient: opening.quotient, s: opening.s, g2 },
            publics: builder.publics,
            input_points,
            private_points,
            input_scalars,
        })
    }
}

impl Program {
    /// How many words a contract is given.
    pub fn words(&self) -> usize {
        let publics: usize = self.publics.iter().map(PublicTensor::words).sum();
        1 + 2 * self.input_points + self.input_scalars + publics
    }
}

/// A point that is in no sum: nothing would see that it is on the curve.
fn unused_input(points: &[Source], inputs: usize) -> Option<u32> {
    let summed: HashSet<Place> = points
        .iter()
        .flat_map(|point| match point {
            Source::Sum(terms) => terms.iter().map(|(place, _)| *place).collect(),
            Source::Constant(_) | Source::Input(_) => Vec::new(),
        })
        .collect();
    let seen: HashSet<u32> = summed
        .iter()
        .filter_map(|place| match points.get(*place as usize) {
            Some(Source::Input(index)) => Some(*index),
            _ => None,
        })
        .collect();
    (0..inputs as u32).find(|index| !seen.contains(index))
}

fn g2_words(point: &G2Affine) -> [[u8; 32]; 4] {
    let (x, y) = point.xy().unwrap_or_default();
    [x.c1, x.c0, y.c1, y.c0].map(|c| big_endian(&c))
}

impl Builder {
    /// The message that has this digest; none if it is the same for all proofs.
    fn message(&mut self, digest: &[u8; 32]) -> Result<Option<Hash>, EvmError> {
        if let Some(known) = self.digests.get(digest) {
            return Ok(*known);
        }
        let Some((kind, bytes)) = traced_hash::preimage(digest) else {
            self.digests.insert(*digest, None);
            return Ok(None);
        };
        let pieces = match kind {
            Kind::Keccak256 => self.words(&bytes)?,
            Kind::Sha256 => little_endian_pieces(&bytes),
        };
        let message = if pieces.iter().all(|piece| matches!(piece, Piece::Bytes(_))) {
            None
        } else {
            self.messages.push(Message { kind, pieces });
            Some(self.messages.len() as Hash - 1)
        };
        self.digests.insert(*digest, message);
        Ok(message)
    }

    /// The pieces of a message in words.
    fn words(&mut self, bytes: &[u8]) -> Result<Vec<Piece>, EvmError> {
        let (words, rest) = bytes.as_chunks::<32>();
        let mut pieces = Vec::new();
        let mut at = 0;
        while let Some(word) = words.get(at) {
            at += 1;
            let known = words.get(at).and_then(|next| self.places.get(&[*word, *next])).copied();
            let piece = if let Some(id) = scalar_of(word) {
                Piece::Scalar(id)
            } else if *word == CONTEXT {
                Piece::Context
            } else if let Some(tensor) = self.publics.iter().position(|tensor| tensor.placeholder == *word) {
                Piece::Public(tensor as u32)
            } else if let Some(id) = known
                && !matches!(self.tape.points.get(id as usize), Some(Point::Constant(_)))
            {
                at += 1;
                self.wanted.insert(id);
                Piece::Point(id)
            } else if let Some(hash) = self.message(word)? {
                Piece::Digest(hash)
            } else {
                Piece::Bytes(word.to_vec())
            };
            push(&mut pieces, piece);
        }
        if !rest.is_empty() {
            push(&mut pieces, Piece::Bytes(rest.to_vec()));
        }
        Ok(pieces)
    }

    /// All points, those that are wanted as sums of inputs, constants and wanted ones.
    fn points(&mut self) -> Result<Vec<Source>, EvmError> {
        let count = self.tape.points.len();
        let mut sources = Vec::with_capacity(count);
        for id in 0..count as u32 {
            sources.push(match self.tape.points[id as usize].clone() {
                Point::Constant(point) => Source::Constant(words_of(&point)),
                Point::Input(index) => Source::Input(index),
                Point::Sum(terms) if self.wanted.contains(&id) => {
                    let mut sum = BTreeMap::new();
                    for (place, scalar) in terms {
                        self.flatten(place, scalar, &mut sum);
                    }
                    Source::Sum(sum.into_iter().collect())
                }
                Point::Sum(_) => Source::Sum(Vec::new()),
            });
        }
        Ok(sources)
    }

    fn flatten(&mut self, place: Place, scalar: Value, sum: &mut BTreeMap<Place, Value>) {
        match self.tape.points.get(place as usize).cloned() {
            Some(Point::Sum(terms)) if !self.wanted.contains(&place) => {
                for (inner, factor) in terms {
                    let product = self.binary(Operation::Mul, scalar, factor);
                    self.flatten(inner, product, sum);
                }
            }
            _ => {
                let total = match sum.get(&place) {
                    Some(before) => self.binary(Operation::Add, *before, scalar),
                    None => scalar,
                };
                sum.insert(place, total);
            }
        }
    }

    fn binary(&mut self, operation: Operation, a: Value, b: Value) -> Value {
        let number = |id: Value, tape: &Tape| match tape.nodes.get(id as usize) {
            Some(Node::Number(number)) => Some(*number),
            _ => None,
        };
        let (x, y) = (number(a, &self.tape), number(b, &self.tape));
        match (operation, x, y) {
            (Operation::Mul, Some(x), _) if x.is_one() => return b,
            (Operation::Mul, _, Some(y)) if y.is_one() => return a,
            (Operation::Add, Some(x), _) if x.is_zero() => return b,
            (Operation::Add, _, Some(y)) if y.is_zero() => return a,
            (Operation::Mul, Some(x), Some(y)) => return self.node(Node::Number(x * y)),
            (Operation::Add, Some(x), Some(y)) => return self.node(Node::Number(x + y)),
            _ => {}
        }
        self.node(Node::Binary(operation, a.min(b), a.max(b)))
    }

    fn node(&mut self, node: Node) -> Value {
        *self.names.entry(node).or_insert_with(|| {
            self.tape.nodes.push(node);
            self.tape.nodes.len() as Value - 1
        })
    }

    /// The values, challenges by their messages.
    fn nodes(&mut self) -> Result<Vec<Node>, EvmError> {
        let mut nodes = std::mem::take(&mut self.tape.nodes);
        for node in &mut nodes {
            if let Node::Challenge(index) = node {
                let message = self.challenges.get(*index as usize).copied().flatten();
                *index = message.ok_or(EvmError::Program { what: "challenges that depend on the proof" })?;
            }
        }
        Ok(nodes)
    }
}

fn words_of(point: &G1Affine) -> [[u8; 32]; 2] {
    point.xy().map(|(x, y)| [big_endian(&x), big_endian(&y)]).unwrap_or_default()
}

fn push(pieces: &mut Vec<Piece>, piece: Piece) {
    match (pieces.last_mut(), piece) {
        (Some(Piece::Bytes(before)), Piece::Bytes(bytes)) => before.extend(bytes),
        (_, piece) => pieces.push(piece),
    }
}

/// The value that a word names.
fn scalar_of(word: &[u8; 32]) -> Option<Value> {
    let (limbs, _) = word.as_chunks::<8>();
    match limbs {
        [
            [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            [0, 0, 0, 0, 0, 0, 0, 0],
            [0, 0, 0, 0, 0, 0, 0, 0],
            id,
        ] => Value::try_from(u64::from_be_bytes(*id)).ok(),
        _ => None,
    }
}

/// The pieces of a message in bytes, with scalars that begin with their least significant byte anywhere.
fn little_endian_pieces(bytes: &[u8]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = bytes;
    while let Some((first, after)) = rest.split_first() {
        let word = rest.first_chunk::<32>().map(|word| {
            let mut word = *word;
            word.reverse();
            word
        });
        if let Some(id) = word.as_ref().and_then(scalar_of) {
            push(&mut pieces, Piece::ScalarLe(id));
            rest = &rest[32..];
        } else {
            push(&mut pieces, Piece::Bytes(vec![*first]));
            rest = after;
        }
    }
    pieces
}

impl Program {
    /// The values that something else than a value is made of, as often as it is.
    pub(crate) fn roots(&self) -> Vec<Value> {
        let mut roots = vec![self.pairing.s];
        for check in &self.checks {
            match *check {
                Check::Equal(a, b) => roots.extend([a, b]),
                Check::Nonzero(a) => roots.push(a),
            }
        }
        for point in &self.points {
            if let Source::Sum(terms) = point {
                roots.extend(terms.iter().map(|(_, scalar)| *scalar));
            }
        }
        for message in &self.messages {
            roots.extend(message.pieces.iter().filter_map(|piece| match piece {
                Piece::Scalar(value) | Piece::ScalarLe(value) => Some(*value),
                _ => None,
            }));
        }
        roots
    }
}

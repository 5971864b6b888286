//! What a traced verifier computes: values in single assignment, points, checks.
//!
//! A tape belongs to a thread. Between [`start`] and [`finish`] every operation on a name adds a value, unless there is one like it.
//! A point of G1 that stands for something is a point of the curve that was drawn for it, known by its coordinates: an input, or a
//! sum of multiples. The sum of two of these is found when it is asked for.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::panic::Location;

use ark_ec::{AffineRepr, CurveGroup, PrimeGroup};
use ark_ff::{AdditiveGroup, BigInt, Field, One, PrimeField, Zero};
use zktorch_traced_hash as hash;

use crate::scalar::{self, Value, named};
use crate::{Element, Fr, G1Affine, G1Projective};

/// The name of a value: its place on the tape.
pub type Id = u32;
/// The name of a point.
pub type PointId = u32;
/// A number.
pub type Number = ark_bn254::Fr;

/// An operation on two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// a + b
    Add,
    /// a - b
    Sub,
    /// a b
    Mul,
}

/// How a value comes about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Node {
    /// A number.
    Number(Number),
    /// A scalar of the proof.
    Scalar(u32),
    /// An integer of a public tensor: number of the tensor, index.
    Public(u32, u32),
    /// The low 253 bits of a digest: an index into [`Tape::challenges`].
    Challenge(u32),
    /// Of two earlier values.
    Binary(Operation, Id, Id),
    /// 1 / a, of one that is checked not to be zero.
    Inverse(Id),
}

/// What a point stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Point {
    /// Itself.
    Constant(G1Affine),
    /// A point of the statement or the proof.
    Input(u32),
    /// Multiples of earlier points.
    Sum(Vec<(PointId, Id)>),
}

/// What has to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// a = b
    Equal(Id, Id),
    /// a is not zero.
    Nonzero(Id),
}

/// `e(left, g2_0) = e(quotient, g2_1 - s g2_2)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// left
    pub left: PointId,
    /// quotient
    pub quotient: PointId,
    /// s
    pub s: Id,
    /// The three points, each `[x0, x1, y0, y1]`.
    pub g2: [crate::G2Affine; 3],
}

/// Why a verifier cannot be traced.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Untraceable {
    /// A point was absorbed or added up that is neither an input nor a sum of what is known.
    #[error("a point is used that the tape does not know")]
    UnknownPoint,
    /// A value was asked for where only numbers will do.
    #[error("a value is used where the program would have to depend on it: {what}")]
    Branch {
        /// Where.
        what: &'static str,
    },
    /// A value was compared with another one, or with a number.
    #[error(
        "a value is compared in {file}, line {line}, where nothing records the answer: ask `zktorch_field::decide` there"
    )]
    Compared {
        /// The source file.
        file: &'static str,
        /// The line.
        line: u32,
    },
    /// More values than names.
    #[error("more values than a tape holds")]
    TooLong,
    /// Nothing is traced.
    #[error("no tape was started on this thread")]
    NoTape,
}

/// All of it.
#[derive(Debug, Default)]
pub struct Tape {
    /// Values.
    pub nodes: Vec<Node>,
    /// Points.
    pub points: Vec<Point>,
    /// Digests of challenges.
    pub challenges: Vec<[u8; 32]>,
    /// Checks, in their order.
    pub checks: Vec<Check>,
    /// Openings.
    pub openings: Vec<Opening>,
    names: HashMap<Node, Id>,
    places: HashMap<[u64; 8], PointId>,
    /// Where points lie, by their names.
    coordinates: Vec<G1Affine>,
    publics: HashMap<u32, (u32, usize)>,
    seed: [u8; 32],
    drawn: u64,
    problem: Option<Untraceable>,
    blind: bool,
    /// Answers to [`alike`]: given, or to be given again on a blind tape.
    answers: VecDeque<bool>,
    /// A digest of everything that was asked of the tape.
    course: hash::Sha256,
}

thread_local! {
    static TAPE: RefCell<Option<Tape>> = const { RefCell::new(None) };
}

/// Starts a tape on this thread, and remembers what is hashed. Points are drawn from the seed, which is a digest of all points that
/// the verifier knows: nobody could choose one of these to be one that is drawn.
pub fn start(seed: [u8; 32]) {
    hash::start();
    begin(Tape { seed, ..Tape::default() });
}

/// Starts a *blind* tape: all values have one name, so that any two of them are equal. A verifier that takes the same
/// [course](Tape::course) with and without does not depend on whether values are equal, but where it asked: there it is told on the
/// blind tape what it was told on the `other`. What was hashed for the other one is still remembered.
pub fn start_blind(other: &Tape) {
    begin(Tape { seed: other.seed, blind: true, answers: other.answers.clone(), ..Tape::default() });
}

fn begin(tape: Tape) {
    TAPE.with(|place| *place.borrow_mut() = Some(tape));
}

/// Ends the tape of this thread. What was hashed is remembered until [`zktorch_traced_hash::stop`].
///
/// # Errors
/// The first reason why the program would not be the verifier.
pub fn finish() -> Result<Tape, Untraceable> {
    let tape = TAPE.with(|tape| tape.borrow_mut().take()).ok_or(Untraceable::NoTape)?;
    match tape.problem {
        Some(problem) => Err(problem),
        None => Ok(tape),
    }
}

/// With the tape of this thread, if there is one.
fn with<T>(f: impl FnOnce(&mut Tape) -> T) -> Option<T> {
    TAPE.with(|tape| tape.borrow_mut().as_mut().map(f))
}

/// The `index`-th scalar of the proof.
pub fn scalar(index: u32) -> Fr {
    with(|tape| tape.name(Node::Scalar(index))).unwrap_or_default()
}

/// A point that stands for the `index`-th point of statement and proof.
pub fn input(index: u32) -> G1Affine {
    with(|tape| tape.draw(Point::Input(index))).unwrap_or_default()
}

/// Says that a point stands for itself.
pub fn constant(point: &G1Affine) {
    with(|tape| tape.register(point, Point::Constant(*point)));
}

/// Says that a tensor's values are inputs: its name in the graph, its number among the public tensors, how many values it has.
pub fn public(tensor: u32, number: u32, len: usize) {
    with(|tape| tape.publics.insert(tensor, (number, len)));
}

pub(crate) fn public_values(tensor: u32) -> Option<Vec<Fr>> {
    with(|tape| {
        let (number, len) = *tape.publics.get(&tensor)?;
        Some((0..len as u32).map(|index| tape.name(Node::Public(number, index))).collect())
    })?
}

pub(crate) fn binary(operation: Operation, a: Value, b: Value) -> Fr {
    with(|tape| tape.binary(operation, a, b)).unwrap_or_default()
}

pub(crate) fn inverse(a: Id) -> Fr {
    with(|tape| {
        tape.took(32);
        // Whatever is divided by is not zero: also where the verifier knows that without asking.
        if !tape.checks.contains(&Check::Nonzero(a)) {
            tape.checks.push(Check::Nonzero(a));
        }
        tape.name(Node::Inverse(a))
    })
    .unwrap_or_default()
}

/// The challenge of a digest, if these are the low 253 bits of one.
pub(crate) fn challenge(limbs: &[u64; 4]) -> Option<Fr> {
    let mut masked = [0; 32];
    for (bytes, limb) in masked.rchunks_mut(8).zip(limbs) {
        bytes.copy_from_slice(&limb.to_be_bytes());
    }
    let digest = hash::unmasked(&masked)?;
    with(|tape| {
        tape.took(35);
        let index = tape.challenges.iter().position(|known| *known == digest).unwrap_or_else(|| {
            tape.challenges.push(digest);
            tape.challenges.len() - 1
        });
        tape.name(Node::Challenge(index as u32))
    })
}

/// `scalar base` as a point of its own; `None` where nothing is traced.
pub(crate) fn multiple(base: &G1Projective, scalar: &[u64]) -> Option<G1Projective> {
    let mut limbs = [0; 4];
    limbs.iter_mut().zip(scalar).for_each(|(limb, s)| *limb = *s);
    let scalar = match scalar::limbs_name(&limbs) {
        Some(id) => named(id),
        None => scalar::number(Number::from_bigint(BigInt(limbs))?),
    };
    combination(&[base.into_affine()], &[scalar])
}

pub(crate) fn double_and_add(base: &G1Projective, scalar: &[u64]) -> G1Projective {
    let bits = scalar.iter().rev().flat_map(|limb| (0..64).rev().map(move |bit| limb >> bit & 1 == 1));
    bits.fold(G1Projective::zero(), |sum, bit| {
        let double = sum + sum;
        if bit { double + base } else { double }
    })
}

/// `sum_i scalars[i] points[i]` as a point of its own; `None` where nothing is traced.
pub(crate) fn combination(points: &[G1Affine], scalars: &[Fr]) -> Option<G1Projective> {
    with(|tape| {
        tape.took(36);
        let mut terms = Vec::with_capacity(points.len());
        for (point, scalar) in points.iter().zip(scalars) {
            if point.is_zero() || scalar::is_zero(scalar) {
                continue;
            }
            let (point, scalar) = (tape.place(point), tape.id(scalar::value(scalar)));
            terms.push((point, scalar));
        }
        tape.draw(Point::Sum(terms)).into_group()
    })
}

pub(crate) fn check_equal(a: &Fr, b: &Fr) -> bool {
    match (scalar::value(a), scalar::value(b)) {
        (Value::Number(a), Value::Number(b)) => a == b,
        (a, b) => with(|tape| {
            tape.took(33);
            let check = Check::Equal(tape.id(a), tape.id(b));
            tape.checks.push(check);
        })
        .is_some(),
    }
}

pub(crate) fn check_nonzero(a: &Fr) -> bool {
    match scalar::value(a) {
        Value::Number(a) => !a.is_zero(),
        Value::Name(id) => with(|tape| {
            tape.took(34);
            tape.checks.push(Check::Nonzero(id));
        })
        .is_some(),
    }
}

pub(crate) fn alike(a: &Fr, b: &Fr) -> bool {
    let (a, b) = (scalar::value(a), scalar::value(b));
    let same = match (a, b) {
        (Value::Number(a), Value::Number(b)) => return a == b,
        (Value::Name(a), Value::Name(b)) => a == b,
        _ => false,
    };
    let answer = with(|tape| {
        tape.took(38);
        if tape.blind {
            return tape.answers.pop_front().unwrap_or(same);
        }
        tape.answers.push_back(same);
        same
    });
    answer.unwrap_or(same)
}

/// That a point which is absorbed is one of the tape's.
pub(crate) fn absorbed(point: &G1Affine) {
    if !point.is_zero() {
        with(|tape| tape.place(point));
    }
}

pub(crate) fn check_opening(left: &G1Affine, quotient: &G1Affine, s: &Fr, g2: [crate::G2Affine; 3]) -> bool {
    with(|tape| {
        tape.took(37);
        let opening = Opening {
            left: tape.place(left),
            quotient: tape.place(quotient),
            s: tape.id(scalar::value(s)),
            g2,
        };
        tape.openings.push(opening);
    })
    .is_some()
}

/// That a value was compared: ends the trace, but outside of one names are limbs like others.
pub(crate) fn compared(place: &'static Location<'static>) {
    with(|tape| tape.fail(Untraceable::Compared { file: place.file(), line: place.line() }));
}

/// That the program cannot be one.
pub(crate) fn branch(what: &'static str) {
    with(|tape| tape.fail(Untraceable::Branch { what }));
}

impl Tape {
    /// The point with these coordinates, canonical limbs of x and y in Montgomery form.
    pub fn point_at(&self, point: &G1Affine) -> Option<PointId> {
        self.places.get(&place_of(point)).copied()
    }

    /// All points with their names.
    pub fn places(&self) -> impl Iterator<Item = (G1Affine, PointId)> {
        self.coordinates.iter().copied().zip(0..)
    }

    /// A digest of the operations and checks that a verifier asked for, without their operands.
    pub fn course(&self) -> [u8; 32] {
        hash::Digest::finalize(self.course.clone()).into()
    }

    fn took(&mut self, step: u8) {
        hash::Digest::update(&mut self.course, [step]);
    }

    fn fail(&mut self, problem: Untraceable) {
        self.problem.get_or_insert(problem);
    }

    fn name(&mut self, node: Node) -> Fr {
        let id = self.node(node);
        named(if self.blind { 0 } else { id })
    }

    fn node(&mut self, node: Node) -> Id {
        if let Some(id) = self.names.get(&node) {
            return *id;
        }
        let Ok(id) = Id::try_from(self.nodes.len()) else {
            self.fail(Untraceable::TooLong);
            return 0;
        };
        self.nodes.push(node);
        self.names.insert(node, id);
        id
    }

    fn id(&mut self, value: Value) -> Id {
        match value {
            Value::Name(id) => id,
            Value::Number(number) => self.node(Node::Number(number)),
        }
    }

    fn binary(&mut self, operation: Operation, a: Value, b: Value) -> Fr {
        let known = |value: &Value| u8::from(matches!(value, Value::Number(_)));
        self.took(operation as u8 + 4 * known(&a) + 8 * known(&b));
        let is = |value: &Value, number: Number| matches!(value, Value::Number(n) if *n == number);
        let (zero, one) = (Number::ZERO, Number::ONE);
        let (a, b) = match operation {
            Operation::Add if is(&a, zero) => return self.fr(b),
            Operation::Add | Operation::Sub if is(&b, zero) => return self.fr(a),
            Operation::Mul if is(&a, one) => return self.fr(b),
            Operation::Mul if is(&b, one) => return self.fr(a),
            Operation::Mul if is(&a, zero) || is(&b, zero) => return Fr::ZERO,
            _ => (self.id(a), self.id(b)),
        };
        let (a, b) = if operation == Operation::Sub { (a, b) } else { (a.min(b), a.max(b)) };
        self.name(Node::Binary(operation, a, b))
    }

    fn fr(&mut self, value: Value) -> Fr {
        match value {
            Value::Name(id) => named(id),
            Value::Number(number) => scalar::number(number),
        }
    }

    /// A point of the curve that stands for `what`.
    fn draw(&mut self, what: Point) -> G1Affine {
        self.drawn += 1;
        let seed = hash::Sha256::default();
        let seed = hash::Digest::chain_update(seed, self.seed);
        let digest = hash::Digest::chain_update(seed, self.drawn.to_be_bytes());
        let scalar = Number::from_be_bytes_mod_order(&hash::Digest::finalize(digest));
        let point = double_and_add(&G1Projective::generator(), &scalar.into_bigint().0).into_affine();
        if self.point_at(&point).is_some() {
            self.fail(Untraceable::Branch { what: "a point that is known already" });
        }
        self.register(&point, what);
        point
    }

    fn register(&mut self, point: &G1Affine, what: Point) -> PointId {
        if let Some(id) = self.places.get(&place_of(point)) {
            return *id;
        }
        let id = self.points.len() as PointId;
        self.points.push(what);
        self.coordinates.push(*point);
        self.places.insert(place_of(point), id);
        id
    }

    /// The name of a point: one that has it, or the sum or difference of two that have.
    fn place(&mut self, point: &G1Affine) -> PointId {
        if let Some(id) = self.point_at(point) {
            return id;
        }
        let known: Vec<(G1Affine, PointId)> = self.places().collect();
        let one = self.node(Node::Number(Number::one()));
        let minus = self.node(Node::Number(-Number::one()));
        for (summand, id) in known {
            for (rest, sign) in [(*point - summand, one), (*point + summand, minus)] {
                if let Some(other) = self.point_at(&rest.into_affine()) {
                    return self.register(point, Point::Sum(vec![(other, one), (id, sign)]));
                }
            }
        }
        self.fail(Untraceable::UnknownPoint);
        0
    }
}

fn place_of(point: &G1Affine) -> [u64; 8] {
    let mut place = [0; 8];
    if let Some((x, y)) = point.xy() {
        place[..4].copy_from_slice(x.limbs());
        place[4..].copy_from_slice(y.limbs());
    }
    place
}

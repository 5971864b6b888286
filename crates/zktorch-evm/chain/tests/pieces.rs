//! Pieces of a program alone, on a chain: what in a whole proof a hash would refuse, too, is refused by the check that is there for it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use traced_field::tape::{Check, Node, Number, Operation};
use zktorch_evm::PublicTensor;
use zktorch_evm::contract::{TRANSACTION_CAP, creation};
use zktorch_evm::program::{Pairing, Program, Source};
use zktorch_evm_chain::models::{Case, Network};
use zktorch_evm_chain::primitives::{Address, U256, hex};
use zktorch_evm_chain::{Answer, Chain};
use zktorch_graph::{Interval, Visibility};

const USER: Address = Address::repeat_byte(0x11);
const ORDER: &str = "30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001";

fn order() -> U256 {
    U256::from_be_slice(&hex::decode(ORDER).unwrap())
}

/// A program whose one point is infinity, so that its pairing holds.
struct Piece {
    case: Case,
    chain: Chain,
}

impl Piece {
    fn new() -> Self {
        Self { case: Case::new(Network::DigitsMlp, Visibility::Private).unwrap(), chain: Chain::default() }
    }

    fn program(
        &self,
        scalars: usize,
        nodes: Vec<Node>,
        checks: Vec<Check>,
        publics: Vec<PublicTensor>,
    ) -> Program {
        let mut all: Vec<Node> = (0..scalars as u32).map(Node::Scalar).collect();
        all.extend(nodes);
        let s = all.len() as u32;
        all.push(Node::Number(Number::from(3u64)));
        Program {
            nodes: all,
            messages: Vec::new(),
            points: vec![Source::Input(0)],
            checks,
            pairing: Pairing { left: 0, quotient: 0, s, g2: self.case.program.pairing.g2 },
            publics,
            input_points: 1,
            private_points: 0,
            input_scalars: scalars,
        }
    }

    fn call(&mut self, program: &Program, scalars: &[U256], publics: &[u8]) -> Answer {
        let [code] = &program.segments().unwrap().codes[..] else { panic!("more than one segment") };
        let (address, _) = self.chain.create(USER, creation(code).unwrap(), 0).unwrap();
        // Four words for multiples of the order, the context, a point; then these.
        let mut data = vec![0; 32 * 4 + 32 + 64];
        scalars.iter().for_each(|scalar| data.extend(scalar.to_be_bytes::<32>()));
        data.extend(publics);
        self.chain.call(USER, address, data, TRANSACTION_CAP).unwrap()
    }

    fn accepts(&mut self, program: &Program, scalars: &[U256], publics: &[u8]) -> bool {
        self.call(program, scalars, publics).accepted()
    }
}

#[test]
fn scalars_are_canonical() {
    let mut piece = Piece::new();
    let program = piece.program(3, Vec::new(), Vec::new(), Vec::new());
    let small = [U256::from(5), U256::ZERO, order() - U256::from(1)];
    assert!(piece.accepts(&program, &small, &[]));
    for index in 0..3 {
        for wrong in [order(), order() + U256::from(5), U256::MAX] {
            let mut scalars = small;
            scalars[index] = wrong;
            assert!(!piece.accepts(&program, &scalars, &[]), "scalar {index}: {wrong}");
        }
    }
}

#[test]
fn public_values_are_in_their_ranges() {
    let mut piece = Piece::new();
    for range in
        [Interval::new(-5, 7), Interval::new(3, 9), Interval::new(i32::MIN, i32::MAX), Interval::new(-8, -2)]
    {
        let mut tensor = piece.case.contract.publics[0].clone();
        (tensor.len, tensor.range) = (9, range);
        let program = piece.program(0, Vec::new(), Vec::new(), vec![tensor]);
        let word = |values: [i32; 9]| -> Vec<u8> {
            let mut bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
            bytes.resize(64, 0);
            bytes
        };
        for value in [range.lo, range.hi] {
            assert!(piece.accepts(&program, &[], &word([value; 9])), "{range:?}");
        }
        for at in 0..9 {
            for wrong in [range.lo.checked_sub(1), range.hi.checked_add(1), Some(i32::MIN), Some(i32::MAX)] {
                let Some(wrong) = wrong.filter(|wrong| *wrong < range.lo || *wrong > range.hi) else {
                    continue;
                };
                let mut values = [range.lo; 9];
                values[at] = wrong;
                assert!(!piece.accepts(&program, &[], &word(values)), "{range:?}: {wrong} at {at}");
            }
        }
        for byte in 36..64 {
            let mut bytes = word([range.hi; 9]);
            bytes[byte] = 1;
            assert!(!piece.accepts(&program, &[], &bytes), "{range:?}: byte {byte}");
        }
    }
}

/// Sums and differences that are reduced late, at the ends of what scalars may be.
#[test]
fn late_reductions_are_right() {
    let mut piece = Piece::new();
    let (add, sub, mul) = (Operation::Add, Operation::Sub, Operation::Mul);
    // Scalars 0, 1, 2; left = 0 - 1 - 2 - 0 - 1 + 2 + 0, right = -2 * 1, and what is between is read twice.
    let node = |operation, a, b| Node::Binary(operation, a, b);
    let nodes = vec![
        node(sub, 0, 1),   // 3
        node(sub, 3, 2),   // 4
        node(sub, 4, 0),   // 5
        node(sub, 5, 1),   // 6
        node(add, 6, 2),   // 7
        node(add, 7, 0),   // 8: 0 - 2 * 1
        node(add, 1, 1),   // 9
        node(sub, 0, 9),   // 10: the same
        node(mul, 8, 4),   // 11
        node(mul, 10, 4),  // 12: the same
        node(add, 4, 4),   // 13
        node(sub, 8, 13),  // 14
        node(sub, 10, 13), // 15: the same
    ];
    let checks = vec![Check::Equal(8, 10), Check::Equal(11, 12), Check::Equal(14, 15)];
    let program = piece.program(3, nodes.clone(), checks, Vec::new());
    let most = order() - U256::from(1);
    let ends = [U256::ZERO, U256::from(1), most];
    for a in ends {
        for b in ends {
            for c in ends {
                assert!(piece.accepts(&program, &[a, b, c], &[]), "{a}, {b}, {c}");
            }
        }
    }
    // One that does not hold, for all but b = 0.
    let wrong = piece.program(3, nodes.clone(), vec![Check::Equal(8, 0)], Vec::new());
    assert!(piece.accepts(&wrong, &[most, U256::ZERO, most], &[]));
    assert!(!piece.accepts(&wrong, &[most, U256::from(1), most], &[]));
    // A difference that is zero by a multiple of the order.
    let nonzero = piece.program(3, nodes, vec![Check::Nonzero(4)], Vec::new());
    assert!(piece.accepts(&nonzero, &[U256::from(2), U256::from(1), most], &[]));
    assert!(!piece.accepts(&nonzero, &[U256::from(1), U256::from(2), most], &[]));
    assert!(!piece.accepts(&nonzero, &[U256::ZERO, U256::from(1), most], &[]));
}

/// A sum with a point off the curve, and one whose last term only is that.
#[test]
fn points_are_on_the_curve() {
    let mut piece = Piece::new();
    let mut program = piece.program(1, Vec::new(), Vec::new(), Vec::new());
    program.input_points = 3;
    program.points =
        vec![Source::Input(0), Source::Input(1), Source::Input(2), Source::Sum(vec![(1, 0), (2, 0)])];
    program.pairing.left = 3;
    let [code] = &program.segments().unwrap().codes[..] else { panic!("more than one segment") };
    let address = piece.chain.create(USER, creation(code).unwrap(), 0).unwrap().0;
    let mut accepts = |points: [[u64; 2]; 2]| {
        let mut data = vec![0; 32 * 4 + 32 + 64];
        let words = points.into_iter().flatten().chain([0]);
        words.for_each(|word| data.extend(U256::from(word).to_be_bytes::<32>()));
        piece.chain.call(USER, address, data, TRANSACTION_CAP).unwrap().accepted()
    };
    // Times zero all points are infinity.
    assert!(accepts([[0, 0], [0, 0]]) && accepts([[1, 2], [1, 2]]));
    assert!(!accepts([[1, 3], [1, 2]]) && !accepts([[1, 2], [1, 3]]) && !accepts([[1, 2], [0, 1]]));
}

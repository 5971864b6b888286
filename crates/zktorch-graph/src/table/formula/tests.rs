use proptest::prelude::*;

use super::*;
use crate::{Function, Interval, Table};

const UNARY: [Unary; 26] = [
    Unary::Neg,
    Unary::Abs,
    Unary::Sign,
    Unary::Floor,
    Unary::Ceil,
    Unary::Round,
    Unary::Trunc,
    Unary::Sqrt,
    Unary::Exp,
    Unary::Log,
    Unary::Sin,
    Unary::Cos,
    Unary::Tan,
    Unary::Asin,
    Unary::Acos,
    Unary::Atan,
    Unary::Sinh,
    Unary::Cosh,
    Unary::Tanh,
    Unary::Asinh,
    Unary::Acosh,
    Unary::Atanh,
    Unary::Erf,
    Unary::Sigmoid,
    Unary::Softplus,
    Unary::IsZero,
];
const BINARY: [Binary; 10] = [
    Binary::Add,
    Binary::Sub,
    Binary::Mul,
    Binary::Div,
    Binary::Min,
    Binary::Max,
    Binary::Pow,
    Binary::Rem,
    Binary::Less,
    Binary::Equal,
];
/// Numbers that are special somewhere.
const NUMBERS: [f64; 16] = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    2.5,
    -3.75,
    1e-300,
    5e-324,
    1e300,
    -1e300,
    65_536.0,
    f64::MAX,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::NAN,
];

fn instruction() -> impl Strategy<Value = Instruction> {
    prop_oneof![
        Just(Instruction::Argument),
        proptest::sample::select(&NUMBERS[..]).prop_map(|x| Instruction::Constant(x.to_bits())),
        any::<u64>().prop_map(Instruction::Constant),
        proptest::sample::select(&UNARY[..]).prop_map(Instruction::Unary),
        proptest::sample::select(&BINARY[..]).prop_map(Instruction::Binary),
        Just(Instruction::Select),
    ]
}

/// A formula as the tree that its program builds.
#[derive(Clone, Debug)]
enum Tree {
    Leaf(Instruction),
    Node(Instruction, Vec<Tree>),
}

/// Reads one subtree off the end of a program: the definition of postfix notation, from the other side.
fn parse(program: &mut &[Instruction]) -> Option<Tree> {
    let (last, rest) = program.split_last()?;
    *program = rest;
    let count = match last {
        Instruction::Argument | Instruction::Constant(_) => return Some(Tree::Leaf(*last)),
        Instruction::Unary(_) => 1,
        Instruction::Binary(_) => 2,
        Instruction::Select => 3,
    };
    let mut operands = (0..count).map(|_| parse(program)).collect::<Option<Vec<Tree>>>()?;
    operands.reverse();
    Some(Tree::Node(*last, operands))
}

impl Tree {
    fn of(formula: &Formula) -> Option<Self> {
        let mut program = formula.0.as_slice();
        parse(&mut program).filter(|_| program.is_empty() && formula.0.len() <= 64)
    }

    fn eval(&self, x: f64) -> f64 {
        match self {
            Self::Leaf(Instruction::Constant(bits)) => f64::from_bits(*bits),
            Self::Leaf(_) => x,
            Self::Node(instruction, operands) => {
                let values: Vec<f64> = operands.iter().map(|operand| operand.eval(x)).collect();
                match (instruction, values.as_slice()) {
                    (Instruction::Unary(function), [a]) => function.eval(*a),
                    (Instruction::Binary(function), [a, b]) => function.eval(*a, *b),
                    (_, [c, a, b]) => [*a, *b][usize::from(*c == 0.0)],
                    other => panic!("{other:?}"),
                }
            }
        }
    }

    fn show(&self) -> String {
        let lower = |name: &dyn std::fmt::Debug| format!("{name:?}").to_lowercase();
        match self {
            Self::Leaf(Instruction::Constant(bits)) => f64::from_bits(*bits).to_string(),
            Self::Leaf(_) => "x".to_owned(),
            Self::Node(instruction, operands) => {
                let shown: Vec<String> = operands.iter().map(Self::show).collect();
                match instruction {
                    Instruction::Unary(function) => format!("{}({})", lower(function), shown[0]),
                    Instruction::Binary(function) => {
                        let infix = [
                            (Binary::Add, "+"),
                            (Binary::Sub, "-"),
                            (Binary::Mul, "*"),
                            (Binary::Div, "/"),
                            (Binary::Less, "<"),
                            (Binary::Equal, "="),
                        ];
                        match infix.iter().find(|(other, _)| other == function) {
                            Some((_, sign)) => format!("({} {sign} {})", shown[0], shown[1]),
                            None => format!("{}({}, {})", lower(function), shown[0], shown[1]),
                        }
                    }
                    _ => format!("({} ? {} : {})", shown[0], shown[1], shown[2]),
                }
            }
        }
    }
}

/// Equal, whatever NaN it is: no table depends on a NaN's bits.
fn same(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    /// Valid exactly if it is one tree, and then it computes and says what the tree does.
    #[test]
    fn programs_are_trees(program in proptest::collection::vec(instruction(), 0..12), x in -9.0..9.0f64) {
        let formula = Formula(program);
        let tree = Tree::of(&formula);
        prop_assert_eq!(formula.is_valid(), tree.is_some());
        let _shown = formula.to_string();
        match tree {
            None => prop_assert!(formula.eval(x).is_nan()),
            Some(tree) => {
                for x in NUMBERS.into_iter().chain([x]) {
                    prop_assert!(same(formula.eval(x), tree.eval(x)), "{} at {}", formula, x);
                }
                prop_assert_eq!(formula.to_string(), tree.show());
            }
        }
    }

    /// Trees grown by the builders are valid; a formula of a formula is the composition.
    #[test]
    fn builders_compose(a in 0..26usize, b in 0..10usize, c in 0..26usize, x in -9.0..9.0f64) {
        let inner = Formula::argument().then(UNARY[a]).with(BINARY[b], Formula::argument());
        let outer = Formula::argument().select(Formula::argument().then(UNARY[c]), Formula::constant(0.25));
        let both = outer.of(&inner);
        prop_assert!(inner.is_valid() && outer.is_valid() && both.is_valid());
        prop_assert!(same(both.eval(x), outer.eval(inner.eval(x))));
        prop_assert!(both.cost() >= inner.cost() + outer.cost() - 4);
    }
}

#[test]
fn lengths_are_limited() {
    let chain = |len: usize| (1..len).fold(Formula::argument(), |formula, _| formula.then(Unary::Neg));
    assert!(chain(64).is_valid() && chain(64).eval(3.0) == -3.0);
    assert!(!chain(65).is_valid() && !Formula(Vec::new()).is_valid());
}

/// Every table value is between the bounds, whatever the formula gives.
#[test]
fn tables_are_clamped() {
    for value in NUMBERS {
        for (lo, hi) in [(-5, 5), (3, 7), (i32::MIN, i32::MAX), (-7, -3)] {
            let function = Function::Formula {
                formula: Formula::argument().with_constant(Binary::Mul, value),
                input_scale: -64,
                output_scale: 64,
                lo,
                hi,
            };
            let table = Table { function, domain: Interval::new(-2, 2) };
            let Interval { lo: low, hi: high } = table.image();
            assert!(lo <= low && high <= hi, "{value}: [{low}, {high}]");
            if value.is_nan() {
                assert_eq!((low, high), (0.max(lo).min(hi), 0.max(lo).min(hi)));
            }
        }
    }
}

/// A table's range is that of all its values, not that of its ends.
#[test]
fn images_of_formulas_that_are_not_monotone() {
    let table = |formula, domain| {
        let (input_scale, output_scale, lo, hi) = (4, 4, -(1 << 16), (1 << 16) - 1);
        Table { function: Function::Formula { formula, input_scale, output_scale, lo, hi }, domain }
    };
    let domain = Interval::new(-100, 100);
    assert_eq!(table(Formula::argument().then(Unary::Sin), domain).image(), Interval::new(-16, 16));
    assert_eq!(table(Formula::argument().then(Unary::IsZero), domain).image(), Interval::new(0, 16));
    // x sigmoid(x) is least (-0.278) at -1.28.
    let silu = Formula::argument().then(Unary::Sigmoid).with(Binary::Mul, Formula::argument());
    assert_eq!(table(silu, domain).image(), Interval::new(-4, 100));
}

/// FNV-1a of all values.
fn digest(values: &[i32]) -> u64 {
    let bytes = values.iter().flat_map(|value| value.to_le_bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The same integers on every machine, and from every version of libm: a table is a function of the key.
#[test]
fn golden_tables() {
    let digests = |s: i32, t: i32| -> u64 {
        let unary = UNARY.iter().map(|function| Formula::argument().then(*function));
        let binary = BINARY.iter().map(|function| Formula::argument().with_constant(*function, 1.75));
        let values = unary.chain(binary).flat_map(|formula| {
            let (lo, hi) = (-(1 << 16), (1 << 16) - 1);
            let function = Function::Formula { formula, input_scale: s, output_scale: t, lo, hi };
            Table { function, domain: Interval::I16 }.values()
        });
        digest(&values.collect::<Vec<i32>>())
    };
    let gelu = Formula::argument()
        .with_constant(Binary::Mul, std::f64::consts::FRAC_1_SQRT_2)
        .then(Unary::Erf)
        .with_constant(Binary::Add, 1.0)
        .with(Binary::Mul, Formula::argument().with_constant(Binary::Mul, 0.5));
    assert_eq!(gelu.to_string(), "((erf((x * 0.7071067811865476)) + 1) * (x * 0.5))");
    let function =
        Function::Formula { formula: gelu, input_scale: 12, output_scale: 12, lo: -4096, hi: 32767 };
    let gelu = Table { function, domain: Interval::I16 }.values();
    // 4096 GELU(-1), GELU(0), GELU(1), from 50 digits: -649.868, 0, 3446.132.
    assert_eq!([gelu[32768 - 4096], gelu[32768], gelu[32768 + 4096]], [-650, 0, 3446]);
    assert_eq!(
        (digests(12, 12), digests(4, 15), digest(&gelu)),
        (0x2b8f_21c1_de7f_3610, 0x798c_1c49_7c85_8cb0, 0x7f66_e559_7c6a_e5ee)
    );
}

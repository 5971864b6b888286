//! Formulas: functions of one real number that a key states and everybody evaluates alike.
//!
//! A formula is a program for a stack of f64 numbers. Its operations are IEEE 754's exactly rounded ones and those of the
//! `libm` crate, which is made of these alone: the same bits on every machine, also on wasm32.

use core::fmt;

use serde::{Deserialize, Serialize};

/// Most instructions of a formula.
pub const MAX_FORMULA: usize = 64;

/// One instruction: pops its operands, the last one first, and pushes the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Instruction {
    /// The argument x.
    Argument,
    /// A number, by its bits ([`f64::to_bits`]).
    Constant(u64),
    /// A function of one number.
    Unary(Unary),
    /// A function of two numbers a, b; b is on top.
    Binary(Binary),
    /// `c, a, b -> if c != 0 { a } else { b }`.
    Select,
}

/// Functions of one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names are the functions'")]
pub enum Unary {
    Neg,
    Abs,
    /// -1, 0 or 1.
    Sign,
    Floor,
    Ceil,
    /// To the nearest integer, ties to even.
    Round,
    /// Towards zero.
    Trunc,
    Sqrt,
    Exp,
    Log,
    Sin,
    Cos,
    Tan,
    Asin,
    Acos,
    Atan,
    Sinh,
    Cosh,
    Tanh,
    Asinh,
    Acosh,
    Atanh,
    Erf,
    /// `1 / (1 + exp(-x))`.
    Sigmoid,
    /// `log(1 + exp(x))`.
    Softplus,
    /// 1 where x = 0, else 0.
    IsZero,
}

/// Functions of two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names are the functions'")]
pub enum Binary {
    Add,
    Sub,
    Mul,
    Div,
    Min,
    Max,
    Pow,
    /// Remainder with the sign of a.
    Rem,
    /// 1 where a < b, else 0.
    Less,
    /// 1 where a = b, else 0.
    Equal,
}

impl Instruction {
    /// Nanoseconds, about, that it takes at most.
    fn cost(self) -> u64 {
        match self {
            Self::Argument | Self::Constant(_) | Self::Select => 2,
            Self::Unary(function) => match function {
                Unary::Neg | Unary::Abs | Unary::Sign | Unary::IsZero => 2,
                Unary::Floor | Unary::Ceil | Unary::Round | Unary::Trunc => 8,
                // Of large arguments, which are reduced by pi with many digits.
                Unary::Sin | Unary::Cos | Unary::Tan => 256,
                _ => 128,
            },
            Self::Binary(function) => match function {
                Binary::Pow | Binary::Rem => 128,
                _ => 4,
            },
        }
    }
}

impl Unary {
    /// The function.
    pub fn eval(self, x: f64) -> f64 {
        match self {
            Self::Neg => -x,
            Self::Abs => x.abs(),
            Self::Sign if x > 0.0 => 1.0,
            Self::Sign if x < 0.0 => -1.0,
            Self::Sign => 0.0,
            Self::Floor => libm::floor(x),
            Self::Ceil => libm::ceil(x),
            Self::Round => libm::rint(x),
            Self::Trunc => libm::trunc(x),
            Self::Sqrt => libm::sqrt(x),
            Self::Exp => libm::exp(x),
            Self::Log => libm::log(x),
            Self::Sin => libm::sin(x),
            Self::Cos => libm::cos(x),
            Self::Tan => libm::tan(x),
            Self::Asin => libm::asin(x),
            Self::Acos => libm::acos(x),
            Self::Atan => libm::atan(x),
            Self::Sinh => libm::sinh(x),
            Self::Cosh => libm::cosh(x),
            Self::Tanh => libm::tanh(x),
            Self::Asinh => libm::asinh(x),
            Self::Acosh => libm::acosh(x),
            Self::Atanh => libm::atanh(x),
            Self::Erf => libm::erf(x),
            Self::Sigmoid => 1.0 / (1.0 + libm::exp(-x)),
            Self::Softplus => Binary::Max.eval(x, 0.0) + libm::log1p(libm::exp(-x.abs())),
            Self::IsZero => f64::from(u8::from(x == 0.0)),
        }
    }
}

impl Binary {
    /// The function.
    pub fn eval(self, a: f64, b: f64) -> f64 {
        match self {
            Self::Add => a + b,
            Self::Sub => a - b,
            Self::Mul => a * b,
            Self::Div => a / b,
            // Not f64::min: which zero that returns is not specified.
            Self::Min => {
                if b < a {
                    b
                } else {
                    a
                }
            }
            Self::Max => {
                if b > a {
                    b
                } else {
                    a
                }
            }
            Self::Pow => libm::pow(a, b),
            Self::Rem => libm::fmod(a, b),
            Self::Less => f64::from(u8::from(a < b)),
            Self::Equal => f64::from(u8::from(a == b)),
        }
    }
}

/// A function of one real number: a program that leaves exactly one number on the stack.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Formula(pub Vec<Instruction>);

impl Formula {
    /// x itself.
    pub fn argument() -> Self {
        Self(vec![Instruction::Argument])
    }

    /// A constant function.
    pub fn constant(value: f64) -> Self {
        Self(vec![Instruction::Constant(value.to_bits())])
    }

    /// `function(self)`.
    #[must_use]
    pub fn then(mut self, function: Unary) -> Self {
        self.0.push(Instruction::Unary(function));
        self
    }

    /// `function(self, other)`.
    #[must_use]
    pub fn with(mut self, function: Binary, other: Self) -> Self {
        self.0.extend(other.0);
        self.0.push(Instruction::Binary(function));
        self
    }

    /// `function(self, value)`.
    #[must_use]
    pub fn with_constant(self, function: Binary, value: f64) -> Self {
        self.with(function, Self::constant(value))
    }

    /// `if self != 0 { a } else { b }`.
    #[must_use]
    pub fn select(mut self, a: Self, b: Self) -> Self {
        self.0.extend(a.0);
        self.0.extend(b.0);
        self.0.push(Instruction::Select);
        self
    }

    /// `self(inner(x))`: the argument replaced by a formula.
    #[must_use]
    pub fn of(&self, inner: &Self) -> Self {
        let replace = |instruction: &Instruction| match instruction {
            Instruction::Argument => inner.0.clone(),
            other => vec![*other],
        };
        Self(self.0.iter().flat_map(replace).collect())
    }

    /// Whether the program has at most [`MAX_FORMULA`] instructions, never pops an empty stack and leaves one number.
    pub fn is_valid(&self) -> bool {
        let depth = self.0.iter().try_fold(0usize, |depth, instruction| {
            let (pops, pushes) = match instruction {
                Instruction::Argument | Instruction::Constant(_) => (0, 1),
                Instruction::Unary(_) => (1, 1),
                Instruction::Binary(_) => (2, 1),
                Instruction::Select => (3, 1),
            };
            Some(depth.checked_sub(pops)? + pushes)
        });
        self.0.len() <= MAX_FORMULA && depth == Some(1)
    }

    /// Nanoseconds, about, that one evaluation takes: an upper bound for whatever arguments.
    pub fn cost(&self) -> u64 {
        self.0.iter().map(|instruction| instruction.cost()).sum()
    }

    /// f(x). NaN for a program that is not valid.
    pub fn eval(&self, x: f64) -> f64 {
        let mut stack = [f64::NAN; MAX_FORMULA];
        let mut depth = 0usize;
        for instruction in self.0.iter().take(MAX_FORMULA) {
            let (pops, value) = match instruction {
                Instruction::Argument => (0, x),
                Instruction::Constant(bits) => (0, f64::from_bits(*bits)),
                Instruction::Unary(function) if depth >= 1 => (1, function.eval(stack[depth - 1])),
                Instruction::Binary(function) if depth >= 2 => {
                    (2, function.eval(stack[depth - 2], stack[depth - 1]))
                }
                Instruction::Select if depth >= 3 => {
                    (3, if stack[depth - 3] != 0.0 { stack[depth - 2] } else { stack[depth - 1] })
                }
                _ => return f64::NAN,
            };
            depth -= pops;
            stack[depth] = value;
            depth += 1;
        }
        if depth == 1 { stack[0] } else { f64::NAN }
    }
}

/// As an expression, fully parenthesised: `tanh((x * 0.5))`.
impl fmt::Display for Formula {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut stack: Vec<String> = Vec::new();
        for instruction in &self.0 {
            let mut pop = || stack.pop().unwrap_or_else(|| "?".to_owned());
            let text = match instruction {
                Instruction::Argument => "x".to_owned(),
                Instruction::Constant(bits) => f64::from_bits(*bits).to_string(),
                Instruction::Unary(function) => {
                    format!("{}({})", format!("{function:?}").to_lowercase(), pop())
                }
                Instruction::Binary(function) => {
                    let (b, a) = (pop(), pop());
                    let name = format!("{function:?}").to_lowercase();
                    match function {
                        Binary::Add => format!("({a} + {b})"),
                        Binary::Sub => format!("({a} - {b})"),
                        Binary::Mul => format!("({a} * {b})"),
                        Binary::Div => format!("({a} / {b})"),
                        Binary::Less => format!("({a} < {b})"),
                        Binary::Equal => format!("({a} = {b})"),
                        _ => format!("{name}({a}, {b})"),
                    }
                }
                Instruction::Select => {
                    let (b, a, c) = (pop(), pop(), pop());
                    format!("({c} ? {a} : {b})")
                }
            };
            stack.push(text);
        }
        f.write_str(stack.last().map_or("?", String::as_str))
    }
}

#[cfg(test)]
mod tests;

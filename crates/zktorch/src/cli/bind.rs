//! `--bind`: inputs whose values are part of the model.

use std::path::PathBuf;
use std::str::FromStr;

use crate::Error;

/// An input and the file that holds its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bind {
    /// The input's name in the model.
    pub name: String,
    /// Data of one tensor.
    pub path: PathBuf,
}

impl FromStr for Bind {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text.split_once('=') {
            Some((name, path)) if !name.is_empty() && !path.is_empty() => {
                Ok(Self { name: name.to_owned(), path: path.into() })
            }
            _ => Err(Error::Argument {
                argument: "--bind".to_owned(),
                expected: "NAME=FILE".to_owned(),
                got: format!("{text:?}"),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_end_at_the_first_sign() {
        let bind: Bind = "sr=a=b.npy".parse().unwrap();
        assert_eq!((bind.name.as_str(), bind.path), ("sr", PathBuf::from("a=b.npy")));
        for text in ["", "sr", "=x.npy", "sr="] {
            assert!(text.parse::<Bind>().is_err(), "{text:?}");
        }
    }
}

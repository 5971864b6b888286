//! `--dim NAME=VALUE`: extents of dynamic axes.

use std::collections::BTreeMap;
use std::str::FromStr;

use crate::Error;

const ARGUMENT: &str = "--dim";

/// The extent of one dynamic axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dim {
    /// The axis's name in the model, or `INPUT:AXIS` if it has none.
    pub name: String,
    /// Its extent, at least 1.
    pub extent: usize,
}

impl FromStr for Dim {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let refuse = || Error::Argument {
            argument: ARGUMENT.to_owned(),
            expected: "NAME=VALUE with a whole number of at least 1".to_owned(),
            got: format!("{text:?}"),
        };
        // Names may hold anything: the extent is behind the last sign.
        let (name, extent) = text.rsplit_once('=').ok_or_else(refuse)?;
        let digits = !extent.is_empty() && extent.bytes().all(|byte| byte.is_ascii_digit());
        match extent.parse() {
            Ok(extent) if digits && extent >= 1 && !name.is_empty() => {
                Ok(Self { name: name.to_owned(), extent })
            }
            _ => Err(refuse()),
        }
    }
}

impl Dim {
    /// The extents by name.
    ///
    /// # Errors
    /// [`Error::Argument`] if a name occurs twice.
    pub fn all(dims: &[Self]) -> Result<BTreeMap<String, usize>, Error> {
        let mut extents = BTreeMap::new();
        for Self { name, extent } in dims {
            if extents.insert(name.clone(), *extent).is_some() {
                return Err(Error::Argument {
                    argument: ARGUMENT.to_owned(),
                    expected: "each name once".to_owned(),
                    got: format!("{name:?} twice"),
                });
            }
        }
        Ok(extents)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_extents() {
        let dim = |text: &str| text.parse::<Dim>().map(|dim| (dim.name, dim.extent));
        assert_eq!(dim("batch=4").unwrap(), ("batch".to_owned(), 4));
        assert_eq!(dim("x:1=20").unwrap(), ("x:1".to_owned(), 20));
        assert_eq!(dim("a=b=3").unwrap(), ("a=b".to_owned(), 3));
        for bad in ["", "x", "=3", "x=", "x=0", "x=-1", "x=+1", "x=1.5", "x= 3", "x=99999999999999999999"] {
            let message = dim(bad).unwrap_err().to_string();
            assert!(message.starts_with("--dim: expected NAME=VALUE"), "{bad}: {message}");
        }
        let all =
            |names: &[&str]| Dim::all(&names.iter().map(|name| name.parse().unwrap()).collect::<Vec<_>>());
        assert_eq!(all(&["a=1", "b=2"]).unwrap().len(), 2);
        assert_eq!(
            all(&["a=1", "b=2", "a=1"]).unwrap_err().to_string(),
            "--dim: expected each name once, got \"a\" twice"
        );
    }
}

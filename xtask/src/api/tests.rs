use std::fs;

use super::{first_difference, of_crate};

/// A crate of these files, listed: without the first two lines.
fn listed(files: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let text = of_crate("some", &folder.path().join("lib.rs")).unwrap();
    text.split_once("\n\n").unwrap().1.to_owned()
}

#[test]
fn each_item_stands_once_and_where_others_find_it() {
    let lib =
        "mod a; pub mod b; pub use a::{Alpha, inner::deep as deeper}; pub use b::Beta; pub use std::fmt;";
    let a =
        "pub struct Alpha; pub(crate) struct Private; pub mod inner { pub fn deep() {} pub fn unseen() {} }";
    let b = "pub struct Beta; pub const B: u8 = 3; pub use super::Alpha as First;";
    let listing = listed(&[("lib.rs", lib), ("a.rs", a), ("b.rs", b)]);
    let expected = "\
pub struct Alpha;
pub struct Beta;
pub fn deeper() {}
pub use std::fmt;
pub mod b {
    pub const B: u8 = 3;
    pub use crate::Beta;
    pub use crate::Alpha as First;
}
";
    assert_eq!(listing, expected);
}

#[test]
fn what_others_cannot_see_is_left_out() {
    let lib = r#"
        //! Page.
        /// A point.
        #[derive(Debug, Clone)]
        #[non_exhaustive]
        pub struct Point { /// Across.
            pub x: u8, y: u8 }
        pub struct Pair(pub u8, u16);
        #[derive(Error)]
        pub enum Error { #[error("text")] Io(#[from] std::io::Error) }
        impl Point {
            /// Makes one.
            pub const fn new(mut x: u8, (y, _): (u8, u8)) -> Self { Self { x, y } }
            fn hidden(&self) {}
        }
        impl Point { fn alone(&self) {} }
        pub trait Shape { const N: usize; type Of; fn area(&self) -> u8; fn twice(&self) -> u8 { 2 * self.area() } }
        impl Shape for Point { const N: usize = 1; type Of = u8; fn area(&self) -> u8 { 0 } }
        impl<'a> From<&'a [u8]> for Point { fn from(_: &'a [u8]) -> Self { todo!() } }
        mod sealed { pub trait Sealed {} }
        impl sealed::Sealed for Point {}
        struct Private;
        impl Clone for Private { fn clone(&self) -> Self { Private } }
        #[cfg(test)]
        mod tests;
        fn helper() {}
    "#;
    let listing = listed(&[("lib.rs", lib)]);
    assert!(listing.contains("/// With private fields.\npub struct Pair(pub u8, _);\n"), "{listing}");
    assert!(listing.contains("Io(#[from] std::io::Error)"), "{listing}");
    assert!(listing.contains("#[derive(Debug, Clone)]\n#[non_exhaustive]\n"), "{listing}");
    assert!(listing.contains("pub struct Point {\n    pub x: u8,\n}\n"), "{listing}");
    assert!(listing.contains("    pub const fn new(x: u8, _: (u8, u8)) -> Self {}\n"), "{listing}");
    assert!(listing.contains("    fn area(&self) -> u8;\n    fn twice(&self) -> u8 {}\n"), "{listing}");
    assert!(
        listing.contains("impl Shape for Point {\n    const N: usize = 1;\n    type Of = u8;\n}\n"),
        "{listing}"
    );
    assert!(listing.contains("impl<'a> From<&'a [u8]> for Point {}\n"), "{listing}");
    for unseen in ["Makes", "Across", "text", "hidden", "alone", "Sealed", "Private", "helper", "todo"] {
        assert!(!listing.contains(unseen), "{unseen}:\n{listing}");
    }
}

#[test]
fn what_macros_implement_is_named() {
    let lib = "
        pub trait Shape {}
        macro_rules! shape { ($t:ty) => { impl Shape for $t { } }; }
        macro_rules! private { ($t:ty) => { pub(crate) fn f(_: $t) {} }; }
        shape!(u8);
        private!(u8);
    ";
    let listing = listed(&[("lib.rs", lib)]);
    assert!(listing.contains("/// impl Shape for $ t\nshape!(u8);\n"), "{listing}");
    assert!(!listing.contains("private"), "{listing}");
}

#[test]
fn names_that_import_themselves_end() {
    let lib = "mod a; pub use self::a; pub use a::b::b; pub use a::none;";
    let a = "pub mod b { pub fn b() {} } pub use super::a::none; pub use super::*;";
    let listing = listed(&[("lib.rs", lib), ("a.rs", a)]);
    assert!(listing.contains("pub fn b() {}"), "{listing}");
}

#[test]
fn the_first_difference_is_told() {
    let change = |old: &str, new: &str| {
        first_difference("f".into(), old, new).map(|change| (change.line, change.listed, change.found))
    };
    assert_eq!(change("a\nb\n", "a\nb\n"), None);
    assert_eq!(change("a\nb\n", "a\nc\n"), Some((2, Some("b".into()), Some("c".into()))));
    assert_eq!(change("a\n", "a\nc\n"), Some((2, None, Some("c".into()))));
    assert_eq!(change("", "a\n"), Some((1, None, Some("a".into()))));
}

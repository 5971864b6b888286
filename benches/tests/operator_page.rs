//! The page about operators is what would be written.
#![allow(clippy::unwrap_used, reason = "an error is a failure")]

use std::fs;

use benches::operators::{PAGE, RESULTS, encode, kept, page, root};

#[test]
fn the_page_is_up_to_date() {
    let root = root();
    let results = kept(&root).unwrap();
    assert_eq!(fs::read_to_string(root.join(RESULTS)).unwrap(), encode(&results).unwrap(), "{RESULTS}");
    let (there, wanted) = (fs::read_to_string(root.join(PAGE)).unwrap(), page(&root, &results).unwrap());
    if let Some((number, (is, should))) =
        there.lines().zip(wanted.lines()).enumerate().find(|(_, (is, should))| is != should)
    {
        panic!("{PAGE}:{}: run `cargo xtask operators`\n is:        {is}\n should be: {should}", number + 1);
    }
    assert_eq!(there.len(), wanted.len(), "{PAGE}: run `cargo xtask operators`");
}

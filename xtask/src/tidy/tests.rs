use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::edges::{Edges, check_edges};
use super::lexer::{blank_comments_and_literals, words};
use super::manifests::{check_crate_docs, check_manifest, check_published, check_root, check_versions};
use super::pages::{check_links, check_summary};
use super::sources::{Config, check_sources};
use super::{Finding, check};
use crate::workspace::{Edge, Member, Workspace};

/// The check that guards the workspace itself.
#[test]
fn the_workspace_is_tidy() {
    let workspace = Workspace::load().unwrap();
    let findings = check(&workspace).unwrap();
    let report: Vec<String> = findings.iter().map(Finding::to_string).collect();
    assert!(findings.is_empty(), "cargo xtask tidy:\n{}", report.join("\n"));
}

fn member(name: &str, dependencies: &[&str]) -> Member {
    let manifest = format!(
        r#"
        [package]
        name = "{name}"
        version = "0.1.0"
        description = "something"
        license.workspace = true
        edition.workspace = true
        rust-version.workspace = true
        [lints]
        workspace = true
        "#
    );
    Member {
        name: name.to_owned(),
        dir: PathBuf::from("crates").join(name),
        manifest: manifest.parse().unwrap(),
        dependencies: dependencies
            .iter()
            .map(|&to| Edge { to: to.to_owned(), dev: false, features: Vec::new() })
            .collect(),
    }
}

fn edges() -> Edges {
    toml::from_str(
        r#"
        [crates]
        field = { layer = 0, may_use = [] }
        commit = { layer = 1, may_use = ["field"] }
        [external]
        curve = ["field"]
        [test_features]
        field = ["instrument"]
        [without_features]
        commit = ["prover"]
        "#,
    )
    .unwrap()
}

#[test]
fn a_crate_may_not_switch_on_what_it_is_built_without() {
    let mut commit = member("commit", &["field"]);
    commit.dependencies[0].features = vec!["prover".to_owned()];
    let findings = check_edges(&edges(), &[member("field", &[]), commit]);
    assert_eq!(found(&findings), ["feature prover of field in a dependency of commit"]);
}

fn found(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|f| f.found.as_str()).collect()
}

#[test]
fn listed_edges_pass() {
    let members = [member("field", &["curve", "serde"]), member("commit", &["field"])];
    assert_eq!(check_edges(&edges(), &members), []);
}

#[test]
fn an_unlisted_edge_fails() {
    let members = [member("field", &["commit"]), member("commit", &["curve"])];
    let findings = check_edges(&edges(), &members);
    assert_eq!(found(&findings), ["a dependency of field on commit", "a dependency of commit on curve"]);
    assert_eq!(findings[0].expected, "one of [] (xtask/edges.toml)");
    assert_eq!(findings[1].expected, "only [field] may use curve (xtask/edges.toml)");
}

#[test]
fn test_features_stay_in_dev_dependencies() {
    let mut members = [member("field", &[]), member("commit", &["field"])];
    members[1].dependencies[0].features = vec!["instrument".to_owned()];
    let findings = check_edges(&edges(), &members);
    assert_eq!(found(&findings), ["feature instrument of field in a dependency of commit"]);

    members[1].dependencies[0].dev = true;
    assert_eq!(check_edges(&edges(), &members), []);
}

#[test]
fn a_crate_without_a_line_fails() {
    let members = [member("field", &[]), member("commit", &[]), member("stray", &[])];
    assert_eq!(found(&check_edges(&edges(), &members)), ["crate stray without a line in xtask/edges.toml"]);
}

#[test]
fn a_stale_line_and_an_arrow_up_fail() {
    let mut edges = edges();
    edges.crates.get_mut("field").unwrap().may_use.insert("commit".to_owned());
    let findings = check_edges(&edges, &[member("field", &[])]);
    assert_eq!(found(&findings), ["a line for commit", "an arrow up: field (layer 0) to commit (layer 1)"]);
}

#[test]
fn manifests_must_declare_what_the_workspace_relies_on() {
    assert_eq!(check_manifest(&member("field", &[])), []);

    let mut inherited = member("field", &[]);
    inherited.manifest =
        "[package]\nname = \"field\"\nversion.workspace = true\nlicense = \"MIT\"".parse().unwrap();
    let findings = check_manifest(&inherited);
    assert_eq!(
        found(&findings),
        [
            "package.version = { workspace = true }",
            "no package.description",
            "package.license.workspace = (not set)",
            "package.edition.workspace = (not set)",
            "package.rust-version.workspace = (not set)",
            "lints.workspace = (not set)",
        ]
    );

    let mut moved = member("field", &[]);
    moved.dir = PathBuf::from("crates/elsewhere");
    assert_eq!(found(&check_manifest(&moved)), ["crate field in folder elsewhere"]);
}

#[test]
fn the_root_manifest_keeps_lints_and_overflow_checks() {
    let findings = check_root(&"[workspace.lints.rust]\nunsafe_code = \"warn\"".parse().unwrap());
    let findings = found(&findings);
    assert!(findings.contains(&"workspace.lints.rust.unsafe_code = warn"), "{findings:?}");
    assert!(findings.contains(&"workspace.lints.clippy.unwrap_used = (not set)"), "{findings:?}");
    assert!(findings.contains(&"release without overflow checks"), "{findings:?}");
}

#[test]
fn published_crates_say_what_a_stranger_looks_for() {
    let mut field = member("field", &[]);
    let missing =
        ["keywords", "categories", "include", "documentation"].map(|f| format!("package.{f} = (not set)"));
    assert_eq!(found(&check_published(&field)), missing);

    let package = field.manifest["package"].as_table_mut().unwrap();
    let lines = "keywords = [\"k\"]\ncategories = [\"c\"]\ninclude.workspace = true\n\
                 documentation = \"https://docs.rs/field\"";
    package.extend(lines.parse::<toml::Table>().unwrap());
    assert_eq!(check_published(&field), []);
    let six = vec![toml::Value::from("k"); 6];
    field.manifest["package"].as_table_mut().unwrap().insert("keywords".to_owned(), six.into());
    assert_eq!(check_published(&field).len(), 1);
}

#[test]
fn a_path_without_the_crates_version_fails() {
    let members = [member("field", &[]), member("commit", &["field"])];
    let root = |line: &str| format!("[workspace.dependencies]\nserde = \"1\"\n{line}").parse().unwrap();
    let versions = |line: &str| check_versions(&root(line), &members);
    assert_eq!(versions(r#"field = { path = "crates/field", version = "0.1.0" }"#), []);
    let stale = versions(r#"field = { path = "crates/field", version = "0.2.0" }"#);
    assert_eq!(found(&stale), ["workspace.dependencies.field.version = \"0.2.0\""]);
    let none = versions(r#"field = { path = "crates/field" }"#);
    assert_eq!(found(&none), ["workspace.dependencies.field.version = (not set)"]);
}

#[test]
fn crate_docs_need_an_example() {
    let field = member("field", &[]);
    assert_eq!(found(&check_crate_docs(&field, "//! Words only.")), ["crate docs without an example"]);
    assert_eq!(check_crate_docs(&field, "//! ```\n//! assert!(true);\n//! ```"), []);
}

fn pages(pages: &[(&str, &str)]) -> BTreeMap<PathBuf, String> {
    pages.iter().map(|(path, text)| (PathBuf::from(path), (*text).to_owned())).collect()
}

#[test]
fn a_link_into_nothing_fails() {
    let page =
        "# A\n\n[B](b.md#more), [code](../src), [web](https://example.org)\n[none](none.md) [B](b.md#none)\n";
    let pages = pages(&[("docs/a.md", page), ("docs/b.md", "# B\n\n## More\n")]);
    let findings = check_links(&pages, |path| path == Path::new("src"));
    assert_eq!(found(&findings), ["a link to none.md", "a link to b.md#none"]);
    assert!(findings.iter().all(|finding| finding.line == 4));
}

#[test]
fn a_page_that_is_no_chapter_fails() {
    let summary = "- [A](a.md)\n- [Again](a.md)\n- [B](b.md)\n- [Root](../ROOT.md)\n";
    let pages = pages(&[
        ("docs/SUMMARY.md", summary),
        ("docs/a.md", ""),
        ("docs/b.md", ""),
        ("docs/c.md", ""),
        ("ROOT.md", ""),
    ]);
    assert_eq!(found(&check_summary(&pages)), ["docs/a.md is 2 chapters", "docs/c.md is 0 chapters"]);
}

fn config(unsafe_places: &[&str]) -> Config {
    let unsafe_code = unsafe_places.iter().map(|&place| (place.to_owned(), "a reason".to_owned())).collect();
    Config { max_lines: 3, unsafe_code }
}

fn source(path: &str, text: &str) -> (String, String) {
    (path.to_owned(), text.to_owned())
}

#[test]
fn long_files_fail_one_line_past_the_cap() {
    let sources = [source("a.rs", "1\n2\n3\n"), source("b.rs", "1\n2\n3\n4\n")];
    let findings = check_sources(&config(&[]), &sources);
    assert_eq!(found(&findings), ["4 lines"]);
    assert_eq!(findings[0].file, PathBuf::from("b.rs"));
}

#[test]
fn unsafe_code_stands_only_where_it_is_listed() {
    let code = "fn f() {\n    unsafe { g() }\n}";
    let sources = [source("simd/a.rs", code), source("map.rs", code), source("other.rs", code)];
    let findings = check_sources(&config(&["simd/", "map.rs"]), &sources);
    assert_eq!(findings.len(), 1);
    assert_eq!((findings[0].file.to_str(), findings[0].line), (Some("other.rs"), 2));
}

#[test]
fn a_stale_permission_fails() {
    let findings = check_sources(&config(&["simd/"]), &[source("simd/a.rs", "// unsafe\n")]);
    assert_eq!(found(&findings), ["simd/ allowed unsafe code"]);
}

#[test]
fn only_the_field_crate_names_the_curve_library() {
    let code = "use ark_bn254::Fr;";
    let sources = [source("crates/zktorch-field/src/lib.rs", code), source("crates/other/src/lib.rs", code)];
    let findings = check_sources(&config(&[]), &sources);
    assert_eq!(found(&findings), ["the name ark_bn254"]);
    assert_eq!(findings[0].file, PathBuf::from("crates/other/src/lib.rs"));
}

#[test]
fn the_lexer_tells_code_from_text() {
    let cases = [
        ("a // unsafe\nb", vec![(1, "a"), (2, "b")]),
        ("a /* x /* unsafe */ y\n */ b", vec![(1, "a"), (2, "b")]),
        (r#"a "unsafe \" unsafe" b"#, vec![(1, "a"), (1, "b")]),
        ("a r#\"un\"safe\"# b", vec![(1, "a"), (1, "b")]),
        ("a '\"' b '\\'' c '\\u{41}' d", vec![(1, "a"), (1, "b"), (1, "c"), (1, "d")]),
        ("f<'a>(x: &'a str) 'x'", vec![(1, "f"), (1, "a"), (1, "x"), (1, "a"), (1, "str")]),
        ("bar \"x\" b", vec![(1, "bar"), (1, "b")]),
        ("r", vec![(1, "r")]),
        ("\"open", vec![]),
        ("'\\", vec![]),
    ];
    for (text, expected) in cases {
        let code = blank_comments_and_literals(text);
        assert_eq!(words(&code).collect::<Vec<_>>(), expected, "{text}");
        assert_eq!(code.lines().count(), text.lines().count(), "{text}");
    }
}

//! Structure, text that comes out of files, references.

use super::*;
use zktorch_prover::Cost;

const HOSTILE: &str =
    "x\"><script>alert(1)</script><img src=http://e.x/a onerror='x'>\u{202e}&amp;\u{1b}[2K</style>";

fn page() -> Page {
    let mut page = Page::new(HOSTILE, HOSTILE);
    page.notes.push(HOSTILE.to_owned());
    page.facts.push(Fact::new(HOSTILE, HOSTILE).with_value(HOSTILE));
    let cost =
        |seconds| Some(Cost { committed_values: 10, cells: 16, commitments: 2, seconds, ..Cost::default() });
    page.nodes.push(Node::input(HOSTILE, &[1, 4]));
    for index in 0..60usize {
        let error = Some(NodeError { absolute: 0.1, relative: 0.001 * (index + 1) as f64 });
        let node = Node {
            cost: cost(0.5),
            error,
            extents: Some(vec![1, 4]),
            multiplications: 7,
            ..Node::new(HOSTILE, HOSTILE)
        };
        page.nodes.push(node.reading([index, index / 2]));
    }
    page.nodes[7].problem = Some(HOSTILE.to_owned());
    page.nodes.push(Node::output(HOSTILE, None).reading([60]));
    (page.committed_values, page.seconds, page.measured_on) =
        (Some(650), Some(40.0), Some(HOSTILE.to_owned()));
    page.timeline = Some(Timeline::in_turn([(HOSTILE.to_owned(), 1.0), ("b".to_owned(), 2.0)], true));
    page.bytes = Some(ProofBytes { header: 100, parts: vec![Part { name: "rows", points: 3, scalars: 1 }] });
    page.visible = [true, false]
        .map(|public| Visible { what: HOSTILE.to_owned(), public, how: HOSTILE.to_owned() })
        .to_vec();
    page
}

/// The tags of a page with their attributes, as a reader of HTML sees them. No text of ours has a `<` that is not a tag's.
fn tags(html: &str) -> Vec<&str> {
    let body = html.split("</style>").nth(1).unwrap_or_default();
    body.split('<').skip(1).filter_map(|rest| rest.split('>').next()).collect()
}

#[test]
fn names_of_files_are_text() {
    let html = page().render();
    assert!(!html.contains("<script") && !html.contains("<img") && html.matches("</style>").count() == 1);
    assert!(!html.contains(['\u{202e}', '\u{1b}']) && html.contains("\\u{202e}"));
    // In an attribute, too.
    assert!(html.contains("&quot;&gt;&lt;script&gt;"));
    let known = [
        "a", "b", "body", "data", "dd", "details", "div", "dl", "dt", "em", "h1", "h2", "h3", "head",
        "header", "html", "i", "input", "label", "li", "line", "main", "ol", "p", "path", "rect", "section",
        "span", "strong", "summary", "svg", "table", "tbody", "td", "text", "tfoot", "th", "thead", "title",
        "tr", "ul",
    ];
    for tag in tags(&html) {
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap_or_default();
        assert!(known.contains(&name), "{tag}");
        // What is between quotes is text.
        let attributes: String = tag.split('"').step_by(2).collect();
        assert!(!attributes.contains(" on") && !attributes.contains("style="), "{tag}");
    }
}

#[test]
fn tags_are_closed_in_their_order() {
    let html = page().render();
    let mut open: Vec<&str> = Vec::new();
    for tag in tags(&html) {
        match tag.strip_prefix('/') {
            Some(name) if ["html", "head"].contains(&name) => {}
            // Those from before the style sheet.
            Some(name) if open.is_empty() => assert!(["head", "html"].contains(&name), "{name}"),
            Some(name) => assert_eq!(open.pop(), Some(name)),
            None if tag.starts_with("input") => {}
            None => open.push(tag.split(' ').next().unwrap_or_default()),
        }
    }
    assert_eq!(open, Vec::<&str>::new());
}

#[test]
fn a_page_needs_nothing_else() {
    let html = page().render();
    // The policy allows the style sheet that is there, and nothing else.
    let style = html.split("<style>").nth(1).and_then(|rest| rest.split("</style>").next());
    let hash = STANDARD.encode(Sha256::digest(style.unwrap_or_default().as_bytes()));
    assert!(html.contains(&format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'")));
    let shown = html.replace("src=http://e.x/a", "").replace(&hash, "");
    for outside in ["http:", "https:", "//", "src=", "@import", "url(", "<link", "javascript:", "data:"] {
        assert!(!shown.contains(outside), "{outside}");
    }
    // References stay inside, and there is something at their end.
    for tag in tags(&html) {
        if let Some(target) = tag.split("href=\"").nth(1).and_then(|rest| rest.split('"').next()) {
            let id = target.strip_prefix('#').unwrap_or_default();
            assert!(html.contains(&format!("id=\"{id}\"")), "{tag}");
        }
    }
}

#[test]
fn every_node_is_there_once_and_the_sums_are_the_wholes() {
    let page = page();
    let html = page.render();
    for index in 0..page.nodes.len() {
        assert_eq!(html.matches(&format!(" id=\"n{index}\"")).count(), 1, "{index}");
    }
    // 650 of the whole, 600 of the nodes; a file of 100 bytes and four elements of 32.
    assert!(
        html.contains("class=\"values\" value=\"650\"") && html.contains("class=\"elsewhere\" value=\"50\"")
    );
    assert!(
        html.contains("class=\"multiplications\" value=\"420\"")
            && html.contains("<data value=\"228\">228</data>")
    );
    // Every measure can be chosen.
    for key in ["c", "m", "e"] {
        assert!(html.contains(&format!("id=\"by-{key}\"")) && html.contains(&format!("for=\"by-{key}\"")));
    }
}

#[test]
fn what_is_not_known_is_left_out() {
    let html = Page::new("m", "nothing").render();
    for absent in ["<section", "<input", "<table", "NaN", "inf"] {
        assert!(!html.contains(absent), "{absent}");
    }
    let mut page = Page::new("m", "nodes alone");
    page.nodes = vec![Node::input("x", &[2]), Node::new("a", "Relu").reading([0])];
    let html = page.render();
    assert!(html.contains("Relu") && !html.contains("<input") && !html.contains("Committed values"));
}

#[test]
fn a_page_of_a_large_network_is_small() {
    let mut page = Page::new("large", "400 nodes");
    for index in 0..400usize {
        let cost = Cost { committed_values: 123_456, seconds: 0.1, ..Cost::default() };
        let error = NodeError { absolute: 0.1, relative: 0.01 };
        let name = format!("/encoder/layer.{index}/attention/self/query/MatMul");
        let node = Node {
            cost: Some(cost),
            error: Some(error),
            extents: Some(vec![1, 128, 768]),
            ..Node::new(name, "MatMul")
        };
        page.nodes.push(node.reading(index.checked_sub(1)));
    }
    let html = page.render();
    assert!(html.len() < 600_000, "{}", html.len());
}

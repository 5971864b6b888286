//! Pages in Markdown: their links, headings and fenced code.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Component, Path, PathBuf};

/// A link, or a picture.
pub(crate) struct Link<'a> {
    /// All of it, from the bracket to the parenthesis.
    pub(crate) whole: Range<usize>,
    pub(crate) text: &'a str,
    /// Where it leads, as it stands.
    pub(crate) target: &'a str,
}

/// A block between fences.
#[cfg(test)]
pub(crate) struct Code<'a> {
    /// The line of its first line, from 1 on.
    pub(crate) line: usize,
    pub(crate) language: &'a str,
    pub(crate) text: &'a str,
}

/// The links of a page, in order; code has none.
pub(crate) fn links(page: &str) -> Vec<Link<'_>> {
    let prose = without_code(page);
    let mut links = Vec::new();
    for (middle, _) in prose.match_indices("](") {
        let start = opening(&prose[..middle]);
        let end = prose[middle..].find(')').map(|length| middle + length);
        if let (Some(start), Some(end)) = (start, end) {
            let (text, target) = (&page[start + 1..middle], &page[middle + 2..end]);
            links.push(Link { whole: start..end + 1, text, target });
        }
    }
    links
}

/// Where the bracket opens that closes right behind a text.
fn opening(text: &str) -> Option<usize> {
    let mut depth = 0usize;
    for (at, c) in text.char_indices().rev() {
        match c {
            ']' => depth += 1,
            '[' if depth == 0 => return Some(at),
            '[' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The 1-based line of a position.
pub(crate) fn line_of(page: &str, at: usize) -> usize {
    page[..at].matches('\n').count() + 1
}

/// The names under which a page's headings are linked to, as GitHub and mdBook make them.
pub(crate) fn anchors(page: &str) -> Vec<String> {
    let fenced = fences(page);
    let mut seen = BTreeMap::<String, usize>::new();
    let mut anchors = Vec::new();
    let mut at = 0;
    for line in page.split_inclusive('\n') {
        let heading = line.trim_start_matches('#');
        if heading.len() < line.len() && heading.starts_with(' ') && !fenced.iter().any(|f| f.contains(&at)) {
            let kept = heading.trim().chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
            let anchor: String =
                kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect();
            let count = seen.entry(anchor.clone()).or_default();
            anchors.push(if *count == 0 { anchor } else { format!("{anchor}-{count}") });
            *count += 1;
        }
        at += line.len();
    }
    anchors
}

/// The fenced blocks of a page.
#[cfg(test)]
pub(crate) fn code(page: &str) -> Vec<Code<'_>> {
    let blocks = fences(page).into_iter();
    blocks
        .filter_map(|block| {
            let line = line_of(page, block.start) + 1;
            let (first, rest) = page[block].split_once('\n')?;
            let text = rest.rfind("```").map_or(rest, |end| &rest[..end]);
            Some(Code { line, language: first.trim().trim_start_matches('`'), text })
        })
        .collect()
}

/// Where fenced blocks are, their fences included.
fn fences(page: &str) -> Vec<Range<usize>> {
    let (mut found, mut open, mut at) = (Vec::new(), None, 0);
    for line in page.split_inclusive('\n') {
        if line.trim_start().starts_with("```") {
            match open.take() {
                None => open = Some(at),
                Some(start) => found.push(start..at + line.len()),
            }
        }
        at += line.len();
    }
    found.extend(open.map(|start| start..page.len()));
    found
}

/// The page with spaces in the place of code: every other character stays where it is.
fn without_code(page: &str) -> String {
    let mut bytes = page.as_bytes().to_vec();
    for block in fences(page) {
        bytes[block].fill(b' ');
    }
    let mut at = 0;
    while let Some(start) = bytes[at..].iter().position(|b| *b == b'`').map(|offset| at + offset) {
        let ticks = bytes[start..].iter().take_while(|b| **b == b'`').count();
        // It ends at as many ticks, in the same paragraph.
        let mut end = start + ticks;
        let closed = loop {
            let run = bytes[end..].iter().take_while(|b| **b == b'`').count();
            if run == ticks {
                break true;
            }
            end += run.max(1);
            if end >= bytes.len() || bytes[end..].starts_with(b"\n\n") {
                break false;
            }
        };
        at = if closed { end + ticks } else { start + ticks };
        if closed {
            bytes[start..at].fill(b' ');
        }
    }
    // What was filled began and ended at characters of one byte.
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A link's target as path below the root and anchor. None for what leads elsewhere: to a web page, out of the root.
pub(crate) fn resolve<'a>(page: &Path, target: &'a str) -> Option<(PathBuf, Option<&'a str>)> {
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (path, anchor) = match target.split_once('#') {
        Some((path, anchor)) => (path, Some(anchor)),
        None => (target, None),
    };
    if path.is_empty() {
        return Some((page.to_path_buf(), anchor));
    }
    let mut resolved = page.parent()?.to_path_buf();
    for part in Path::new(path).components() {
        match part {
            Component::ParentDir => {
                if !resolved.pop() {
                    return None;
                }
            }
            Component::Normal(name) => resolved.push(name),
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some((resolved, anchor))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# Title, `code` (x)\n\nA [link](a.md#b), [`code` too](b/), ![picture](p.svg); `[no](no)` and\n\
        ``[`no`](no)``, é [wrapped\nlink](<c>).\n\n```sh\n# no heading\n[no](no)\n```\n\n## Title\n## Title\n";

    #[test]
    fn links_are_found_outside_of_code() {
        let found: Vec<_> = links(PAGE).iter().map(|link| (link.text, link.target)).collect();
        let expected =
            [("link", "a.md#b"), ("`code` too", "b/"), ("picture", "p.svg"), ("wrapped\nlink", "<c>")];
        assert_eq!(found, expected);
        let whole: Vec<_> = links(PAGE).iter().map(|link| &PAGE[link.whole.clone()]).collect();
        assert_eq!(whole[1], "[`code` too](b/)");
        assert_eq!(links("`open [a](b)\n\nc").len(), 1);
        assert_eq!(links("a](b) [c](d").len(), 0);
    }

    #[test]
    fn headings_have_names() {
        assert_eq!(anchors(PAGE), ["title-code-x", "title", "title-1"]);
    }

    #[test]
    fn code_has_a_language() {
        let blocks = code(PAGE);
        assert_eq!(blocks.len(), 1);
        assert_eq!(
            (blocks[0].language, blocks[0].text, blocks[0].line),
            ("sh", "# no heading\n[no](no)\n", 8)
        );
    }

    #[test]
    fn targets_are_paths_below_the_root() {
        let from = |target| resolve(Path::new("docs/a.md"), target);
        assert_eq!(from("b.md#c"), Some(("docs/b.md".into(), Some("c"))));
        assert_eq!(from("../crates/x"), Some(("crates/x".into(), None)));
        assert_eq!(from("#c"), Some(("docs/a.md".into(), Some("c"))));
        for elsewhere in ["https://example.org/a", "mailto:a@example.org", "../../a", "/etc"] {
            assert_eq!(from(elsewhere), None, "{elsewhere}");
        }
    }
}

//! The page of a fixed report.

use std::path::Path;

use quick_xml::Reader;
use quick_xml::events::Event;

use super::super::extra::{Column, Extra};
use super::super::report::Report;
use super::*;

/// Two runs of seven models, one of which has a hostile name, and a failure.
fn fixture() -> Report {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/bench/html/tests/report.json");
    Report::read(&path).unwrap()
}

fn extras() -> Vec<Extra> {
    let column = |name: &str, text| Column { name: name.to_owned(), text };
    vec![Extra {
        title: "Without <one> technique".to_owned(),
        columns: vec![column("technique", true), column("slower by", false)],
        rows: vec![vec!["a & b".to_owned(), "1.5".to_owned()]],
        note: "\"quoted\"".to_owned(),
    }]
}

fn fixed_page() -> String {
    page(&fixture(), &extras()).unwrap()
}

/// The page's text: a line for a row of a table or a block; of a plot its words, in the order in which they are drawn.
fn words(page: &str) -> String {
    let mut reader = Reader::from_str(page);
    reader.config_mut().check_end_names = false;
    let (mut lines, mut line, mut skip) = (Vec::new(), String::new(), false);
    loop {
        match reader.read_event().unwrap() {
            Event::Eof => break,
            Event::Start(tag) => match tag.name().as_ref() {
                b"style" => skip = true,
                b"span" => line.push(' '),
                _ => {}
            },
            Event::End(tag) => match tag.name().as_ref() {
                b"style" => skip = false,
                b"td" | b"th" => line.push_str(" | "),
                b"span" | b"code" => {}
                _ => flush(&mut lines, &mut line),
            },
            Event::Text(text) if !skip => line.push_str(text.decode().unwrap().trim_matches('\n')),
            Event::GeneralRef(entity) => {
                let name = entity.decode().unwrap();
                line.push_str(&format!("&{name};"));
            }
            _ => {}
        }
    }
    lines.join("\n")
}

fn flush(lines: &mut Vec<String>, line: &mut String) {
    let text = line.trim().trim_end_matches(" |");
    if !text.is_empty() {
        lines.push(text.to_owned());
    }
    line.clear();
}

#[test]
fn words_of_the_page() {
    insta::assert_snapshot!(words(&fixed_page()));
}

/// Every element that is opened is closed, in order; HTML's void elements have no end.
#[test]
fn elements_are_balanced() {
    let page = fixed_page();
    let mut reader = Reader::from_str(&page);
    reader.config_mut().check_end_names = false;
    let mut open: Vec<Vec<u8>> = Vec::new();
    let mut elements = 0;
    loop {
        match reader.read_event().unwrap() {
            Event::Eof => break,
            Event::Start(tag) => {
                elements += 1;
                for attribute in tag.attributes() {
                    attribute.unwrap();
                }
                if !matches!(tag.name().as_ref(), b"meta") {
                    open.push(tag.name().as_ref().to_vec());
                }
            }
            Event::End(tag) => {
                assert_eq!(open.pop().as_deref(), Some(tag.name().as_ref()), "after {elements} elements")
            }
            _ => {}
        }
    }
    assert!(open.is_empty(), "{open:?} not closed");
    assert!(elements > 500, "{elements} elements");
}

#[test]
fn nothing_is_fetched_or_run() {
    let page = fixed_page();
    // The namespace of SVG is a name, not an address.
    let rest = page.replace("http://www.w3.org/2000/svg", "");
    for word in [
        "http:",
        "https:",
        "//cdn",
        "<script",
        "<link",
        "<img",
        "<iframe",
        "@import",
        "url(",
        "javascript:",
        " on",
    ] {
        // " on" stands in sentences; as an attribute it would have a value.
        let found = if word == " on" {
            rest.contains(" onload=") || rest.contains(" onerror=")
        } else {
            rest.contains(word)
        };
        assert!(!found, "{word}");
    }
}

#[test]
fn text_is_escaped() {
    let page = fixed_page();
    assert!(page.contains("&lt;script&gt;alert("));
    assert!(page.contains("Without &lt;one&gt; technique") && page.contains("a &amp; b"));
    assert!(page.contains("exit status: 2 &amp; &lt;nothing&gt; else"));
    for raw in ["<script>", "<one>", "<nothing>", "<Zen"] {
        assert!(!page.contains(raw), "{raw}");
    }
}

/// A report of nothing, and the empty one at the start of a run, are pages too.
#[test]
fn reports_with_gaps() {
    let mut report = fixture();
    report.series.clear();
    report.complete = false;
    report.settings.quick = true;
    report.conclude();
    let text = words(&page(&report, &[]).unwrap());
    assert!(text.contains("A quick run") && text.contains("The run has not ended"), "{text}");
    assert!(!text.contains("Where the time goes"), "{text}");
}

#[test]
fn numbers_without_stages_or_floor() {
    let mut report = fixture();
    for series in &mut report.series {
        for run in &mut series.runs {
            run.retain(|key, _| {
                !["stage_s", "prove_over_floor", "peak_rss_bytes_by_stage"].contains(&key.as_str())
            });
        }
        series.summary = super::super::spread::summarise(&series.runs);
    }
    report.conclude();
    let text = words(&page(&report, &[]).unwrap());
    assert!(!text.contains("Where the time goes") && text.contains("Cost against size"), "{text}");
    assert!(text.contains("not measured"), "{text}");
}

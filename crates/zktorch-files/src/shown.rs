//! Text on a terminal. Names, messages and fields come out of files, and files are hostile: a name with a
//! line feed would print a line of its own (`accepted: true`), and one with an escape byte would move the
//! cursor.

use std::borrow::Cow;

/// Whether a character does something to a terminal or to the text around it, instead of being seen: control
/// characters, line separators, marks that reorder or hide text.
fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// The text as one line in which everything is seen: `\n`, `\u{1b}` and so on for characters that act.
///
/// ```
/// assert_eq!(zktorch_files::printable("x\naccepted: true\u{1b}[2K"), "x\\naccepted: true\\u{1b}[2K");
/// ```
pub fn printable(text: &str) -> Cow<'_, str> {
    escaped(text, |c, out| out.extend(c.escape_default()))
}

/// The same of the text of a JSON value, which stays that of an equal value. Outside of strings it holds no
/// such characters.
pub fn printable_json(text: &str) -> Cow<'_, str> {
    escaped(text, |c, out| {
        let mut units = [0; 2];
        out.extend(c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
    })
}

/// An error and its causes in one line. Some messages end with that of their cause: it is said once.
pub fn explained(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let message = cause.to_string();
        if !text.ends_with(&message) {
            text = format!("{text}: {message}");
        }
        next = cause.source();
    }
    text
}

fn escaped(text: &str, escape: impl Fn(char, &mut String)) -> Cow<'_, str> {
    if !text.contains(acts) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if acts(c) { escape(c, &mut out) } else { out.push(c) }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_said_once() {
        #[derive(Debug, thiserror::Error)]
        enum Nested {
            #[error("{0}")]
            Leaf(&'static str),
            #[error("says all: {0}")]
            All(#[source] Box<Nested>),
            #[error("says its own")]
            Own(#[source] Box<Nested>),
        }
        let leaf = || Box::new(Nested::Leaf("leaf"));
        assert_eq!(explained(&Nested::All(leaf())), "says all: leaf");
        assert_eq!(explained(&Nested::Own(leaf())), "says its own: leaf");
        assert_eq!(explained(&Nested::All(Box::new(Nested::Own(leaf())))), "says all: says its own: leaf");
        assert_eq!(explained(&Nested::Own(Box::new(Nested::All(leaf())))), "says its own: says all: leaf");
    }

    #[test]
    fn what_acts_is_seen() {
        let text = "a\r\n\t\0\u{1b}[1m\u{7f}\u{9b}\u{202e}\u{2028}\u{feff}\u{e0041}ü \"\\n\"";
        let expected =
            "a\\r\\n\\t\\u{0}\\u{1b}[1m\\u{7f}\\u{9b}\\u{202e}\\u{2028}\\u{feff}\\u{e0041}ü \"\\n\"";
        assert_eq!(printable(text), expected);
        assert!(matches!(printable("plain text, ü"), Cow::Borrowed(_)));
        let json = serde_json::json!({ text: [text, 1] });
        let shown = printable_json(&json.to_string()).into_owned();
        assert!(!shown.contains(acts));
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), json);
    }
}

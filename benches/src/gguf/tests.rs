use super::written::{File, text};
use super::*;

/// A file with every kind of value and tensor that is understood.
fn sample() -> File {
    let list = [&8u32.to_le_bytes()[..], &2u64.to_le_bytes(), &text("a"), &text("Ġb")].concat();
    let numbers =
        [&5u32.to_le_bytes()[..], &2u64.to_le_bytes(), &1i32.to_le_bytes(), &(-3i32).to_le_bytes()].concat();
    // 1.0 and -2.0 as 16-bit floats.
    let (one, minus_two) = (0x3c00u16.to_le_bytes(), 0xc000u16.to_le_bytes());
    let nibbles: Vec<u8> = (0..16).map(|i| i | (15 - i) << 4).collect();
    let bytes: Vec<u8> = (0..32u8).map(|i| i.wrapping_sub(16)).collect();
    let floats: Vec<u8> = [1.5f32, -0.25, 3.0, 4.0, 5.0, 6.0].iter().flat_map(|x| x.to_le_bytes()).collect();
    File::default()
        .value("name", 8, &text("tiny"))
        .value("count", 4, &7u32.to_le_bytes())
        .value("rate", 6, &0.5f32.to_le_bytes())
        .value("flag", 7, &[1])
        .value("tokens", 9, &list)
        .value("types", 9, &numbers)
        .tensor("floats", &[3, 2], 0, &floats)
        .tensor("halves", &[2], 1, &[one, minus_two].concat())
        .tensor("fours", &[32], 3, &[&one[..], &minus_two, &nibbles].concat())
        .tensor("eights", &[32], 8, &[&minus_two[..], &bytes].concat())
}

#[test]
fn everything_is_read() {
    let bytes = sample().bytes();
    let file = Gguf::read(&bytes).unwrap();
    assert_eq!(file.text("name").unwrap(), "tiny");
    assert_eq!(file.integer("count").unwrap(), 7);
    assert_eq!(file.float("rate").unwrap(), 0.5);
    assert_eq!(file.texts("tokens").unwrap(), ["a", "Ġb"]);
    assert_eq!(file.tensor("floats", &[2, 3]).unwrap(), [1.5, -0.25, 3.0, 4.0, 5.0, 6.0]);
    assert_eq!(file.tensor("halves", &[2]).unwrap(), [1.0, -2.0]);
    let fours = file.tensor("fours", &[32]).unwrap();
    assert_eq!((fours[0], fours[15], fours[16], fours[31]), (-2.0, 13.0, 13.0, -2.0));
    let eights = file.tensor("eights", &[32]).unwrap();
    assert_eq!((eights[0], eights[16], eights[31]), (32.0, 0.0, -30.0));
    assert!(file.has_tensor("fours") && !file.has_tensor("threes"));
}

#[test]
fn what_is_not_there_is_named() {
    let bytes = sample().bytes();
    let file = Gguf::read(&bytes).unwrap();
    let cases = [
        (file.text("no").unwrap_err(), "no: expected a value, found none"),
        (file.integer("name").unwrap_err(), "name: expected an integer, found a text"),
        (file.float("count").unwrap_err(), "count: expected a float, found an integer"),
        (file.texts("types").unwrap_err(), "types: expected a list of texts, found a list of numbers"),
        (file.texts("flag").unwrap_err(), "flag: expected a list of texts, found a boolean"),
        (file.tensor("no", &[1]).unwrap_err(), "tensor no: expected one, found none"),
        (file.tensor("floats", &[3, 2]).unwrap_err(), "tensor floats: expected extents [3, 2], found [2, 3]"),
    ];
    for (error, expected) in cases {
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn a_bad_file_is_one_error() {
    let list_of = |kind: u32, count: u64| [&kind.to_le_bytes()[..], &count.to_le_bytes()].concat();
    let mut version = sample().bytes();
    version[4] = 2;
    let shifted = {
        let mut file = sample();
        let at = file.index.len() - 8;
        file.index[at] += 4;
        file
    };
    let cases = [
        (b"GGML".to_vec(), "begins with GGUF"),
        (Vec::new(), "expected 4 bytes at 0, found 0"),
        (version, "expected GGUF version 3, found 2"),
        (File { value_count: u64::MAX, ..File::default() }.bytes(), "bytes at"),
        (File { tensor_count: u64::MAX, ..File::default() }.bytes(), "bytes at"),
        (File::default().value("a", 9, &list_of(0, u64::MAX)).bytes(), "bytes at"),
        (File::default().value("a", 8, &u64::MAX.to_le_bytes()).bytes(), "bytes at"),
        (File::default().value("a", 9, &list_of(9, 1)).bytes(), "expected no list of lists"),
        (File::default().value("a", 13, &[]).bytes(), "from 0 to 12, found 13"),
        (File::default().value("a", 7, &[2]).bytes(), "0 or 1, found 2"),
        (File::default().value("a", 8, &[1, 0, 0, 0, 0, 0, 0, 0, 255]).bytes(), "UTF-8"),
        (sample().value("name", 7, &[1]).bytes(), "\"name\": expected one value, found two"),
        (
            sample().value("general.alignment", 4, &24u32.to_le_bytes()).bytes(),
            "a power of two from 8, found 24",
        ),
        (sample().tensor("floats", &[1], 0, &[0; 4]).bytes(), "tensor \"floats\": expected one, found two"),
        (sample().tensor("more", &[2], 0, &[0; 4]).bytes(), "expected 8 bytes from"),
        (sample().tensor("more", &[16], 3, &[0; 20]).bytes(), "whole blocks of 32, found 16"),
        (sample().tensor("more", &[32], 2, &[0; 20]).bytes(), "found type 2"),
        (sample().tensor("more", &[u64::MAX, u64::MAX], 0, &[]).bytes(), "too large"),
        (sample().tensor("more", &[1; 5], 0, &[0; 4]).bytes(), "expected 1 to 4 axes, found 5"),
        (shifted.bytes(), "a multiple of 32"),
    ];
    for (bytes, expected) in cases {
        let error = format!("{:#}", Gguf::read(&bytes).unwrap_err());
        assert!(error.contains(expected), "{error}");
    }
}

/// No byte of a file that is damaged or cut off makes the reader panic.
#[test]
fn damaged_files() {
    let bytes = sample().bytes();
    for at in 0..bytes.len() {
        let _ = Gguf::read(&bytes[..at]);
        for flip in [1, 0x80, 0xff] {
            let mut bytes = bytes.clone();
            bytes[at] ^= flip;
            if let Ok(file) = Gguf::read(&bytes) {
                for (name, stored) in &file.tensors {
                    assert_eq!(
                        file.tensor(name, &stored.dims).unwrap().len(),
                        stored.dims.iter().product::<usize>()
                    );
                }
            }
        }
    }
}

//! Decoders on real files, on bad ones, and on noise.

use std::io::Write;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use prost::Message;

use super::pb::TensorProto;
use super::*;
use crate::fuzz::fuzz;

fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(path)
}

/// The tensors of a fixture.
fn load(path: &Path) -> Vec<Tensor> {
    let bytes = std::fs::read(path).unwrap();
    decode(Format::detect(path, &bytes).unwrap(), &bytes).unwrap()
}

fn npy(descr: &str, fortran: &str, shape: &str, entries: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}\n");
    let len = (header.len() as u16).to_le_bytes();
    [npy::MAGIC, &[1, 0], &len, header.as_bytes(), entries].concat()
}

fn npz(entries: &[(&str, Vec<u8>)], method: zip::CompressionMethod) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        let options = zip::write::SimpleFileOptions::default().compression_method(method);
        writer.start_file(*name, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn message(format: Format, bytes: &[u8]) -> String {
    decode(format, bytes).unwrap_err().to_string()
}

#[test]
fn reads_the_fixtures() {
    let held_out = load(&fixture("digits/heldout.npz"));
    let named = |name: &str| held_out.iter().find(|tensor| tensor.name.as_deref() == Some(name)).unwrap();
    let (images, labels) = (named("images"), named("labels"));
    assert_eq!(images.dims, [899, 1, 8, 8]);
    assert_eq!(labels.dims, [899]);
    assert!(images.floats().iter().all(|x| (0.0..=1.0).contains(x) && (x * 16.0).fract() == 0.0));
    assert!(labels.floats().iter().all(|x| (0.0..=9.0).contains(x) && x.fract() == 0.0));
    let sample = load(&fixture("digits/sample.npy"));
    assert_eq!(sample.len(), 1);
    assert_eq!(sample[0].dims, [1, 1, 8, 8]);
    assert_eq!(sample[0].floats(), images.floats()[..64]);
    assert_eq!(sample[0].name, None);
    let wanted = [Wanted { name: "image", dims: &[1, 1, 8, 8] }];
    assert_eq!(assign(&held_out, &wanted).unwrap().len(), 899);
}

#[test]
fn writes_what_numpy_writes() {
    let path = fixture("digits/sample.npy");
    let sample = &load(&path)[0];
    assert_eq!(encode_npy_f32(&sample.dims, &sample.floats()).unwrap(), std::fs::read(path).unwrap());
    for dims in [&[][..], &[1], &[3, 1, 2]] {
        let data: Vec<i32> = (0..dims.iter().product::<usize>() as i32).map(|i| i - 2).collect();
        let bytes = encode_npy_i32(dims, &data).unwrap();
        assert_eq!(decode_npy_i32(&bytes).unwrap(), (dims.to_vec(), data));
    }
    assert!(encode_npy_i32(&[2], &[1]).is_err());
}

#[test]
fn npy_types_and_orders() {
    let tensor = |bytes: &[u8]| decode(Format::Npy, bytes).unwrap().remove(0);
    let big: Vec<u8> = [1.5f64, -2.0].iter().flat_map(|x| x.to_be_bytes()).collect();
    assert_eq!(tensor(&npy(">f8", "False", "(2,)", &big)).floats(), [1.5, -2.0]);
    assert_eq!(tensor(&npy("|b1", "False", "()", &[1])).dims, [0usize; 0]);
    let columns = npy("|u1", "True", "(2, 3)", &[1, 4, 2, 5, 3, 6]);
    assert_eq!(tensor(&columns).values, Values::Integers(vec![1, 2, 3, 4, 5, 6]));
    // Version 2 with the keys in another order, other quotes and no trailing comma.
    let header = "{\"shape\":(1,2),'fortran_order':False,'descr':'<i2'}";
    let len = (header.len() as u32).to_le_bytes();
    let bytes = [npy::MAGIC, &[2, 0], &len, header.as_bytes(), &[1, 0, 0xff, 0xff]].concat();
    assert_eq!(tensor(&bytes).values, Values::Integers(vec![1, -1]));
}

#[test]
fn npy_errors_name_the_field() {
    let cases: &[(Vec<u8>, &str)] = &[
        (b"\x93NUMPY".to_vec(), "version: expected 2 bytes, got 0"),
        (b"\x93NUMPY\x09\x00".to_vec(), "version: expected 1.0, 2.0 or 3.0, got 9.0"),
        (b"\x93NUMPY\x02\x00\xff\xff\xff\xff".to_vec(), "header length: expected at most 65536"),
        (b"\x93NUMPY\x01\x00\xff\x00{".to_vec(), "header: expected 255 bytes, got 1"),
        (npy("<f4", "False", "(2,)", &[0; 7]), "entries: expected 8 bytes, got 7"),
        (npy("<f4", "False", "(2,)", &[0; 9]), "entries: expected 8 bytes, got 9"),
        (npy("<f4", "False", "(0,)", &[]), "no empty axis"),
        (npy("<f4", "False", "(99999999999, 99999999999)", &[]), "entries, got [99999999999"),
        (npy("<f4", "False", "(99999999999999999999,)", &[]), "an extent"),
        (npy("<f4", "False", "(1,)x", &[]), "header: expected '}', got \"x"),
        (npy("<f4", "No", "(1,)", &[]), "True or False"),
        (npy("<c8", "False", "(1,)", &[0; 8]), "descr: expected booleans, integers"),
        (npy("|f4", "False", "(1,)", &[0; 4]), "descr"),
        (npy("é", "False", "(1,)", &[0; 4]), "descr"),
        (npy("|O", "False", "(1,)", &[0; 4]), "descr"),
        (npy("<f4", "False", "(1,)", &f32::NAN.to_le_bytes()), "must be finite"),
        (npy("<f8", "False", "(1,)", &1e300f64.to_le_bytes()), "is inf"),
        (npy("<u8", "False", "(1,)", &[0xff; 8]), "integers up to 2^63 - 1, got 18446744073709551615"),
        (npy("<f4', 'descr': '<f4", "False", "(1,)", &[0; 4]), "each key once"),
        (npy("<f4', 'other': '<f4", "False", "(1,)", &[0; 4]), "the keys"),
        (npy("<f4", "False", "(1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1)", &[0; 4]), "at most 16 axes"),
    ];
    for (bytes, expected) in cases {
        let got = message(Format::Npy, bytes);
        assert!(got.contains(expected), "{got:?} lacks {expected:?}");
    }
    // A strict reader for our own files: the same numbers with another header are refused.
    assert!(decode_npy_i32(&npy("<i4", "False", "(1,)", &[0; 4])).is_err());
    assert!(decode_npy_i32(&encode_npy_f32(&[1], &[0.0]).unwrap()).is_err());
}

#[test]
fn npz_is_read_stored_and_deflated() {
    let array = encode_npy_f32(&[300], &[0.5; 300]).unwrap();
    for method in [zip::CompressionMethod::Stored, zip::CompressionMethod::Deflated] {
        let bytes = npz(&[("x.npy", array.clone()), ("y.npy", array.clone())], method);
        let tensors = decode(Format::Npz, &bytes).unwrap();
        assert_eq!(tensors.len(), 2);
        assert_eq!(tensors[1].name.as_deref(), Some("y"));
        assert_eq!(tensors[0].floats(), [0.5; 300]);
        let cut = message(Format::Npz, &bytes[..bytes.len() - 30]);
        assert!(cut.contains("readable zip"), "{cut}");
    }
    let stored = zip::CompressionMethod::Stored;
    assert!(message(Format::Npz, &npz(&[("notes.txt", vec![1])], stored)).contains("ending in .npy"));
    assert!(message(Format::Npz, &npz(&[], stored)).contains("number of arrays"));
    assert!(message(Format::Npz, &npz(&[("x.npy", vec![1])], stored)).contains("magic"));
}

#[test]
fn an_archive_that_decodes_to_much_more_than_it_is_is_refused() {
    // 300 MiB of zeros are 300 kB deflated.
    let mut bomb = npy("|u1", "False", &format!("({},)", 300 << 20), &[]);
    bomb.resize(bomb.len() + (300 << 20), 0);
    let bytes = npz(&[("x.npy", bomb)], zip::CompressionMethod::Deflated);
    assert!(bytes.len() < 1 << 20);
    assert!(matches!(decode(Format::Npz, &bytes), Err(Error::TooLarge { .. })));
}

#[test]
fn json_arrays_and_objects() {
    let tensors = |text: &str| decode(Format::Json, text.as_bytes()).unwrap();
    let plain = tensors("[[1, 2.5], [-3, 4e1]]");
    let values = Values::Floats(vec![1.0, 2.5, -3.0, 40.0]);
    assert_eq!(plain, [Tensor { name: None, dims: vec![2, 2], values }]);
    assert_eq!(tensors("7")[0].dims, [0usize; 0]);
    // Integers stay exact; one number that is none makes floats of all.
    let exact = tensors("[9007199254740993, -9223372036854775808]").remove(0).values;
    assert_eq!(exact, Values::Integers(vec![(1 << 53) + 1, i64::MIN]));
    assert_eq!(tensors("[3, 0.5, 4]")[0].values, Values::Floats(vec![3.0, 0.5, 4.0]));
    assert_eq!(tensors("[18446744073709551615]")[0].values, Values::Floats(vec![2f32.powi(64)]));
    let named = tensors(r#" {"b": [1], "a": [[2]]} "#);
    assert_eq!(named[0].name.as_deref(), Some("b"));
    assert_eq!(named[1].dims, [1, 1]);
}

#[test]
fn json_errors_name_the_place() {
    let deep = format!("{}1{}", "[".repeat(17), "]".repeat(17));
    let very_deep = "[".repeat(100_000);
    let cases = [
        ("[[1, 2], [3]]", "length 1, others on that axis 2"),
        ("[[1], 2]", "a number at depth 1, others at depth 2"),
        ("[1, [2]]", "an array at depth 1, numbers elsewhere"),
        ("[]", "an empty array"),
        ("[[]]", "an empty array"),
        ("{}", "at least one tensor"),
        ("{\"a\": [1], \"a\": [1]}", "occurs twice"),
        ("[1] [2]", "trailing"),
        ("[\"1\"]", "a number or an array"),
        ("[null]", "a number or an array"),
        ("[1e999]", "out of range"),
        ("[1e200]", "must be finite"),
        ("[1,", "line 1, column"),
        ("", "line 1"),
        (&deep, "more than 16 axes"),
        (&very_deep, "more than 16 axes"),
    ];
    for (text, expected) in cases {
        let got = message(Format::Json, text.as_bytes());
        assert!(got.contains(expected), "{got:?} lacks {expected:?}");
    }
}

fn proto(data_type: i32, dims: &[i64]) -> TensorProto {
    TensorProto { dims: dims.to_vec(), data_type, name: "x".to_owned(), ..TensorProto::default() }
}

#[test]
fn tensor_protos_of_every_kind() {
    let data =
        |tensor: TensorProto| decode(Format::TensorProto, &tensor.encode_to_vec()).unwrap().remove(0).values;
    let integers = |data: &[i64]| Values::Integers(data.to_vec());
    let floats = Values::Floats(vec![1.0, -2.0]);
    let two = |data_type: i32| proto(data_type, &[2]);
    assert_eq!(data(TensorProto { float_data: vec![1.0, -2.0], ..two(1) }), floats);
    assert_eq!(data(TensorProto { double_data: vec![1.0, -2.0], ..two(11) }), floats);
    assert_eq!(data(TensorProto { int32_data: vec![200, 7], ..two(2) }), integers(&[200, 7]));
    assert_eq!(data(TensorProto { int64_data: vec![i64::MIN, 7], ..two(7) }), integers(&[i64::MIN, 7]));
    assert_eq!(data(TensorProto { uint64_data: vec![1, 7], ..two(12) }), integers(&[1, 7]));
    assert_eq!(data(TensorProto { int32_data: vec![0x3c00, 0xc000], ..two(10) }), floats);
    assert_eq!(
        data(TensorProto { int32_data: vec![0x3f80, 0xbf80], ..two(16) }),
        Values::Floats(vec![1.0, -1.0])
    );
    assert_eq!(data(TensorProto { raw_data: vec![0xfe, 0xff, 1, 0], ..two(5) }), integers(&[-2, 1]));

    let cases = [
        (proto(1, &[2]), "number of entries: expected 2 for dims [2], got 0"),
        (TensorProto { raw_data: vec![0; 7], ..two(1) }, "raw_data: expected 8 bytes, got 7"),
        (TensorProto { raw_data: vec![0; 8], ..two(8) }, "data_type"),
        (TensorProto { uint64_data: vec![0, 1 << 63], ..two(13) }, "integers up to 2^63 - 1"),
        (TensorProto { data_location: 1, ..two(1) }, "external data"),
        (proto(1, &[-1]), "not negative"),
        (proto(1, &[i64::MAX, i64::MAX]), "at most"),
        (proto(1, &[1; 40]), "at most 16 axes"),
        (TensorProto { float_data: vec![f32::INFINITY, 0.0], ..two(1) }, "tensor x: entry 0 is inf"),
    ];
    for (tensor, expected) in cases {
        let got = message(Format::TensorProto, &tensor.encode_to_vec());
        assert!(got.contains(expected), "{got:?} lacks {expected:?}");
    }
    assert!(message(Format::TensorProto, b"\xff\xff\xff").contains("a protocol buffer"));
}

#[test]
fn formats_are_detected() {
    let detect = |name: &str, bytes: &[u8]| Format::detect(Path::new(name), bytes);
    assert_eq!(detect("x", &npy("<f4", "False", "(1,)", &[0; 4])).unwrap(), Format::Npy);
    assert_eq!(detect("x.JSON", b"[1]").unwrap(), Format::Json);
    assert_eq!(detect("input_0.pb", b"").unwrap(), Format::TensorProto);
    assert_eq!(detect("x.bin", b"\xff\xd8\xff\xe0").unwrap(), Format::Image);
    assert!(detect("x.npy", b"").unwrap_err().to_string().contains(".json or .pb"));
    assert!(message(Format::Image, b"\xff\xd8\xff\xe0").contains("arrays of numbers, got an image"));
}

proptest! {
    #[test]
    fn npy_round_trips(dims in prop::collection::vec(1usize..5, 0..5), seed in any::<i32>()) {
        let len = dims.iter().product::<usize>();
        let data: Vec<f32> = (0..len).map(|i| (seed.wrapping_mul(i as i32 + 1)) as f32 / 7.0).collect();
        let bytes = encode_npy_f32(&dims, &data).unwrap();
        prop_assert_eq!(bytes.len() % 64, 4 * len % 64);
        let back = decode(Format::Npy, &bytes).unwrap().remove(0);
        prop_assert_eq!((back.dims, back.values), (dims, Values::Floats(data)));
    }
}

/// What decodes is well-formed and justified by the input.
fn well_formed(tensors: &[Tensor], bytes: &[u8]) {
    assert!(!tensors.is_empty());
    for tensor in tensors {
        assert_eq!(tensor.dims.iter().product::<usize>(), tensor.values.len());
        assert!(tensor.values.len() <= bytes.len());
        assert!(tensor.floats().iter().all(|x| x.is_finite()));
    }
}

fn fuzz_format(format: Format, valid: &[Vec<u8>]) {
    fuzz(valid, |bytes| {
        if let Ok(tensors) = decode(format, bytes) {
            well_formed(&tensors, bytes);
        }
    });
}

#[test]
fn fuzz_npy() {
    fuzz_format(Format::Npy, &[npy("<f8", "True", "(2, 3)", &[0; 48]), npy("|b1", "False", "()", &[1])]);
    let valid = encode_npy_i32(&[2, 2], &[1, -2, 3, 4]).unwrap();
    fuzz(&[valid], |bytes| {
        if let Ok((dims, data)) = decode_npy_i32(bytes) {
            assert_eq!(encode_npy_i32(&dims, &data).unwrap(), bytes);
        }
    });
}

#[test]
fn fuzz_npz() {
    let array = encode_npy_f32(&[4], &[1.0, 2.0, 3.0, 4.0]).unwrap();
    let valid = [zip::CompressionMethod::Stored, zip::CompressionMethod::Deflated]
        .map(|method| npz(&[("x.npy", array.clone()), ("y.npy", array.clone())], method));
    fuzz_format(Format::Npz, &valid);
}

#[test]
fn fuzz_json() {
    fuzz_format(Format::Json, &[b"[[1, 2.5], [-3, 4e1]]".to_vec(), br#"{"b": [1], "a": [[2]]}"#.to_vec()]);
}

#[test]
fn fuzz_tensor_proto() {
    let float = TensorProto { float_data: vec![1.0, -2.0], ..proto(1, &[2]) };
    let raw = TensorProto { raw_data: vec![0xfe, 0xff, 1, 0], ..proto(5, &[2, 1]) };
    fuzz_format(Format::TensorProto, &[float.encode_to_vec(), raw.encode_to_vec()]);
}

//! What a file is that is not one of ours: so that the message can say which argument was mixed up.

/// First bytes, and what has them.
const STARTS: [(&[u8], &str); 12] = [
    (b"\x93NUMPY", "a NumPy array"),
    (b"PK\x03\x04", "a zip archive, as .npz files and PyTorch models are"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"ptau", "a ceremony's powers of tau"),
    (b"zktSRS\r\n", "an SRS"),
    (b"\x89HDF\r\n\x1a\n", "HDF5"),
    (b"\x1f\x8b", "compressed with gzip"),
    (b"\x7fELF", "a program"),
    (b"%PDF", "PDF"),
    (b"{", "JSON"),
    (b"[", "JSON"),
];

/// What the first bytes of a file look like.
pub(super) fn looks_like(bytes: &[u8]) -> Option<&'static str> {
    if bytes.is_empty() {
        return Some("nothing: it is empty");
    }
    if let Some((_, name)) = STARTS.iter().find(|(start, _)| bytes.starts_with(start)) {
        return Some(name);
    }
    // A ModelProto begins with its version (field 1, a small number), then comes the name of a producer, a
    // domain, the graph or the opset.
    match bytes {
        [0x08, 1..=0x20, 0x12 | 0x1a | 0x22 | 0x3a | 0x42, ..] => Some("ONNX"),
        _ if bytes.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace()) => Some("text"),
        _ => None,
    }
}

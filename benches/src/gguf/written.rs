//! Files of this format, for tests.

/// A file under construction.
#[derive(Default)]
pub(crate) struct File {
    pub(crate) values: Vec<u8>,
    pub(crate) value_count: u64,
    pub(crate) index: Vec<u8>,
    pub(crate) tensor_count: u64,
    pub(crate) data: Vec<u8>,
}

pub(crate) fn text(text: &str) -> Vec<u8> {
    [&(text.len() as u64).to_le_bytes()[..], text.as_bytes()].concat()
}

impl File {
    pub(crate) fn value(mut self, key: &str, kind: u32, bytes: &[u8]) -> Self {
        self.values.extend([&text(key)[..], &kind.to_le_bytes(), bytes].concat());
        self.value_count += 1;
        self
    }

    /// Extents as the file has them: innermost first.
    pub(crate) fn tensor(mut self, name: &str, dims: &[u64], kind: u32, bytes: &[u8]) -> Self {
        self.data.resize(self.data.len().next_multiple_of(32), 0);
        self.index.extend(text(name));
        self.index.extend((dims.len() as u32).to_le_bytes());
        self.index.extend(dims.iter().flat_map(|dim| dim.to_le_bytes()));
        self.index.extend(kind.to_le_bytes());
        self.index.extend((self.data.len() as u64).to_le_bytes());
        self.data.extend(bytes);
        self.tensor_count += 1;
        self
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = [&b"GGUF"[..], &3u32.to_le_bytes()].concat();
        bytes.extend(self.tensor_count.to_le_bytes());
        bytes.extend(self.value_count.to_le_bytes());
        bytes.extend(&self.values);
        bytes.extend(&self.index);
        bytes.resize(bytes.len().next_multiple_of(32), 0);
        bytes.extend(&self.data);
        bytes
    }
}

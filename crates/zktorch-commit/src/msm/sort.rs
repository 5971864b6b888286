//! Counting sort: from a key per point to lists of points per key.

/// Points grouped by key: bucket b is the next `lengths[b]` entries, at least one, and belongs to the key `keys[b]`. An *entry* is
/// `2 i` for the point i and `2 i + 1` for its negative.
#[derive(Default)]
pub(crate) struct Buckets {
    pub(crate) keys: Vec<u32>,
    pub(crate) lengths: Vec<u32>,
    pub(crate) entries: Vec<u32>,
}

impl Buckets {
    /// Groups the (key, entry) pairs of `items`, all keys below `key_count`, and appends the buckets of
    /// the keys from `skip` on; their key becomes `key_base + key`.
    pub(crate) fn push(
        &mut self,
        items: impl Iterator<Item = (u32, u32)> + Clone,
        key_count: usize,
        skip: usize,
        key_base: u32,
    ) {
        let mut next = vec![0u32; key_count];
        items.clone().for_each(|(key, _)| next[key as usize] += 1);
        // Skipped keys are sorted too, after the others, so that the loop over the items has no branch.
        let mut place = 0;
        for (key, count) in (0..).zip(&mut next).skip(skip) {
            let length = *count;
            *count = place;
            place += length;
            if length > 0 {
                self.keys.push(key_base + key);
                self.lengths.push(length);
            }
        }
        let kept = place as usize;
        for count in &mut next[..skip] {
            let length = *count;
            *count = place;
            place += length;
        }
        let begin = self.entries.len();
        self.entries.resize(begin + place as usize, 0);
        let entries = &mut self.entries[begin..];
        items.for_each(|(key, entry)| {
            let place = &mut next[key as usize];
            entries[*place as usize] = entry;
            *place += 1;
        });
        self.entries.truncate(begin + kept);
    }

    /// Groups the points of a sequence of signed digits by absolute value, at most `max`: a zero is dropped, and a point with a
    /// negative digit is negated. Keys start at `key_base`, for the digit zero.
    pub(crate) fn push_signed(
        &mut self,
        digits: impl ExactSizeIterator<Item = i32> + Clone,
        max: usize,
        key_base: u32,
    ) {
        let items =
            (0u32..).zip(digits).map(|(i, digit)| (digit.unsigned_abs(), 2 * i + u32::from(digit < 0)));
        self.push(items, max + 1, 1, key_base);
    }
}

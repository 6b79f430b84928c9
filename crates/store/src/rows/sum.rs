//! Counts and checksums of rows.

use sha2::{Digest, Sha256};

/// How many rows a table has, and their checksum. It does not depend on their order, which is each backend's own: it is the sum of the
/// rows' hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct TableSum {
    pub(crate) rows: u64,
    sum: u128,
}

impl TableSum {
    /// Adds an encoded row.
    pub(crate) fn add(&mut self, row: &[u8]) {
        let hash: [u8; 32] = Sha256::digest(row).into();
        let half = hash.first_chunk().expect("a hash is longer than half of it");
        self.rows += 1;
        self.sum = self.sum.wrapping_add(u128::from_be_bytes(*half));
    }

    /// From what [`TableSum::checksum`] returned.
    pub(crate) fn parse(rows: u64, checksum: &str) -> Option<Self> {
        (checksum.len() == 32).then_some(())?;
        Some(Self { rows, sum: u128::from_str_radix(checksum, 16).ok()? })
    }

    /// The checksum as text.
    pub(crate) fn checksum(&self) -> String {
        format!("{:032x}", self.sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_rows_does_not_matter_and_everything_else_does() {
        let sum = |rows: &[&[u8]]| {
            let mut sum = TableSum::default();
            rows.iter().for_each(|row| sum.add(row));
            sum
        };
        let both = sum(&[b"one", b"other"]);
        assert_eq!(both, sum(&[b"other", b"one"]));
        for other in [&[&b"one"[..]][..], &[b"one", b"othes"], &[b"one", b"one"], &[b"one", b"other", b"one"]]
        {
            assert_ne!(both, sum(other));
        }
        assert_eq!(TableSum::parse(both.rows, &both.checksum()), Some(both));
        assert_eq!(TableSum::parse(0, "1"), None);
    }
}

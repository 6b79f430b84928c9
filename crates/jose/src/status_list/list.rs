//! The list itself: equally wide statuses, packed into bytes from the lowest bit on (draft §4).

use std::fmt;

use super::StatusListError;
use crate::base64url;
use crate::inflate::{InflateError, Wrapping, inflate};

/// Statuses by number. A new one says [`Status::Valid`] of all.
#[derive(Clone, PartialEq, Eq)]
pub struct StatusList {
    bits: Bits,
    bytes: Vec<u8>,
}

/// How many bits each status takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bits {
    /// Valid or not.
    One,
    /// Suspended too, and one status of the application's own.
    Two,
    /// Sixteen statuses.
    Four,
    /// 256 statuses.
    Eight,
}

/// What an issuer says of one token (draft §7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// `0x00`: valid, correct or legal.
    Valid,
    /// `0x01`: revoked, for ever.
    Invalid,
    /// `0x02`: invalid for the time being.
    Suspended,
    /// Any other number: what it means is agreed upon elsewhere.
    Other(u8),
}

/// As the draft recommends: a list is compressed once and fetched often.
const COMPRESSION_LEVEL: u8 = 9;

impl StatusList {
    /// A list with room for at least this many statuses, all valid.
    #[must_use]
    pub fn new(bits: Bits, statuses: usize) -> Self {
        Self { bits, bytes: vec![0; statuses.div_ceil(bits.in_a_byte())] }
    }

    /// A list from its packed bytes.
    #[must_use]
    pub fn from_bytes(bits: Bits, bytes: Vec<u8>) -> Self {
        Self { bits, bytes }
    }

    /// The packed bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How wide each status is.
    #[must_use]
    pub fn bits(&self) -> Bits {
        self.bits
    }

    /// How many statuses it has: all that the last byte has room for are counted.
    #[must_use]
    pub fn len(&self) -> u64 {
        (self.bytes.len() as u64).saturating_mul(self.bits.in_a_byte() as u64)
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The status with this number.
    ///
    /// # Errors
    /// [`StatusListError::IndexOutOfRange`]: a list that does not reach that far says nothing, and so vouches for nothing.
    pub fn get(&self, index: u64) -> Result<Status, StatusListError> {
        let (at, shift) = self.place(index);
        let byte = at.and_then(|at| self.bytes.get(at)).ok_or_else(|| self.out_of_range(index))?;
        Ok(Status::from(byte >> shift & self.bits.mask()))
    }

    /// Sets the status with this number.
    ///
    /// # Errors
    /// [`StatusListError::IndexOutOfRange`], and [`StatusListError::StatusTooWide`] if the list has too few bits per
    /// token.
    pub fn set(&mut self, index: u64, status: Status) -> Result<(), StatusListError> {
        let (mask, value) = (self.bits.mask(), status.value());
        if value > mask {
            return Err(StatusListError::StatusTooWide { status: value, bits: self.bits });
        }
        let (at, shift) = self.place(index);
        let out_of_range = self.out_of_range(index);
        let byte = at.and_then(|at| self.bytes.get_mut(at)).ok_or(out_of_range)?;
        *byte = *byte & !(mask << shift) | value << shift;
        Ok(())
    }

    /// The list as `lst` has it: compressed with zlib, in base64url (draft §4.2).
    #[must_use]
    pub fn to_lst(&self) -> String {
        base64url::encode(miniz_oxide::deflate::compress_to_vec_zlib(&self.bytes, COMPRESSION_LEVEL))
    }

    /// Decodes `lst`, whose list may have at most `limit` bytes; inflating stops there.
    ///
    /// # Errors
    /// [`StatusListError::TooLarge`]; [`StatusListError::Malformed`] if it is not the base64url of one whole zlib stream.
    pub fn from_lst(bits: Bits, lst: &str, limit: usize) -> Result<Self, StatusListError> {
        let compressed = base64url::decode(lst).map_err(|_| StatusListError::Malformed)?;
        let mut bytes = inflate(&compressed, Wrapping::Zlib, limit).map_err(|error| match error {
            InflateError::TooLarge => StatusListError::TooLarge { limit },
            InflateError::Malformed => StatusListError::Malformed,
        })?;
        Ok(Self { bits, bytes: std::mem::take(&mut *bytes) })
    }

    /// The byte, and how far the status is from its lowest bit.
    fn place(&self, index: u64) -> (Option<usize>, u32) {
        let in_a_byte = self.bits.in_a_byte() as u64;
        let shift = (index % in_a_byte) as u32 * self.bits.width();
        (usize::try_from(index / in_a_byte).ok(), shift)
    }

    fn out_of_range(&self, index: u64) -> StatusListError {
        StatusListError::IndexOutOfRange { index, len: self.len() }
    }
}

impl fmt::Debug for StatusList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StatusList")
            .field("bits", &self.bits)
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

impl Bits {
    /// The number in `bits`.
    #[must_use]
    pub const fn width(self) -> u32 {
        match self {
            Self::One => 1,
            Self::Two => 2,
            Self::Four => 4,
            Self::Eight => 8,
        }
    }

    pub(super) fn from_width(width: u64) -> Option<Self> {
        [Self::One, Self::Two, Self::Four, Self::Eight]
            .into_iter()
            .find(|bits| u64::from(bits.width()) == width)
    }

    const fn in_a_byte(self) -> usize {
        match self {
            Self::One => 8,
            Self::Two => 4,
            Self::Four => 2,
            Self::Eight => 1,
        }
    }

    const fn mask(self) -> u8 {
        match self {
            Self::One => 0x01,
            Self::Two => 0x03,
            Self::Four => 0x0f,
            Self::Eight => 0xff,
        }
    }
}

impl fmt::Display for Bits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.width().fmt(f)
    }
}

impl Status {
    /// Its number in the list.
    #[must_use]
    pub const fn value(self) -> u8 {
        match self {
            Self::Valid => 0x00,
            Self::Invalid => 0x01,
            Self::Suspended => 0x02,
            Self::Other(value) => value,
        }
    }

    /// Whether the token may be relied on.
    #[must_use]
    pub const fn is_valid(self) -> bool {
        self.value() == 0
    }
}

impl From<u8> for Status {
    fn from(value: u8) -> Self {
        match value {
            0x00 => Self::Valid,
            0x01 => Self::Invalid,
            0x02 => Self::Suspended,
            other => Self::Other(other),
        }
    }
}

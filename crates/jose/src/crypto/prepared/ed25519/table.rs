//! The multiples of one point.

use std::sync::LazyLock;

use super::point::{Addend, Affine, Sum};
use super::scalar::Scalar;
use crate::crypto::prepared::digits::{MULTIPLES, WINDOW, WINDOWS, signed_digits};

/// The point times j · 2^(6 i), for the windows i and j from 1 to 32.
pub(super) struct Table(Box<[Addend]>);

impl Table {
    /// Never nothing, since no sum has a Z of zero.
    pub(super) fn new(point: &Affine) -> Option<Self> {
        let mut firsts = Vec::with_capacity(WINDOWS);
        let mut first = Sum::from(*point);
        for _ in 0..WINDOWS {
            firsts.push(first);
            for _ in 0..WINDOW {
                first.double();
            }
        }
        let mut multiples = Vec::with_capacity(WINDOWS * MULTIPLES);
        for first in Sum::to_affine(&firsts)? {
            let first = Addend::from(first);
            let mut multiple = Sum::NEUTRAL;
            for _ in 0..MULTIPLES {
                multiple.add(&first, false);
                multiples.push(multiple);
            }
        }
        Some(Self(Sum::to_affine(&multiples)?.into_iter().map(Addend::from).collect()))
    }

    /// Adds the point times `scalar`.
    pub(super) fn add_multiple(&self, sum: &mut Sum, scalar: &Scalar) {
        let windows = self.0.chunks_exact(MULTIPLES);
        for (digit, multiples) in signed_digits(scalar.limbs()).into_iter().zip(windows) {
            // A digit of zero adds nothing.
            let at = usize::from(digit.unsigned_abs()).checked_sub(1);
            if let Some(multiple) = at.and_then(|at| multiples.get(at)) {
                sum.add(multiple, digit < 0);
            }
        }
    }
}

/// Made when the first key is prepared, and shared by all.
pub(super) fn of_base() -> &'static Table {
    static TABLE: LazyLock<Table> = LazyLock::new(|| {
        // y = 4/5, and the even x (RFC 8032 §5.1).
        let mut base = [0x66; 32];
        base[0] = 0x58;
        Affine::decode(&base).and_then(|point| Table::new(&point)).expect("the base point is on the curve")
    });
    &TABLE
}

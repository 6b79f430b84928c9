//! The multiples of one point.

use std::sync::LazyLock;

use super::point::{Affine, Sum};
use super::scalar::Scalar;
use crate::crypto::prepared::digits::{MULTIPLES, WINDOW, WINDOWS, signed_digits};

/// SP 800-186 §3.2.1.3.
const GENERATOR: ([u64; 4], [u64; 4]) = (
    [0xf4a1_3945_d898_c296, 0x7703_7d81_2deb_33a0, 0xf8bc_e6e5_63a4_40f2, 0x6b17_d1f2_e12c_4247],
    [0xcbb6_4068_37bf_51f5, 0x2bce_3357_6b31_5ece, 0x8ee7_eb4a_7c0f_9e16, 0x4fe3_42e2_fe1a_7f9b],
);

/// The point times j · 2^(6 i), for the windows i and j from 1 to 32.
pub(super) struct Table(Box<[Affine]>);

impl Table {
    /// Nothing where a multiple is infinity, which none is: the order is a prime larger than every j.
    pub(super) fn new(point: &Affine) -> Option<Self> {
        let mut firsts = Vec::with_capacity(WINDOWS);
        let mut first = Sum::from(point);
        for _ in 0..WINDOWS {
            firsts.push(first);
            for _ in 0..WINDOW {
                first.double();
            }
        }
        let mut multiples = Vec::with_capacity(WINDOWS * MULTIPLES);
        for first in Sum::to_affine(&firsts)? {
            let mut multiple = Sum::INFINITY;
            for _ in 0..MULTIPLES {
                multiple.add(&first, false);
                multiples.push(multiple);
            }
        }
        Some(Self(Sum::to_affine(&multiples)?.into()))
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
pub(super) fn of_generator() -> &'static Table {
    static TABLE: LazyLock<Table> = LazyLock::new(|| {
        Affine::new(&GENERATOR.0, &GENERATOR.1)
            .and_then(|point| Table::new(&point))
            .expect("the generator is on the curve and of prime order")
    });
    &TABLE
}

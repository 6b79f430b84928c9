//! Points of P-256, y² = x³ − 3x + b, and their addition.

use super::field::Fe;
use crate::crypto::prepared::{Limbs, limbs_from_be};

const B: Limbs = [0x3bce_3c3e_27d2_604b, 0x651d_06b0_cc53_b0f6, 0xb3eb_bd55_7698_86bc, 0x5ac6_35d8_aa3a_93e7];

/// A point by its coordinates. Infinity has none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Affine {
    x: Fe,
    y: Fe,
}

impl Affine {
    /// Nothing where the point is not on the curve.
    pub(super) fn new(x: &Limbs, y: &Limbs) -> Option<Self> {
        let (x, y) = (Fe::new(x)?, Fe::new(y)?);
        let right = x.squared() * x - x.doubled() - x + Fe::new(&B)?;
        (y.squared() == right).then_some(Self { x, y })
    }

    /// Takes the byte 4 and both coordinates (SEC 1 §2.3.4).
    pub(super) fn from_uncompressed(bytes: &[u8]) -> Option<Self> {
        let ([x, y], []) = bytes.strip_prefix(&[4])?.as_chunks() else { return None };
        Self::new(&limbs_from_be(x), &limbs_from_be(y))
    }
}

/// A sum of points: x = X/ZZ and y = Y/ZZZ, where ZZ³ = ZZZ²; infinity has ZZ = ZZZ = 0. In these coordinates, adding an affine
/// point takes ten multiplications and no inverse. The formulas are those called madd-2008-s, mdbl-2008-s-1 and dbl-2008-s-1
/// in the Explicit-Formulas Database (Bernstein and Lange).
#[derive(Clone, Copy, Debug)]
pub(super) struct Sum {
    x: Fe,
    y: Fe,
    zz: Fe,
    zzz: Fe,
}

impl Sum {
    pub(super) const INFINITY: Self = Self { x: Fe::ONE, y: Fe::ONE, zz: Fe::ZERO, zzz: Fe::ZERO };

    pub(super) fn is_infinity(&self) -> bool {
        self.zz.is_zero()
    }

    /// Adds `point`, or subtracts it. Right for all points, with the doubling and the infinities.
    #[inline]
    pub(super) fn add(&mut self, point: &Affine, negate: bool) {
        let (x2, y2) = (point.x, point.y.negated_if(negate));
        if self.is_infinity() {
            *self = Self { x: x2, y: y2, zz: Fe::ONE, zzz: Fe::ONE };
            return;
        }
        let p = x2 * self.zz - self.x;
        let r = y2 * self.zzz - self.y;
        if p.is_zero() {
            // The same x: the same point, or its negative. Nothing is its own negative, since the order is odd.
            if r.is_zero() {
                self.double()
            } else {
                *self = Self::INFINITY
            }
            return;
        }
        let pp = p.squared();
        let ppp = p * pp;
        let q = self.x * pp;
        let x = r.squared() - ppp - q.doubled();
        let y = r * (q - x) - self.y * ppp;
        *self = Self { x, y, zz: self.zz * pp, zzz: self.zzz * ppp };
    }

    pub(super) fn double(&mut self) {
        let u = self.y.doubled();
        let v = u.squared();
        let w = u * v;
        let s = self.x * v;
        let (square, zz_square) = (self.x.squared(), self.zz.squared());
        let m = square.doubled() + square - zz_square.doubled() - zz_square;
        let x = m.squared() - s.doubled();
        let y = m * (s - x) - w * self.y;
        *self = Self { x, y, zz: v * self.zz, zzz: w * self.zzz };
    }

    /// Whether its x is this number. Infinity has none.
    pub(super) fn has_x(&self, number: &Limbs) -> bool {
        !self.is_infinity() && Fe::new(number).is_some_and(|x| x * self.zz == self.x)
    }

    /// The coordinates of many points, with one inverse for all. Nothing where one is infinity.
    pub(super) fn to_affine(sums: &[Self]) -> Option<Vec<Affine>> {
        // The products of all ZZZ before each point; then, from the last on, the inverse of what stands before.
        let mut products = Vec::with_capacity(sums.len());
        let mut product = Fe::ONE;
        for sum in sums {
            products.push(product);
            product = product * sum.zzz;
        }
        let mut inverse = product.invert()?;
        let mut points = Vec::with_capacity(sums.len());
        for (sum, before) in sums.iter().zip(products).rev() {
            let zzz = inverse * before;
            inverse = inverse * sum.zzz;
            // ZZ/ZZZ is 1/Z, and ZZ is Z².
            let z = sum.zz * zzz;
            points.push(Affine { x: sum.x * z.squared(), y: sum.y * zzz });
        }
        points.reverse();
        Some(points)
    }
}

impl From<&Affine> for Sum {
    fn from(point: &Affine) -> Self {
        Self { x: point.x, y: point.y, zz: Fe::ONE, zzz: Fe::ONE }
    }
}

#[cfg(test)]
mod tests {
    use super::{Affine, Sum};
    use crate::crypto::prepared::reference::p256::{Point, generator};
    use crate::crypto::prepared::reference::{limbs, numbers};

    fn ours(point: &Point) -> Sum {
        match &point.0 {
            None => Sum::INFINITY,
            Some((x, y)) => Sum::from(&Affine::new(&limbs(x), &limbs(y)).unwrap()),
        }
    }

    fn agrees(sum: &Sum, point: &Point) -> bool {
        match &point.0 {
            None => sum.is_infinity(),
            Some((x, y)) => {
                Sum::to_affine(&[*sum]).unwrap() == [Affine::new(&limbs(x), &limbs(y)).unwrap()]
                    && sum.has_x(&limbs(x))
            }
        }
    }

    #[test]
    fn sums_agree_with_a_reference_also_where_points_are_equal_opposite_or_infinite() {
        let multiples = numbers([0, 1, 2, 3, 5]).map(|k| generator().times(&k));
        for left in &multiples {
            for right in &multiples {
                let Some((x, y)) = &right.0 else { continue };
                let right_ours = Affine::new(&limbs(x), &limbs(y)).unwrap();
                for (negate, right) in [(false, right.clone()), (true, right.negated())] {
                    let mut sum = ours(left);
                    sum.add(&right_ours, negate);
                    let mut expected = left.plus(&right);
                    assert!(agrees(&sum, &expected));
                    // Once more, with a Z that is not one.
                    sum.add(&right_ours, negate);
                    expected = expected.plus(&right);
                    assert!(agrees(&sum, &expected));
                    sum.double();
                    assert!(agrees(&sum, &expected.plus(&expected)));
                }
            }
        }
    }
}

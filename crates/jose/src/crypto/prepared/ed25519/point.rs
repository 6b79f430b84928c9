//! Points of edwards25519, −x² + y² = 1 + d x² y², and their addition, which has no exceptions on this curve.

use super::field::{Fe, Loose};
use crate::crypto::prepared::{Limbs, limbs_from_le};

/// −121665/121666.
const D: Limbs = [0x75eb_4dca_1359_78a3, 0x0070_0a4d_4141_d8ab, 0x8cc7_4079_7779_e898, 0x5203_6cee_2b6f_fe73];

fn d() -> Fe {
    Fe::new(&D).expect("the constant is below the prime")
}

/// A point by its coordinates.
#[derive(Clone, Copy)]
pub(super) struct Affine {
    x: Fe,
    y: Fe,
}

impl Affine {
    /// Takes the one encoding of a point (RFC 8032 §5.1.3): y below the prime, and no sign where x is zero.
    pub(super) fn decode(bytes: &[u8; 32]) -> Option<Self> {
        let mut number = limbs_from_le(bytes);
        let odd = number[3] >> 63 == 1;
        number[3] &= u64::MAX >> 1;
        let y = Fe::new(&number)?;
        let square = y.squared();
        let x_square = (square - Fe::ONE) * (d() * square + Fe::ONE).carried().invert()?;
        let x = x_square.square_root()?;
        let x = if x.is_odd() == odd { x } else { x.negated() };
        (x.is_odd() == odd).then_some(Self { x, y })
    }

    pub(super) fn negated(&self) -> Self {
        Self { x: self.x.negated(), y: self.y }
    }
}

/// A point as additions take it: y + x, y − x, 2 d x y.
#[derive(Clone, Copy)]
pub(super) struct Addend {
    plus: Loose,
    minus: Loose,
    product: Loose,
}

impl From<Affine> for Addend {
    fn from(Affine { x, y }: Affine) -> Self {
        Self { plus: y + x, minus: y - x, product: (d() * (x * y)).doubled() }
    }
}

/// A sum of points: x = X/Z, y = Y/Z, x y = T/Z (Hisil, Wong, Carter and Dawson, "Twisted Edwards curves revisited", 2008).
#[derive(Clone, Copy)]
pub(super) struct Sum {
    x: Fe,
    y: Fe,
    z: Fe,
    t: Fe,
}

impl Sum {
    pub(super) const NEUTRAL: Self = Self { x: Fe::ZERO, y: Fe::ONE, z: Fe::ONE, t: Fe::ZERO };

    /// Adds `point`, or subtracts it. Right for all points, the order of which does not matter (section 3.1 of the paper).
    pub(super) fn add(&mut self, point: &Addend, negate: bool) {
        // The negative of a point has the first two exchanged, and the third negated.
        let (plus, minus) = if negate { (&point.minus, &point.plus) } else { (&point.plus, &point.minus) };
        let a = (self.y - self.x) * *minus;
        let b = (self.y + self.x) * *plus;
        let c = self.t * point.product;
        let d = self.z.doubled().carried();
        let (less, more) = (d - c, d + c);
        let (f, g) = if negate { (more, less) } else { (less, more) };
        let (e, h) = (b - a, b + a);
        *self = Self { x: e * f, y: g * h, z: f * g, t: e * h };
    }

    /// Section 3.3 of the paper.
    pub(super) fn double(&mut self) {
        let (a, b) = (self.x.squared(), self.y.squared());
        let c = self.z.squared().doubled().carried();
        let h = (a + b).carried();
        let e = h - (self.x + self.y).squared();
        let g = (a - b).carried();
        let f = c + g;
        *self = Self { x: e * f, y: g * h, z: f * g, t: e * h };
    }

    /// The coordinates of many points, with one inverse for all. None has a Z of zero.
    pub(super) fn to_affine(sums: &[Self]) -> Option<Vec<Affine>> {
        // The products of all Z before each point; then, from the last on, the inverse of what stands before.
        let mut products = Vec::with_capacity(sums.len());
        let mut product = Fe::ONE;
        for sum in sums {
            products.push(product);
            product = product * sum.z;
        }
        let mut inverse = product.invert()?;
        let mut points = Vec::with_capacity(sums.len());
        for (sum, before) in sums.iter().zip(products).rev() {
            let z = inverse * before;
            inverse = inverse * sum.z;
            points.push(Affine { x: sum.x * z, y: sum.y * z });
        }
        points.reverse();
        Some(points)
    }

    /// The one encoding of the point (RFC 8032 §5.1.2).
    pub(super) fn encode(&self) -> Option<[u8; 32]> {
        let z = self.z.invert()?;
        let mut bytes = (self.y * z).bytes();
        bytes[31] |= u8::from((self.x * z).is_odd()) << 7;
        Some(bytes)
    }
}

impl From<Affine> for Sum {
    fn from(Affine { x, y }: Affine) -> Self {
        Self { x, y, z: Fe::ONE, t: x * y }
    }
}

#[cfg(test)]
mod tests {
    use super::{Addend, Affine, Sum};
    use crate::crypto::prepared::reference::ed25519::{Point, base, small_order};
    use crate::crypto::prepared::reference::numbers;

    fn points() -> Vec<Point> {
        let mut points = small_order();
        for k in numbers([1, 1 << 40]) {
            points.push(base().times(&k));
            points.push(base().times(&k).plus(&small_order()[1]));
        }
        points
    }

    #[test]
    fn sums_agree_with_a_reference_for_points_of_every_order() {
        for left in points() {
            for right in points() {
                let addend = Addend::from(Affine::decode(&right.encode()).unwrap());
                for (negate, right) in [(false, right.clone()), (true, right.negated())] {
                    let mut sum = Sum::from(Affine::decode(&left.encode()).unwrap());
                    sum.add(&addend, negate);
                    let expected = left.plus(&right);
                    assert_eq!(sum.encode(), Some(expected.encode()));
                    // Once more, with a Z that is not one.
                    sum.add(&addend, negate);
                    let expected = expected.plus(&right);
                    assert_eq!(sum.encode(), Some(expected.encode()));
                    sum.double();
                    let expected = expected.plus(&expected);
                    assert_eq!(sum.encode(), Some(expected.encode()));
                    let affine = Sum::to_affine(&[sum, Sum::NEUTRAL, sum]).unwrap();
                    assert!(affine.iter().step_by(2).all(|p| Sum::from(*p).encode() == sum.encode()));
                }
            }
        }
    }

    #[test]
    fn only_the_one_encoding_of_a_point_is_read() {
        for point in points() {
            let encoded = point.encode();
            assert_eq!(Sum::from(Affine::decode(&encoded).unwrap()).encode(), Some(encoded));
            let mut other = encoded;
            other[31] ^= 0x80;
            // The other sign is the negative, except where x is zero: there it is nothing.
            let negative = point.negated().encode();
            assert_eq!(Affine::decode(&other).is_some(), negative == other);
        }
        // y from the prime to 2^255 − 1, of either sign.
        for low in 0xed..=0xff {
            for high in [0x7f, 0xff] {
                let mut encoded = [0xff; 32];
                (encoded[0], encoded[31]) = (low, high);
                assert!(Affine::decode(&encoded).is_none());
            }
        }
    }
}

//! Where fresh keys, initialisation vectors and salts come from.

use crate::crypto::{AgreementCurve, AgreementKey, Refused, fill_random};

/// A source of randomness. The tests have another one, to make published examples again.
pub(super) trait Randomness {
    fn fill(&mut self, bytes: &mut [u8]);

    fn ephemeral(&mut self, curve: AgreementCurve) -> Result<AgreementKey, Refused>;
}

/// The only source there is outside of tests.
pub(super) struct SystemRandomness;

impl Randomness for SystemRandomness {
    fn fill(&mut self, bytes: &mut [u8]) {
        fill_random(bytes);
    }

    fn ephemeral(&mut self, curve: AgreementCurve) -> Result<AgreementKey, Refused> {
        AgreementKey::generate(curve)
    }
}

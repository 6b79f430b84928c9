//! Whether the names of an object differ.

/// The names that an object has had so far, each as a few bytes of it.
pub(super) struct Names {
    /// A set bit for each print, so that most names are told apart by one look.
    bits: u64,
    prints: [u32; Self::ROOM],
    len: usize,
}

impl Names {
    /// Objects with more members are left to the document.
    const ROOM: usize = 32;

    pub(super) fn new() -> Self {
        Self { bits: 0, prints: [0; Self::ROOM], len: 0 }
    }

    /// Adds a name without escapes. Whether it certainly differs from all others.
    pub(super) fn add(&mut self, name: &[u8]) -> bool {
        let print = print(name);
        let bit = 1 << (print.wrapping_mul(0x9e37_79b9) >> 26);
        let met = self.bits & bit != 0 && self.prints.iter().take(self.len).any(|known| *known == print);
        let Some(place) = self.prints.get_mut(self.len) else { return false };
        *place = print;
        self.bits |= bit;
        self.len += 1;
        !met
    }
}

/// Length, first, middle and last letter: equal for equal names, and seldom for others.
fn print(name: &[u8]) -> u32 {
    let letter = |at: usize| name.get(at).copied().unwrap_or(0);
    let length = name.len().to_le_bytes()[0];
    u32::from_le_bytes([length, letter(0), letter(name.len() / 2), letter(name.len().wrapping_sub(1))])
}

//! Cutting an input into its parts.

/// The parts of an input, which has a NUL between each two; absent where there are fewer. What follows the last is part
/// of it.
pub fn parts<const N: usize>(data: &[u8]) -> Option<[&[u8]; N]> {
    let mut parts = data.splitn(N, |byte| *byte == 0);
    let mut out: [&[u8]; N] = [&[]; N];
    for part in &mut out {
        *part = parts.next()?;
    }
    Some(out)
}

/// The parts of an input as texts.
pub fn texts<const N: usize>(data: &[u8]) -> Option<[&str; N]> {
    let parts = parts::<N>(data)?;
    let mut out = [""; N];
    for (text, part) in out.iter_mut().zip(parts) {
        *text = std::str::from_utf8(part).ok()?;
    }
    Some(out)
}

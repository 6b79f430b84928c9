//! AES key wrap (RFC 3394).

use aws_lc_rs::cipher::{
    AES_192, DecryptingKey, DecryptionContext, EncryptingKey, EncryptionContext, UnboundCipherKey,
};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::key_wrap::{AES_128, AES_256, AesKek, KeyWrap};
use zeroize::Zeroizing;

use super::Refused;

/// Wraps a key under a key of 16, 24 or 32 bytes.
pub(crate) fn aes_wrap(kek: &[u8], key: &[u8]) -> Result<Vec<u8>, Refused> {
    if kek.len() == 24 {
        return wrap_192(kek, key);
    }
    let mut out = vec![0; key.len() + 8];
    let len = library_kek(kek)?.wrap(key, &mut out)?.len();
    out.truncate(len);
    Ok(out)
}

/// Undoes [`aes_wrap`].
pub(crate) fn aes_unwrap(kek: &[u8], wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, Refused> {
    if !wrapped.len().is_multiple_of(8) || wrapped.len() < 24 {
        return Err(Refused);
    }
    if kek.len() == 24 {
        return unwrap_192(kek, wrapped);
    }
    let mut out = Zeroizing::new(vec![0; wrapped.len()]);
    let len = library_kek(kek)?.unwrap(wrapped, &mut out)?.len();
    out.truncate(len);
    Ok(out)
}

fn library_kek(kek: &[u8]) -> Result<AesKek, Refused> {
    Ok(AesKek::new(if kek.len() == 16 { &AES_128 } else { &AES_256 }, kek)?)
}

/// RFC 3394 §2.2.3.1.
const INITIAL: [u8; 8] = [0xa6; 8];

// The library wraps with 128 and 256 bits only, so 192 bits are done here from its bare cipher (RFC 3394 §2.2).

fn wrap_192(kek: &[u8], key: &[u8]) -> Result<Vec<u8>, Refused> {
    if !key.len().is_multiple_of(8) || key.len() < 16 {
        return Err(Refused);
    }
    let cipher = EncryptingKey::ecb(UnboundCipherKey::new(&AES_192, kek)?)?;
    let mut check = INITIAL;
    let mut blocks = Zeroizing::new(key.to_vec());
    let mut step = 0u64;
    for _ in 0..6 {
        for block in blocks.chunks_exact_mut(8) {
            step += 1;
            let mut both = Zeroizing::new([check.as_slice(), block].concat());
            cipher.less_safe_encrypt(&mut both, EncryptionContext::None)?;
            let (head, tail) = both.split_at_checked(8).ok_or(Refused)?;
            check = (u64::from_be_bytes(head.try_into().map_err(|_| Refused)?) ^ step).to_be_bytes();
            block.copy_from_slice(tail);
        }
    }
    Ok([check.as_slice(), &blocks].concat())
}

fn unwrap_192(kek: &[u8], wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, Refused> {
    let cipher = DecryptingKey::ecb(UnboundCipherKey::new(&AES_192, kek)?)?;
    let (check, blocks) = wrapped.split_first_chunk::<8>().ok_or(Refused)?;
    let mut check = *check;
    let mut blocks = Zeroizing::new(blocks.to_vec());
    let mut step = u64::try_from(blocks.len() / 8 * 6).map_err(|_| Refused)?;
    for _ in 0..6 {
        for block in blocks.chunks_exact_mut(8).rev() {
            let head = (u64::from_be_bytes(check) ^ step).to_be_bytes();
            let mut both = Zeroizing::new([head.as_slice(), block].concat());
            let both = cipher.decrypt(&mut both, DecryptionContext::None)?;
            let (head, tail) = both.split_at_checked(8).ok_or(Refused)?;
            check = head.try_into().map_err(|_| Refused)?;
            block.copy_from_slice(tail);
            step -= 1;
        }
    }
    verify_slices_are_equal(&check, &INITIAL)?;
    Ok(blocks)
}

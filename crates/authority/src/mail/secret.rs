//! What is secret in a mail, encrypted for one mail.

use zeroize::Zeroizing;

use crate::MailId;
use crate::keys::{MasterKey, SealedKey};

/// Encrypts what is secret in a mail with the master key. It cannot be moved to another mail.
pub fn seal_secret(master: &MasterKey, mail: MailId, secret: &[u8]) -> SealedKey {
    master.seal_named(&name(mail), secret)
}

/// Decrypts [`seal_secret`]; `None` with another master key, or for another mail.
pub fn open_secret(master: &MasterKey, mail: MailId, sealed: &SealedKey) -> Option<Zeroizing<Vec<u8>>> {
    master.open_named(&name(mail), sealed)
}

fn name(mail: MailId) -> String {
    format!("mail {mail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_for_one_mail_and_one_key() {
        let (key, other) = (MasterKey::from_bytes([1; 32]), MasterKey::from_bytes([2; 32]));
        let (mail, another) = (MailId::from_bytes([1; 16]), MailId::from_bytes([2; 16]));
        let sealed = seal_secret(&key, mail, b"secret");
        assert_eq!(open_secret(&key, mail, &sealed).expect("a secret").as_slice(), b"secret");
        assert!(
            open_secret(&key, another, &sealed).is_none() && open_secret(&other, mail, &sealed).is_none()
        );
    }
}

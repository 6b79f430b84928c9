//! Adding and withdrawing keys, as far as the store has to know: pure functions.

use jeton_jose::Timestamp;

use super::{KeyId, StoredKey};
use crate::audit::{Actor, AuditEvent, AuditRecord, AuditSubject, Decided};

/// The outcome of adding signing keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyAddition {
    /// They are stored.
    Added,
    /// The condition of the addition no longer held: somebody else added keys first. Nothing was changed.
    Superseded,
}

/// The outcome of withdrawing a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyWithdrawal {
    /// It is withdrawn.
    Withdrawn,
    /// It had been withdrawn before.
    AlreadyWithdrawn,
    /// There is no such key.
    Unknown,
}

/// The newest stored key that has the purpose of one that is added. An addition names it, so that two at once cannot both
/// succeed.
pub fn newest(stored: &[StoredKey], added: &[StoredKey]) -> Option<KeyId> {
    let same_purpose = |key: &&StoredKey| added.iter().any(|other| other.purpose == key.purpose);
    stored.iter().rfind(same_purpose).map(|key| key.id.clone())
}

/// Adds keys beside those that are stored, if the newest one of their purposes is still `expected`. The records, or nothing where somebody
/// else was first.
pub fn add(
    stored: &[StoredKey],
    added: &[StoredKey],
    expected: Option<&KeyId>,
    by: &Actor,
) -> Option<Vec<AuditRecord>> {
    let is_known = |key: &StoredKey| stored.iter().any(|other| other.id == key.id);
    if newest(stored, added).as_ref() != expected || added.iter().any(is_known) {
        return None;
    }
    let record = |key: &StoredKey| record(AuditEvent::KeyAdded, &key.id, by, key.created_at);
    Some(added.iter().map(record).collect())
}

/// Withdraws a key.
pub fn withdraw(stored: &[StoredKey], key: &KeyId, by: &Actor, now: Timestamp) -> Decided<KeyWithdrawal> {
    match stored.iter().find(|stored| stored.id == *key) {
        None => Decided::nothing(KeyWithdrawal::Unknown),
        Some(stored) if stored.withdrawn_at.is_some() => Decided::nothing(KeyWithdrawal::AlreadyWithdrawn),
        Some(_) => {
            Decided::recorded(KeyWithdrawal::Withdrawn, record(AuditEvent::KeyWithdrawn, key, by, now))
        }
    }
}

fn record(event: AuditEvent, key: &KeyId, by: &Actor, now: Timestamp) -> AuditRecord {
    AuditRecord::new(event, by.clone(), AuditSubject::key(key.as_str()), now)
}

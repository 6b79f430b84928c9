//! Who adds a user first, of two whose names look alike: no index keeps such names apart, since imported users may have them.

use jeton_authority::user::Username;

use super::columns::params;
use super::connection::Connection;
use super::error::Failed;

/// How many rows the table has. Names that share a row wait for each other without need.
const LOCKS: i16 = 64;

/// Waits until nobody else adds a user whose name looks like this one.
pub(super) async fn lock(db: &Connection, username: &Username) -> Result<(), Failed> {
    let number = username.folded().bytes().fold(0_u16, |sum, byte| sum.wrapping_mul(31) ^ u16::from(byte));
    let number = i16::try_from(number % LOCKS.unsigned_abs()).map_err(|_| Failed::Unreadable)?;
    db.rows("SELECT 1 FROM name_locks WHERE number = $1 FOR UPDATE", params![number]).await.map(drop)
}

//! Who may do what to whom: nobody gives a right that they do not have, nobody acts on those who have more rights, and the last owner
//! stays.

use super::{Right, Role, UserStatus, may};
use crate::UserId;
use crate::audit::Actor;

/// What is to be done to a user, as far as it matters who may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Anything that leaves the user's role and status alone. A password or an address leads into the account, so it counts too.
    Change,
    /// Lets the user sign in again.
    Enable,
    /// Keeps the user from signing in.
    Disable,
    /// Removes the user.
    Remove,
    /// Gives the user a role.
    Give(Role),
}

impl Act {
    /// Whether an owner to whom it is done may be one no more.
    pub const fn may_cost_an_owner(self) -> bool {
        match self {
            Self::Change | Self::Enable | Self::Give(Role::Owner) => false,
            Self::Disable | Self::Remove | Self::Give(_) => true,
        }
    }
}

/// What of a user decides what they may do, and what may be done to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Privileges {
    /// The user.
    pub id: UserId,
    /// Their role.
    pub role: Role,
    /// Whether they may sign in. A disabled user may do nothing.
    pub status: UserStatus,
}

impl Privileges {
    /// Whether the user has a right.
    pub fn has(&self, right: Right) -> bool {
        self.status == UserStatus::Active && may(self.role, right)
    }
}

/// Why something may not be done to a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActRefusal {
    /// Who asks for it does not have the rights that it takes, or those of the user.
    NotAllowed,
    /// No owner would be left who can sign in.
    LastOwner,
}

/// Whether something may be done to a user. The command line may do everything, since it also makes owners. `actor` is the user
/// who does it, if it is a user: none where they are gone. `other_owners` is how many other owners can sign in.
///
/// # Errors
/// The reason why not.
pub fn permit(
    act: Act,
    target: Privileges,
    by: &Actor,
    actor: Option<Privileges>,
    other_owners: u64,
) -> Result<(), ActRefusal> {
    match by {
        Actor::Authority | Actor::Operator => return Ok(()),
        Actor::User(user) if *user == target.id => {
            if let Act::Give(role) = act {
                refuse_unless(target.role.covers(role))?;
            }
        }
        Actor::User(_) => {
            let actor = actor.ok_or(ActRefusal::NotAllowed)?;
            refuse_unless(actor.has(Right::ChangeUsers) && actor.role.covers(target.role))?;
            if let Act::Give(role) = act {
                refuse_unless(actor.role.covers(role))?;
            }
        }
        // A client has no role.
        Actor::Client(_) => return Err(ActRefusal::NotAllowed),
    }
    let is_owner = target.role == Role::Owner && target.status == UserStatus::Active;
    if act.may_cost_an_owner() && is_owner && other_owners == 0 {
        return Err(ActRefusal::LastOwner);
    }
    Ok(())
}

const fn refuse_unless(allowed: bool) -> Result<(), ActRefusal> {
    if allowed { Ok(()) } else { Err(ActRefusal::NotAllowed) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: UserId = UserId::from_bytes([1; 16]);
    const BOB: UserId = UserId::from_bytes([2; 16]);

    const fn privileges(id: UserId, role: Role) -> Privileges {
        Privileges { id, role, status: UserStatus::Active }
    }

    /// Bob, who has a role, does something to Ada, who has another. There are other owners.
    fn permitted(act: Act, actor: Role, target: Role) -> bool {
        let (bob, ada) = (privileges(BOB, actor), privileges(ADA, target));
        permit(act, ada, &Actor::User(BOB), Some(bob), 2).is_ok()
    }

    const ACTS: [Act; 4] = [Act::Change, Act::Enable, Act::Disable, Act::Remove];

    #[test]
    fn who_may_change_users_acts_on_those_with_no_more_rights() {
        for act in ACTS {
            for (place, target) in Role::ALL.into_iter().enumerate() {
                assert!(permitted(act, Role::Owner, target));
                assert_eq!(permitted(act, Role::Operator, target), place <= 2, "{act:?} {target:?}");
                assert!(!permitted(act, Role::Auditor, target) && !permitted(act, Role::Member, target));
            }
        }
    }

    #[test]
    fn nobody_gives_a_right_that_they_do_not_have() {
        for given in Role::ALL {
            let act = Act::Give(given);
            assert!(permitted(act, Role::Owner, Role::Member));
            assert_eq!(permitted(act, Role::Operator, Role::Member), given != Role::Owner);
            assert!(
                !permitted(act, Role::Auditor, Role::Member) && !permitted(act, Role::Member, Role::Member)
            );
            for own in Role::ALL {
                let bob = privileges(BOB, own);
                let to_oneself = permit(act, bob, &Actor::User(BOB), Some(bob), 2).is_ok();
                assert_eq!(to_oneself, own.covers(given), "{own:?} {given:?}");
            }
        }
    }

    #[test]
    fn a_disabled_or_removed_user_does_nothing() {
        let bob = Privileges { status: UserStatus::Disabled, ..privileges(BOB, Role::Owner) };
        for actor in [Some(bob), None] {
            let permitted = permit(Act::Change, privileges(ADA, Role::Member), &Actor::User(BOB), actor, 2);
            assert_eq!(permitted, Err(ActRefusal::NotAllowed));
        }
        let by = Actor::Client("web".into());
        assert!(permit(Act::Change, privileges(ADA, Role::Member), &by, None, 2).is_err());
    }

    #[test]
    fn the_last_owner_is_neither_disabled_nor_removed_nor_given_another_role() {
        let (ada, bob) = (privileges(ADA, Role::Owner), privileges(BOB, Role::Owner));
        let gone = [Act::Disable, Act::Remove, Act::Give(Role::Member), Act::Give(Role::Operator)];
        for act in gone {
            for by in [ADA, BOB] {
                let by = Actor::User(by);
                assert_eq!(permit(act, ada, &by, Some(bob), 0), Err(ActRefusal::LastOwner), "{act:?} {by:?}");
                assert_eq!(permit(act, ada, &by, Some(bob), 1), Ok(()));
            }
            assert_eq!(
                permit(act, ada, &Actor::Operator, None, 0),
                Ok(()),
                "the command line opens the door again"
            );
            let disabled = Privileges { status: UserStatus::Disabled, ..ada };
            assert_eq!(permit(act, disabled, &Actor::User(BOB), Some(bob), 0), Ok(()), "no owner as it is");
        }
        for act in [Act::Change, Act::Enable, Act::Give(Role::Owner)] {
            assert_eq!(permit(act, ada, &Actor::User(ADA), Some(ada), 0), Ok(()), "{act:?}");
        }
    }
}

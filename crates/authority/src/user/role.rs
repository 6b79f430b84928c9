//! What a user may do about the authority: the roles, and one table of what each may.

/// What a user may do about the authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Signs in to applications, and administers nothing but the own account.
    Member,
    /// Sees everything and changes nothing.
    Auditor,
    /// Administers users, clients and keys.
    Operator,
    /// May do everything. Only owners act on owners.
    Owner,
}

/// Something that a role allows or does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Right {
    /// See users.
    ReadUsers,
    /// Add, change, disable and remove users, and give them roles.
    ChangeUsers,
    /// See clients, and what their tokens would contain.
    ReadClients,
    /// Add, change and remove clients.
    ChangeClients,
    /// See the keys.
    ReadKeys,
    /// Rotate, retire and withdraw keys.
    ChangeKeys,
    /// See sessions and grants.
    ReadSessions,
    /// End sessions and grants.
    EndSessions,
    /// See the audit trail.
    ReadAudit,
    /// See the settings and the figures of the server.
    ReadSettings,
    /// Be the owner: act on owners, and make others owners.
    Own,
}

impl Right {
    /// All rights.
    pub const ALL: [Self; 11] = [
        Self::ReadUsers,
        Self::ChangeUsers,
        Self::ReadClients,
        Self::ChangeClients,
        Self::ReadKeys,
        Self::ChangeKeys,
        Self::ReadSessions,
        Self::EndSessions,
        Self::ReadAudit,
        Self::ReadSettings,
        Self::Own,
    ];

    /// Its stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReadUsers => "read_users",
            Self::ChangeUsers => "change_users",
            Self::ReadClients => "read_clients",
            Self::ChangeClients => "change_clients",
            Self::ReadKeys => "read_keys",
            Self::ChangeKeys => "change_keys",
            Self::ReadSessions => "read_sessions",
            Self::EndSessions => "end_sessions",
            Self::ReadAudit => "read_audit",
            Self::ReadSettings => "read_settings",
            Self::Own => "own",
        }
    }

    /// Whether it changes nothing.
    pub const fn only_reads(self) -> bool {
        match self {
            Self::ReadUsers
            | Self::ReadClients
            | Self::ReadKeys
            | Self::ReadSessions
            | Self::ReadAudit
            | Self::ReadSettings => true,
            Self::ChangeUsers | Self::ChangeClients | Self::ChangeKeys | Self::EndSessions | Self::Own => {
                false
            }
        }
    }
}

/// Whether a role has a right.
pub const fn may(role: Role, right: Right) -> bool {
    match role {
        Role::Member => false,
        Role::Auditor => right.only_reads(),
        Role::Operator => !matches!(right, Right::Own),
        Role::Owner => true,
    }
}

impl Role {
    /// All roles, from the one with the fewest rights to the one with all of them.
    pub const ALL: [Self; 4] = [Self::Member, Self::Auditor, Self::Operator, Self::Owner];

    /// Its stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Auditor => "auditor",
            Self::Operator => "operator",
            Self::Owner => "owner",
        }
    }

    /// The role of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }

    /// Whether it has every right that another has.
    pub fn covers(self, other: Self) -> bool {
        Right::ALL.into_iter().all(|right| may(self, right) || !may(other, right))
    }

    /// Whether it administers anything.
    pub fn administers(self) -> bool {
        Right::ALL.into_iter().any(|right| may(self, right))
    }

    /// The role as a store keeps it. Owners are flagged, as administrators were before there were other roles, so that a version from
    /// before on the same database keeps them; the other roles have names, which that version leaves alone.
    pub const fn to_stored(self) -> (bool, &'static str) {
        match self {
            Self::Owner => (true, ""),
            Self::Member => (false, ""),
            other => (false, other.as_str()),
        }
    }

    /// Reads what [`Role::to_stored`] wrote. A role that only a newer version knows has no rights here.
    pub fn from_stored(owner: bool, name: &str) -> Self {
        if owner {
            Self::Owner
        } else {
            Self::parse(name).filter(|role| *role != Self::Owner).unwrap_or(Self::Member)
        }
    }
}

impl std::str::FromStr for Role {
    type Err = UnknownRole;

    fn from_str(name: &str) -> Result<Self, UnknownRole> {
        Self::parse(name).ok_or(UnknownRole)
    }
}

/// A text is not the name of a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the role must be owner, operator, auditor or member")]
pub struct UnknownRole;

impl UnknownRole {
    /// The stable name of this error.
    pub const fn code(&self) -> &'static str {
        "role_unknown"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_right_is_had_by_these_roles_and_no_others() {
        use Role::{Auditor, Operator, Owner};
        for (right, having) in [
            (Right::ReadUsers, vec![Auditor, Operator, Owner]),
            (Right::ChangeUsers, vec![Operator, Owner]),
            (Right::ReadClients, vec![Auditor, Operator, Owner]),
            (Right::ChangeClients, vec![Operator, Owner]),
            (Right::ReadKeys, vec![Auditor, Operator, Owner]),
            (Right::ChangeKeys, vec![Operator, Owner]),
            (Right::ReadSessions, vec![Auditor, Operator, Owner]),
            (Right::EndSessions, vec![Operator, Owner]),
            (Right::ReadAudit, vec![Auditor, Operator, Owner]),
            (Right::ReadSettings, vec![Auditor, Operator, Owner]),
            (Right::Own, vec![Owner]),
        ] {
            for role in Role::ALL {
                assert_eq!(may(role, right), having.contains(&role), "{role:?} {right:?}");
            }
        }
    }

    #[test]
    fn a_role_covers_those_with_no_more_rights() {
        for (place, role) in Role::ALL.into_iter().enumerate() {
            for (other_place, other) in Role::ALL.into_iter().enumerate() {
                assert_eq!(role.covers(other), place >= other_place, "{role:?} {other:?}");
            }
        }
        assert!(!Role::Member.administers() && Role::Auditor.administers());
    }

    #[test]
    fn a_role_comes_back_as_it_was_stored() {
        for role in Role::ALL {
            let (owner, name) = role.to_stored();
            assert_eq!(Role::from_stored(owner, name), role);
            assert_eq!(role.as_str().parse(), Ok(role));
        }
    }

    #[test]
    fn what_another_version_stored_gives_no_right_that_it_did_not_give() {
        assert_eq!(
            Role::from_stored(true, "operator"),
            Role::Owner,
            "an import made the operator an administrator"
        );
        assert_eq!(Role::from_stored(false, "emperor"), Role::Member);
        assert_eq!(Role::from_stored(false, "owner"), Role::Member);
        assert_eq!("admin".parse::<Role>(), Err(UnknownRole));
    }
}

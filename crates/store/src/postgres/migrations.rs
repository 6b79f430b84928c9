//! The steps of the schema. Their numbers and names are those of SQLite's.

/// One step of the schema.
#[derive(Debug)]
pub(super) struct Migration {
    pub(super) number: u32,
    pub(super) name: &'static str,
    pub(super) sql: &'static str,
}

macro_rules! migration {
    ($number:literal, $name:literal, $file:literal) => {
        Migration {
            number: $number,
            name: $name,
            sql: include_str!(concat!("../../migrations/postgres/", $file)),
        }
    };
}

/// All migrations in their order, numbered from 1.
pub(super) const MIGRATIONS: &[Migration] = &[
    migration!(1, "users_grants_keys", "0001_users_grants_keys.sql"),
    migration!(2, "clients_sessions_codes", "0002_clients_sessions_codes.sql"),
    migration!(3, "one_time_rows", "0003_one_time_rows.sql"),
    migration!(4, "consented_details", "0004_consented_details.sql"),
    migration!(5, "consented_resources", "0005_consented_resources.sql"),
    migration!(6, "redeemed_devices", "0006_redeemed_devices.sql"),
    migration!(7, "sweep_indexes", "0007_sweep_indexes.sql"),
    migration!(8, "removed_clients", "0008_removed_clients.sql"),
    migration!(9, "excused_generations", "0009_excused_generations.sql"),
    migration!(10, "decided_devices", "0010_decided_devices.sql"),
    migration!(11, "session_lines", "0011_session_lines.sql"),
    migration!(12, "known_networks", "0012_known_networks.sql"),
    migration!(13, "consented_appearance", "0013_consented_appearance.sql"),
    migration!(14, "master_key_check", "0014_master_key_check.sql"),
    migration!(15, "accounts", "0015_accounts.sql"),
    migration!(16, "session_clients", "0016_session_clients.sql"),
    migration!(17, "token_api_clients", "0017_token_api_clients.sql"),
    migration!(18, "folded_names", "0018_folded_names.sql"),
    migration!(19, "marks", "0019_marks.sql"),
    migration!(20, "claimed_logouts", "0020_claimed_logouts.sql"),
    migration!(21, "audit_actors", "0021_audit_actors.sql"),
    migration!(22, "revocations", "0022_revocations.sql"),
    migration!(23, "grants_outside_sessions", "0023_grants_outside_sessions.sql"),
    migration!(24, "nodes", "0024_nodes.sql"),
    migration!(25, "audit_chain", "0025_audit_chain.sql"),
    migration!(26, "status_indexes", "0026_status_indexes.sql"),
    migration!(27, "authenticators", "0027_authenticators.sql"),
    migration!(28, "account", "0028_account.sql"),
    migration!(29, "mails", "0029_mails.sql"),
    migration!(30, "password_resets", "0030_password_resets.sql"),
    migration!(31, "roles", "0031_roles.sql"),
];

/// The schema that this program works with.
pub(super) const KNOWN: u32 = MIGRATIONS[MIGRATIONS.len() - 1].number;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn the_migrations_are_those_of_sqlite() {
        let files = |backend: &str| {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(backend);
            let entries = fs::read_dir(folder).expect("a folder of migrations");
            let names =
                entries.map(|entry| entry.expect("a file").file_name().into_string().expect("a name"));
            names.collect::<BTreeSet<_>>()
        };
        assert_eq!(files("postgres"), files("sqlite"));
        let applied: Vec<String> =
            MIGRATIONS.iter().map(|step| format!("{:04}_{}.sql", step.number, step.name)).collect();
        assert_eq!(applied, files("postgres").into_iter().collect::<Vec<_>>());
    }
}

//! What a migration may do while programs from before it go on using the database, and others wait for its tables.
//!
//! *Expand and contract*: a migration adds; what the program before it uses stays until a later release, which no longer knows that program.
//! And nothing makes writers wait for longer than a moment, or servers start only after all rows were looked at.

use std::fs;
use std::path::Path;

/// The first migration that has to keep to the rules. Before the first release, nobody ran one program beside the next.
const FIRST: u32 = 24;

/// Statements that are allowed all the same: the backend, the number, how the statement begins, and why.
const ALLOWED: [(&str, u32, &str, &str); 4] = [
    ("sqlite", 30, "CREATE INDEX users_by_email", SELDOM_WRITTEN),
    ("postgres", 30, "CREATE INDEX users_by_email", SELDOM_WRITTEN),
    ("sqlite", 31, "CREATE INDEX administrators", FEW_ROWS),
    ("postgres", 31, "CREATE INDEX administrators", FEW_ROWS),
];

const SELDOM_WRITTEN: &str =
    "users are seldom written, and while it reads them, they are read and locked all the same";

const FEW_ROWS: &str = "it reads a million users within a second and holds few of them, and while it does, users are read all the same";

/// Why a statement is refused, given the tables that its migration makes.
fn problem(statement: &str, made: &[String]) -> Option<&'static str> {
    let words: Vec<String> = statement.split_whitespace().map(str::to_uppercase).collect();
    let upper = words.join(" ");
    let has = |text: &str| upper.contains(text);
    // The table of a statement is new where the migration itself has made it: nobody uses it yet.
    let is_new = |table: Option<&String>| {
        table.is_some_and(|table| made.contains(&table.trim_matches(|c| c == '(' || c == '"').to_owned()))
    };
    let after = |word: &str| words.iter().position(|other| other == word).and_then(|at| words.get(at + 1));
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["DROP", "TABLE" | "VIEW" | "FUNCTION" | "TRIGGER", ..] => Some("the program before uses it"),
        ["DROP", "INDEX", ..] => None,
        ["ALTER", "TABLE", table, ..] if is_new(Some(&(*table).to_owned())) => None,
        ["ALTER", "TABLE", ..] if has(" RENAME ") => Some("the program before knows the old name"),
        ["ALTER", "TABLE", ..] if has(" DROP COLUMN ") || has(" DROP DEFAULT") => {
            Some("the program before uses the column or its default")
        }
        ["ALTER", "TABLE", ..] if has(" TYPE ") => {
            Some("it rewrites the table, and the program before knows the old type")
        }
        ["ALTER", "TABLE", ..] if has(" SET NOT NULL") => Some("it reads the whole table under a lock"),
        ["ALTER", "TABLE", ..] if has(" ADD CONSTRAINT ") || has(" REFERENCES ") => {
            Some("it reads the whole table under a lock, and the program before does not keep to it")
        }
        ["ALTER", "TABLE", ..] if has(" ADD COLUMN ") && (has(" UNIQUE") || has(" PRIMARY KEY")) => {
            Some("it makes an index under a lock")
        }
        ["ALTER", "TABLE", ..] if has(" NOT NULL") && !has(" DEFAULT ") => {
            Some("the program before writes no value")
        }
        ["ALTER", "TABLE", ..] if default_is_computed(&upper) => Some("it rewrites the table"),
        ["CREATE", "UNIQUE", "INDEX", ..] if !is_new(after("ON")) => {
            Some("it makes writers wait, and the program before may write what is not unique")
        }
        ["CREATE", "INDEX", ..] if !is_new(after("ON")) => {
            Some("it makes writers wait while all rows are read")
        }
        ["CREATE", "TRIGGER", ..] if !is_new(after("ON")) => Some("the program before does not expect it"),
        ["UPDATE", table, ..] | ["DELETE", "FROM", table, ..] if !is_new(Some(&(*table).to_owned())) => {
            Some("it changes all rows before a server answers: do that in steps, beside the service")
        }
        ["INSERT", "INTO", table, ..] if has(" SELECT ") && !is_new(Some(&(*table).to_owned())) => {
            Some("it copies rows before a server answers: do that in steps, beside the service")
        }
        ["INSERT", "INTO", ..] if has(" FROM ") => {
            Some("it copies rows before a server answers: do that in steps, beside the service")
        }
        ["LOCK" | "TRUNCATE" | "CLUSTER" | "VACUUM" | "REINDEX", ..] => Some("everybody else waits"),
        _ => None,
    }
}

/// Whether a default differs from row to row, so that each row has to be written.
fn default_is_computed(upper: &str) -> bool {
    let default = upper.split(" DEFAULT ").nth(1);
    default.is_some_and(|default| default.contains('(') && !default.starts_with('\''))
}

/// The statements of a migration, without comments.
fn statements(sql: &str) -> Vec<String> {
    let lines: Vec<&str> = sql.lines().map(|line| line.split("--").next().unwrap_or_default()).collect();
    let (mut statements, mut statement, mut in_body) = (Vec::new(), String::new(), false);
    for piece in lines.join("\n").split_inclusive(';') {
        statement.push_str(piece);
        // Bodies of functions stand between $$, those of SQLite's triggers between BEGIN and END.
        in_body ^= piece.matches("$$").count() % 2 == 1;
        let upper = statement.to_uppercase();
        let in_trigger = upper.trim_start().starts_with("CREATE TRIGGER")
            && upper.contains("BEGIN")
            && !upper.trim_end().trim_end_matches(';').trim_end().ends_with("END");
        if !in_body && !in_trigger {
            let whole = statement.trim().trim_end_matches(';').trim();
            if !whole.is_empty() {
                statements.push(whole.to_owned());
            }
            statement.clear();
        }
    }
    statements
}

/// The names of the tables that a migration makes, in capital letters.
fn made(statements: &[String]) -> Vec<String> {
    let table = |statement: &String| {
        let upper = statement.to_uppercase();
        let name = upper.strip_prefix("CREATE TABLE ")?.split_whitespace().next()?.to_owned();
        Some(name.trim_end_matches('(').to_owned())
    };
    statements.iter().filter_map(table).collect()
}

#[test]
fn a_migration_neither_takes_away_what_the_program_before_uses_nor_makes_others_wait() {
    let mut used = Vec::new();
    for backend in ["sqlite", "postgres"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(backend);
        for file in fs::read_dir(&folder).expect("a folder of migrations") {
            let file = file.expect("a file").path();
            let name = file.file_name().and_then(|name| name.to_str()).expect("a name");
            let number: u32 = name[..4].parse().expect("a number");
            if number < FIRST {
                continue;
            }
            let statements = statements(&fs::read_to_string(&file).expect("a migration"));
            let made = made(&statements);
            for statement in &statements {
                let Some(problem) = problem(statement, &made) else { continue };
                let allowed = ALLOWED.iter().position(|(of, at, begins, _)| {
                    (*of, *at) == (backend, number) && statement.starts_with(begins)
                });
                let allowed = allowed.unwrap_or_else(|| panic!("{backend}/{name}: {problem}: {statement}"));
                used.push(allowed);
            }
        }
    }
    for (place, allowed) in ALLOWED.iter().enumerate() {
        assert!(used.contains(&place), "there is no such statement: {allowed:?}");
        assert!(!allowed.3.is_empty(), "{allowed:?} has no reason");
    }
}

#[test]
fn statements_that_block_or_take_away_are_recognised() {
    for refused in [
        "DROP TABLE devices",
        "ALTER TABLE logouts RENAME COLUMN grant_id TO sid",
        "ALTER TABLE users DROP COLUMN email",
        "ALTER TABLE grants ALTER COLUMN excuses TYPE integer",
        "ALTER TABLE grants ALTER COLUMN sid SET NOT NULL",
        "ALTER TABLE grants ADD COLUMN tenant text NOT NULL",
        "ALTER TABLE grants ADD COLUMN tenant uuid NOT NULL DEFAULT gen_random_uuid()",
        "ALTER TABLE grants ADD COLUMN tenant uuid REFERENCES tenants (id)",
        "ALTER TABLE users ADD COLUMN number bigint UNIQUE",
        "ALTER TABLE users ADD CONSTRAINT named CHECK (username <> '')",
        "CREATE INDEX grants_by_client ON grants (client)",
        "create unique index users_by_email\n    on users (email)",
        "UPDATE grants SET excused = true WHERE excuses > 0",
        "DELETE FROM one_time",
        "INSERT INTO known_networks (user_id) SELECT user_id FROM sessions",
        "LOCK TABLE grants",
        "TRUNCATE audit",
    ] {
        assert!(problem(refused, &[]).is_some(), "{refused}");
    }
    let made = ["tenants".to_uppercase()];
    for allowed in [
        "CREATE TABLE tenants (id uuid PRIMARY KEY)",
        "CREATE UNIQUE INDEX tenants_by_name ON tenants (name)",
        "ALTER TABLE tenants ADD COLUMN name text NOT NULL",
        "INSERT INTO tenants VALUES (0)",
        "ALTER TABLE grants ADD COLUMN tenant uuid",
        "ALTER TABLE grants ADD COLUMN tenant text NOT NULL DEFAULT ''",
        "ALTER TABLE one_time SET (autovacuum_vacuum_threshold = 1000)",
        "DROP INDEX live_grants_of_sid",
    ] {
        assert_eq!(problem(allowed, &made), None, "{allowed}");
    }
    // What was done before the first release would be refused.
    let third = include_str!("../../migrations/sqlite/0003_one_time_rows.sql");
    let statements = statements(third);
    assert!(statements.iter().any(|statement| problem(statement, &made).is_some()), "{statements:?}");
    let marks = self::statements(include_str!("../../migrations/sqlite/0019_marks.sql"));
    assert_eq!(marks.len(), 10, "{marks:?}");
}

//! The page that documents every key, written from the table itself.

use std::fmt::Write;

use super::KEYS;

/// The whole of `docs/configuration.md`.
pub(crate) fn reference() -> String {
    let mut page = String::from(INTRODUCTION);
    page.push_str("\n| key | variable | default | meaning |\n|---|---|---|---|\n");
    for key in KEYS.iter() {
        let default = if key.default.is_empty() { "–".to_owned() } else { format!("`{}`", key.default) };
        let secret = if key.secret { " Never shown." } else { "" };
        writeln!(
            page,
            "| `{}` | `{}` | {default} | {} ({}.){secret} |",
            key.name,
            key.variable(),
            key.doc.trim(),
            key.form
        )
        .expect("writing to a String cannot fail");
    }
    page
}

const INTRODUCTION: &str = "\
# Configuration

Jeton needs no configuration. Settings come from these sources, later ones taking precedence: the defaults below, a
TOML file (`--config FILE`, or the variable `JETON_CONFIG`), environment variables, flags. `jeton config show` prints each
effective value and its source. `jeton config check` reports all mistakes at once, and suggests the nearest key for an
unknown one.

In the file, a dot separates a table from its key:

```toml
listen = \"127.0.0.1:8000\"
issuer = \"https://login.example.org\"

[refresh]
grace = \"30s\"
excuses = 3
```

The same as variables: `JETON_LISTEN`, `JETON_ISSUER`, `JETON_REFRESH_GRACE`, `JETON_REFRESH_EXCUSES`. A variable that is
empty counts as not set. Paths are relative to the working directory.
";

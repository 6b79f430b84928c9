//! What the documentation promises.

/// The files that name error codes.
const SOURCES: &[&str] = &[
    include_str!("../../src/error.rs"),
    include_str!("../../src/json/error.rs"),
    include_str!("../../src/material/error.rs"),
    include_str!("../../src/jwe/error.rs"),
    include_str!("../../src/nested.rs"),
    include_str!("../../src/dpop/error.rs"),
    include_str!("../../src/sd_jwt/error.rs"),
    include_str!("../../src/status_list/error.rs"),
    include_str!("../../src/remote_signer/error.rs"),
    include_str!("../../src/material/certificate_error.rs"),
];

#[test]
fn every_error_code_is_documented() {
    let documented = include_str!("../../../../docs/errors.md");
    let mut count = 0;
    for source in SOURCES {
        for line in source.lines() {
            let Some((_, code)) = line.split_once("=> \"") else { continue };
            let code = code.split('"').next().unwrap();
            if !code.contains('_') {
                continue;
            }
            assert!(documented.contains(&format!("`{code}`")), "{code} is not in docs/errors.md");
            count += 1;
        }
    }
    assert!(count > 70);
}

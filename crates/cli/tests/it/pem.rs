//! PEM files with several blocks.

use crate::run::{Folder, run, run_reading};

// Made with `openssl req -x509`.
const KEY: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIGYPLPTBMylruu4WlX4VFrKC1T2Ra4AATInrvbhszGmd
-----END PRIVATE KEY-----
";
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----
MIIBODCB66ADAgECAhQV5CDFZ/sSALcOEuemsNQsZ5hJbzAFBgMrZXAwETEPMA0G
A1UEAwwGc2lnbmVyMCAXDTI2MTEyMzAwMTk0OVoYDzIxMjYxMDMwMDAxOTQ5WjAR
MQ8wDQYDVQQDDAZzaWduZXIwKjAFBgMrZXADIQA1Stp4FEGJCxEO0hdC81F0R2Hj
vhD2UJxRQ9xir/KA1aNTMFEwHQYDVR0OBBYEFPsxfFOJOfT/56Gp1CzWxNxqxno6
MB8GA1UdIwQYMBaAFPsxfFOJOfT/56Gp1CzWxNxqxno6MA8GA1UdEwEB/wQFMAMB
Af8wBQYDK2VwA0EAb7/D8IJdcLHicJihLaPmUwv+oamwiTti9sfs/RSall2prjB/
/vghwlx05fF+ZUOu6SYwfA/fx01zofyIMpRlCA==
-----END CERTIFICATE-----
";

#[test]
fn a_key_signs_also_where_its_certificate_stands_before_it() {
    let folder = Folder::new();
    let public = folder.file("certificate", CERTIFICATE);
    for (name, text) in [("before", format!("{CERTIFICATE}{KEY}")), ("behind", format!("{KEY}{CERTIFICATE}"))]
    {
        let file = folder.file(name, text);
        let token = run(&["jwt", "sign", "--key", &file, "--expires-in", "5m", "{}"]).done();
        for key in [&file, &public] {
            run(&["jwt", "verify", "--key", key, token.trim_end()]).done();
        }
        assert!(run(&["jwk", "convert", &file, "--to", "pem"]).done().contains("PRIVATE KEY"));
    }
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let file = folder.file("encrypted", format!("{CERTIFICATE}{encrypted}"));
    assert!(run(&["jwt", "sign", "--key", &file, "{}"]).refused().starts_with("error[key_encrypted]"));
}

#[test]
fn all_public_keys_of_a_file_are_used() {
    let folder = Folder::new();
    let generated = [(); 3].map(|()| run(&["jwk", "generate", "ES256"]).done());
    let pem = |key: &str| {
        let public = run_reading(&["jwk", "public", "-"], key.as_bytes()).done();
        run_reading(&["jwk", "convert", "-", "--to", "pem"], public.as_bytes()).done()
    };
    let all = folder.file("all.pem", generated[..2].iter().map(|key| pem(key)).collect::<String>());
    let sign = |key: &str| {
        let file = folder.file("key", key);
        run(&["jwt", "sign", "--key", &file, "--header", "{}", "--expires-in", "5m", "{}"]).done()
    };
    for key in &generated[..2] {
        run(&["jwt", "verify", "--key", &all, sign(key).trim_end()]).done();
    }
    run(&["jwt", "verify", "--key", &all, sign(&generated[2]).trim_end()]).refused();
    assert_eq!(run(&["jwk", "thumbprint", &all]).done().lines().count(), 2);
    // The same key twice is one.
    let twice = folder.file("twice.pem", format!("{}{CERTIFICATE}{CERTIFICATE}", ""));
    assert_eq!(run(&["jwk", "thumbprint", &twice]).done().lines().count(), 1);
}

#[test]
fn a_curve_that_is_spelled_out_is_refused_with_what_names_it() {
    // The head of what `openssl ecparam -genkey -param_enc explicit` writes: SEC1 with a sequence where the name belongs.
    let der = [&[0x30, 0x2e, 2, 1, 1, 4, 0x20][..], &[7; 32], &[0xa0, 5, 0x30, 3, 2, 1, 1], &[]].concat();
    let folder = Folder::new();
    let der = [&[0x30, u8::try_from(der.len() - 2).expect("short")], &der[2..]].concat();
    let refused = run(&["jwk", "public", &folder.file("key.der", der)]).refused();
    assert!(refused.starts_with("error[key_unsupported]") && refused.contains("named_curve"), "{refused}");
}

//! What other servers took for the same operations.
//!
//! Measured on 2026-11-22 on a machine of two virtual AMD EPYC cores with the same method and a floor beside each, one
//! evening, on loopback; their set-ups are described in `bench/README.md`. They are quoted, not measured again: a run of
//! this benchmark compares only the floor and Jeton.

use serde::Serialize;

use crate::operation::Operation;

/// One server's figure for an operation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct PeerFigure {
    /// The server.
    pub server: &'static str,
    /// What it did, where it is not the same.
    pub note: &'static str,
    /// CPU milliseconds of its process tree per request.
    pub cpu_ms: f64,
    /// That over the floor measured beside it.
    pub times_floor: f64,
}

const fn figure(server: &'static str, note: &'static str, cpu_ms: f64, times_floor: f64) -> PeerFigure {
    PeerFigure { server, note, cpu_ms, times_floor }
}

const SIMPLEJWT: &str = "Django + simplejwt";
const RAUTHY: &str = "Rauthy";
const OIDC_PROVIDER: &str = "oidc-provider";

/// Django 5.2.19, DRF 3.18.3, simplejwt 5.5.1 on SQLite, and on PostgreSQL 15.20 where that is measured; Rauthy 0.36.0; oidc-provider 9.13.3 on Node 20.
pub fn of(operation: Operation) -> &'static [PeerFigure] {
    match operation {
        Operation::JwkSet => {
            const { &[figure(RAUTHY, "", 0.0227, 3.7), figure(OIDC_PROVIDER, "", 0.0404, 6.6)] }
        }
        Operation::Verify => {
            const {
                &[
                    figure(SIMPLEJWT, "HS256, asks the blacklist", 0.735, 15.0),
                    figure(RAUTHY, "introspection, EdDSA", 0.163, 4.5),
                    figure(OIDC_PROVIDER, "introspection, opaque token, in memory", 0.102, 2.1),
                ]
            }
        }
        Operation::ProtectedApi | Operation::ProtectedApiRemembered => {
            const {
                &[
                    figure(SIMPLEJWT, "HS256, loads the user", 0.634, 14.0),
                    figure(RAUTHY, "userinfo, EdDSA", 0.164, 4.5),
                ]
            }
        }
        Operation::Discovery => {
            const { &[figure(RAUTHY, "", 0.0331, 5.2), figure(OIDC_PROVIDER, "", 0.0629, 9.8)] }
        }
        Operation::ClientCredentials => {
            const {
                &[
                    figure(RAUTHY, "EdDSA", 0.522, 33.0),
                    figure(OIDC_PROVIDER, "JWT by ES256, in memory", 0.175, 7.7),
                    figure(OIDC_PROVIDER, "opaque token, in memory", 0.105, 4.6),
                ]
            }
        }
        Operation::Introspect | Operation::IntrospectRemembered => {
            const {
                &[
                    figure(RAUTHY, "EdDSA", 0.163, 4.5),
                    figure(OIDC_PROVIDER, "opaque token, in memory", 0.102, 2.1),
                ]
            }
        }
        // Nobody else's was measured.
        Operation::AuthorizationCode | Operation::AuthorizationCodeRs256 => &[],
        Operation::Refresh => {
            const {
                &[
                    figure(SIMPLEJWT, "HS256, rotates and blacklists", 2.87, 84.0),
                    figure(RAUTHY, "EdDSA, does not wait for the disk", 1.43, 42.0),
                    figure(RAUTHY, "EdDSA, waits for the disk", 2.37, 70.0),
                    figure(OIDC_PROVIDER, "ES256, in memory, with an ID token", 0.308, 9.0),
                ]
            }
        }
        Operation::RefreshPostgres => {
            const { &[figure(SIMPLEJWT, "HS256, rotates and blacklists", 4.81, 153.0)] }
        }
        Operation::SignIn => {
            const {
                &[
                    figure(SIMPLEJWT, "PBKDF2, 1,000,000 rounds", 198.0, 14.7),
                    figure(RAUTHY, "argon2id m=131072 t=4 p=8", 319.0, 24.0),
                ]
            }
        }
    }
}

/// What other servers take in start-up time, memory and space.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct PeerFootprint {
    /// The server.
    pub server: &'static str,
    /// From spawning it to its first answer, in milliseconds, with existing data.
    pub start_ms: f64,
    /// Resident memory of its process tree at rest, in MiB.
    pub idle_rss: f64,
    /// The same under load.
    pub loaded_rss: f64,
    /// What it takes on disk.
    pub install: &'static str,
}

/// The footprints of the same servers.
pub const FOOTPRINTS: &[PeerFootprint] = &[
    PeerFootprint {
        server: SIMPLEJWT,
        start_ms: 276.0,
        idle_rss: 125.0,
        loaded_rss: 145.0,
        install: "98 MB and CPython",
    },
    PeerFootprint { server: RAUTHY, start_ms: 421.0, idle_rss: 61.0, loaded_rss: 214.0, install: "83 MB" },
    PeerFootprint {
        server: OIDC_PROVIDER,
        start_ms: 371.0,
        idle_rss: 75.0,
        loaded_rss: 362.0,
        install: "3.4 MB and Node (99 MB)",
    },
];

PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT;
INSERT INTO migrations VALUES(1,'users_grants_keys');
INSERT INTO migrations VALUES(2,'clients_sessions_codes');
INSERT INTO migrations VALUES(3,'one_time_rows');
INSERT INTO migrations VALUES(4,'consented_details');
INSERT INTO migrations VALUES(5,'consented_resources');
INSERT INTO migrations VALUES(6,'redeemed_devices');
INSERT INTO migrations VALUES(7,'sweep_indexes');
INSERT INTO migrations VALUES(8,'removed_clients');
INSERT INTO migrations VALUES(9,'excused_generations');
INSERT INTO migrations VALUES(10,'decided_devices');
INSERT INTO migrations VALUES(11,'session_lines');
INSERT INTO migrations VALUES(12,'known_networks');
INSERT INTO migrations VALUES(13,'consented_appearance');
INSERT INTO migrations VALUES(14,'master_key_check');
INSERT INTO migrations VALUES(15,'accounts');
INSERT INTO migrations VALUES(16,'session_clients');
INSERT INTO migrations VALUES(17,'token_api_clients');
INSERT INTO migrations VALUES(18,'folded_names');
INSERT INTO migrations VALUES(19,'marks');
INSERT INTO migrations VALUES(20,'claimed_logouts');
INSERT INTO migrations VALUES(21,'audit_actors');
INSERT INTO migrations VALUES(22,'revocations');
INSERT INTO migrations VALUES(23,'grants_outside_sessions');
INSERT INTO migrations VALUES(24,'nodes');
INSERT INTO migrations VALUES(25,'audit_chain');
CREATE TABLE users (
    number       INTEGER PRIMARY KEY,      -- what other tables call the user; never leaves this file
    id           BLOB    NOT NULL UNIQUE,
    username     TEXT    NOT NULL UNIQUE,  -- compared byte by byte
    imported_key TEXT    UNIQUE,
    email        TEXT,
    password     TEXT    NOT NULL,
    epoch        INTEGER NOT NULL DEFAULT 0,
    disabled     INTEGER NOT NULL CHECK (disabled IN (0, 1)),
    admin        INTEGER NOT NULL CHECK (admin IN (0, 1)),
    created_at   INTEGER NOT NULL
, attributes TEXT NOT NULL DEFAULT '{}', last_import TEXT, removed_at INTEGER, removed_key TEXT, folded TEXT) STRICT;
INSERT INTO users VALUES(1,X'e220a8397b1dcdaf61bc8ea8124999d4','ada',NULL,NULL,'first',0,0,0,1700000000,'{}',NULL,NULL,NULL,'ada');
CREATE TABLE grants (
    id_high    INTEGER PRIMARY KEY,
    id_low     INTEGER NOT NULL,
    user       INTEGER NOT NULL REFERENCES users (number),
    client     TEXT    NOT NULL,
    scope      TEXT    NOT NULL,
    generation INTEGER NOT NULL,
    minted_at  INTEGER NOT NULL,
    grace_from INTEGER,
    network    BLOB    NOT NULL,           -- 3 bytes of an IPv4 address or 8 of an IPv6 one
    excuses    INTEGER NOT NULL,
    clean      INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER
, session BLOB, detail TEXT, excused INTEGER NOT NULL DEFAULT 0 CHECK (excused IN (0, 1)), opened_at INTEGER, sid BLOB) STRICT;
INSERT INTO grants VALUES(-7261621834428681061,6166599588841352324,1,'web','',0,1700000000,NULL,X'c00002',0,0,1700010000,NULL,NULL,NULL,0,1700000000,NULL);
INSERT INTO grants VALUES(-1263085514660420108,6945095942816516380,1,'web','',0,1700000000,NULL,X'c00002',0,0,1700010000,NULL,NULL,NULL,0,1700000000,NULL);
INSERT INTO grants VALUES(-204488974451731883,4368566724973688461,1,'web','',0,1700000000,NULL,X'c00002',0,0,1700010000,1700000001,X'8e1f7555983aa92fbd8139a6f7311dff',NULL,0,1700000000,NULL);
INSERT INTO grants VALUES(340936117104509099,-8409654495527476404,1,'web','',0,1700000000,NULL,X'c00002',0,0,1700010000,NULL,X'657eecdd3cb13d09d9d65fab11472ed4',NULL,0,1700000000,NULL);
INSERT INTO grants VALUES(3841024119370698009,-8146158799766931353,1,'web','',0,1700000000,NULL,X'c00002',0,0,1700010000,NULL,X'657eecdd3cb13d09d9d65fab11472ed4',NULL,0,1700000000,NULL);
CREATE TABLE keys (
    position     INTEGER PRIMARY KEY,      -- the order in which keys were added
    id           TEXT    NOT NULL UNIQUE,
    purpose      TEXT    NOT NULL,
    algorithm    TEXT    NOT NULL,
    sealed       TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    signs_from   INTEGER NOT NULL,
    withdrawn_at INTEGER
) STRICT;
INSERT INTO keys VALUES(1,'lkce1-9RprdJQf6pz1rzs5gt4wMlzJP2HfxB3CcDsps','access','ES256','eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIiwia2lkIjoibGtjZTEtOVJwcmRKUWY2cHoxcnpzNWd0NHdNbHpKUDJIZnhCM0NjRHNwcyJ9..c3U8Jf7GMh27q2XE.docBRjdHXMbBx3zv3abxtalrvQ5VUSjp6RxEk02gAXdZJz4XOiZ83zAY7hv1ONoSdBFEAQBKa6oeZggaOl5ZEbJT2viXTXeazRT88hvvgRyVvGSv7MB73ehygBq86jhWxrbObomIKXM488fnfVeRweppbobyIn0InPP1aArH20w4ek8qLqKj--D8D14BeNaX1fr1fkP9VrPvdWmq5lZHODWiEBSLvM6AQy9sRxVn3By2cnmzorv-5eHBS4UZlskhM6e5ZPGM519h8w.UfAxB1o8Gy1BnPR6gbesWQ',1700000000,1700000000,NULL);
CREATE TABLE audit (
    number   INTEGER PRIMARY KEY,
    at       INTEGER NOT NULL,
    event    TEXT    NOT NULL,
    user_id  BLOB,
    grant_id BLOB,
    network  BLOB,
    key_id   TEXT
, actor      INTEGER, actor_id   BLOB, client     TEXT, session_id BLOB, segment  BLOB, position INTEGER, hash     BLOB) STRICT;
INSERT INTO audit VALUES(1,1700000000,'user_added',X'e220a8397b1dcdaf61bc8ea8124999d4',NULL,NULL,NULL,2,NULL,NULL,NULL,X'14e67633bd0d40888a59963ad24ee8fd',0,X'2a69a73a137cfd2b4f1d6d3d645993b7f2c96df1cbaf26fc5801d2bd48318975');
INSERT INTO audit VALUES(2,1700000000,'client_added',NULL,NULL,NULL,NULL,2,NULL,'web',NULL,X'14e67633bd0d40888a59963ad24ee8fd',1,X'96504ee0fcbc8899dbef4d06115cde91776d6726e106938ad91b401a8044ddb9');
INSERT INTO audit VALUES(3,1700000000,'key_added',NULL,NULL,NULL,'lkce1-9RprdJQf6pz1rzs5gt4wMlzJP2HfxB3CcDsps',2,NULL,NULL,NULL,X'14e67633bd0d40888a59963ad24ee8fd',2,X'bb600768d7371af0d4bc6c923aaf7b8d565a8c8b31b0190768fa9fb01e093058');
INSERT INTO audit VALUES(4,1700000000,'signed_in',X'e220a8397b1dcdaf61bc8ea8124999d4',NULL,X'c00002',NULL,1,NULL,NULL,X'c584133ac916ab3cd3e7fd46d815cc99',X'14e67633bd0d40888a59963ad24ee8fd',3,X'627f518a3ba9d961acd2c2ea690881e15a8ef8878d59dacca3fb6d44ea639b97');
INSERT INTO audit VALUES(5,1700000000,'signed_in',X'e220a8397b1dcdaf61bc8ea8124999d4',NULL,X'c00002',NULL,1,NULL,NULL,X'657eecdd3cb13d09d9d65fab11472ed4',X'14e67633bd0d40888a59963ad24ee8fd',4,X'f714936d90eb6bb8ac98b9f03cdb3c79af8cf85e1b365ed9d8111b591619f44a');
INSERT INTO audit VALUES(6,1700000000,'signed_in',X'e220a8397b1dcdaf61bc8ea8124999d4',NULL,X'c00002',NULL,1,NULL,NULL,X'8e1f7555983aa92fbd8139a6f7311dff',X'14e67633bd0d40888a59963ad24ee8fd',5,X'ce585fac6befcd4d4eec41e85b11863e05055bf188b5397b18166be878435143');
INSERT INTO audit VALUES(7,1700000000,'signed_in',X'e220a8397b1dcdaf61bc8ea8124999d4',X'b54e0f1600cc4d198ef307bb57f83867',X'c00002',NULL,1,NULL,'web',NULL,X'14e67633bd0d40888a59963ad24ee8fd',6,X'bdf52938e463bfd900c09b18d0920f38cb25f3e5387dfd233eeccdfdbc51a880');
INSERT INTO audit VALUES(8,1700000000,'signed_in',X'e220a8397b1dcdaf61bc8ea8124999d4',X'84bb3f97971d80ab8b4ae7cae651634c',X'c00002',NULL,1,NULL,'web',NULL,X'14e67633bd0d40888a59963ad24ee8fd',7,X'865b328ebcec26f49eca3d3cb7292f9a5b5ade302f3023ecf396860072c90db5');
INSERT INTO audit VALUES(9,1700000000,'signed_in',X'e220a8397b1dcdaf61bc8ea8124999d4',X'7d29825c755212553ca0444a6ba5f68d',X'c00002',NULL,1,NULL,'web',NULL,X'14e67633bd0d40888a59963ad24ee8fd',8,X'fcb6c7bea1290a82472b424b862c5423bca0b8f891b31e2a1aaa057d02b2507e');
INSERT INTO audit VALUES(10,1700000001,'session_ended',X'e220a8397b1dcdaf61bc8ea8124999d4',NULL,NULL,NULL,2,NULL,NULL,X'8e1f7555983aa92fbd8139a6f7311dff',X'14e67633bd0d40888a59963ad24ee8fd',9,X'cda32c6722db4a4d8e4361c83d45d3c48ac2702886958365dc2df71b9304917d');
INSERT INTO audit VALUES(11,1700000000,'client_added',NULL,NULL,NULL,NULL,2,NULL,'gone',NULL,X'14e67633bd0d40888a59963ad24ee8fd',10,X'0da3ea6eb819bf625230b292d92d51ca49d73886c4156091a177afc5484deb54');
INSERT INTO audit VALUES(12,1700000001,'client_removed',NULL,NULL,NULL,NULL,2,NULL,'gone',NULL,X'14e67633bd0d40888a59963ad24ee8fd',11,X'a07d60845ae9ec5a79182e7f94c21a4af6f4fad0c337f176b4532ecd2e7e0537');
CREATE TABLE probe (
    only  INTEGER PRIMARY KEY CHECK (only = 0),
    count INTEGER NOT NULL
) STRICT;
INSERT INTO probe VALUES(0,0);
CREATE TABLE clients (
    id                 TEXT    PRIMARY KEY,
    document           TEXT    NOT NULL,
    secret             TEXT,                -- sealed under the master key
    backchannel_logout INTEGER NOT NULL CHECK (backchannel_logout IN (0, 1)),
    created_at         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO clients VALUES('web','{"client_name":"web"}',NULL,1,1700000000);
CREATE TABLE consents (
    user     INTEGER NOT NULL REFERENCES users (number),
    client   TEXT    NOT NULL,
    scope    TEXT    NOT NULL,
    given_at INTEGER NOT NULL, details TEXT NOT NULL DEFAULT '[]', resources TEXT NOT NULL DEFAULT '[]', appearance TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (user, client)
) STRICT, WITHOUT ROWID;
INSERT INTO consents VALUES(1,'web','',1700000000,'[]','[]','');
CREATE TABLE sessions (
    id               BLOB    PRIMARY KEY,
    secret           BLOB    NOT NULL UNIQUE,  -- the hash of what the browser holds
    user             INTEGER NOT NULL REFERENCES users (number),
    epoch            INTEGER NOT NULL,
    methods          TEXT    NOT NULL,         -- as in `amr`, with spaces between
    network          BLOB    NOT NULL,
    authenticated_at INTEGER NOT NULL,
    last_used_at     INTEGER NOT NULL,
    expires_at       INTEGER NOT NULL,
    ended_at         INTEGER
, replaced_by BLOB, seen INTEGER NOT NULL DEFAULT 1 CHECK (seen IN (0, 1))) STRICT, WITHOUT ROWID;
INSERT INTO sessions VALUES(X'657eecdd3cb13d09d9d65fab11472ed4',X'3ee5789041c98ac3d99eb96d61a4fbb9f3b8488c368cb0a6cca24deb0ffc6f6c',1,0,'pwd',X'c00002',1700000000,1700000000,1700010000,NULL,NULL,0);
INSERT INTO sessions VALUES(X'8e1f7555983aa92fbd8139a6f7311dff',X'c2d326e0055bdef6a6b4a1473c6e7fc08621a03fe0bbdb7b0d176534536f1f7f',1,0,'pwd',X'c00002',1700000000,1700000000,1700010000,1700000001,NULL,0);
INSERT INTO sessions VALUES(X'c584133ac916ab3cd3e7fd46d815cc99',X'53cb9f0c747ea2ea81952f43081d6e522c829abe1f4532e1ca00404e0f76120b',1,0,'pwd',X'c00002',1700000000,1700000000,1700010000,NULL,NULL,0);
CREATE TABLE devices (
    device_code    BLOB    PRIMARY KEY,        -- a hash
    user_code      TEXT    NOT NULL UNIQUE,
    client         TEXT    NOT NULL,
    scope          TEXT    NOT NULL,
    content        TEXT    NOT NULL,
    interval       INTEGER NOT NULL,
    expires_at     INTEGER NOT NULL,
    last_polled_at INTEGER,
    decided        INTEGER NOT NULL DEFAULT 0 CHECK (decided IN (0, 1)),
    approved       TEXT,                       -- what was given; NULL where nobody said yes
    grant_id       BLOB
, redeemed_at INTEGER, allowed INTEGER CHECK (allowed IN (0, 1)), decided_by BLOB) STRICT, WITHOUT ROWID;
INSERT INTO devices VALUES(X'7f3e8112fc8fb47448bacde17767c784e235c05f077952c32685fb3f9ab594c2','BDWPHQPK','web','openid profile','asked by BDWPHQPK',5,1700000060,NULL,0,NULL,NULL,NULL,NULL,NULL);
INSERT INTO devices VALUES(X'83453ac524073773338ac18e6c367ae36b120c02daa219011df07efd2d216112','BDWPHQPL','web','openid profile','asked by BDWPHQPL',5,1700000060,NULL,1,NULL,NULL,NULL,0,X'e220a8397b1dcdaf61bc8ea8124999d4');
INSERT INTO devices VALUES(X'a72b4d96496ecae61551d836188877dc6821802190ea4283be0794e9f52ed206','BDWPHQPM','web','openid profile','asked by BDWPHQPM',5,1700000060,NULL,1,'given',X'1b39896a51a8749b559429a76cf56c84',1700000002,1,X'e220a8397b1dcdaf61bc8ea8124999d4');
CREATE TABLE logouts (
    number   INTEGER PRIMARY KEY,
    client   TEXT    NOT NULL,
    sid BLOB    NOT NULL,
    user     INTEGER NOT NULL REFERENCES users (number),
    attempts INTEGER NOT NULL DEFAULT 0,
    due_at   INTEGER NOT NULL
, claimed_until INTEGER) STRICT;
INSERT INTO logouts VALUES(1,'web',X'7d29825c755212553ca0444a6ba5f68d',1,0,1700000001,NULL);
CREATE TABLE one_time (
    number      INTEGER PRIMARY KEY,           -- in the order in which they came, so that those in use lie side by side
    kind        TEXT    NOT NULL,
    hash        BLOB    NOT NULL,
    expires_at  INTEGER NOT NULL,
    redeemed_at INTEGER,
    grant_id    BLOB,                          -- what it gave
    content     TEXT    NOT NULL               -- last, so that the others are read without it
) STRICT;
INSERT INTO one_time VALUES(1,'authorization_code',X'f839161355091fcd9e33f571e0b11c60217a5009f9973e769c13d7858db162cc',1700000060,1700000001,NULL,'content of used');
INSERT INTO one_time VALUES(2,'authorization_code',X'febe1d741b49e5a9c31526728d8c5134a803adfc4c04c4f052673722ed85597e',1700000060,NULL,NULL,'content of unused');
INSERT INTO one_time VALUES(3,'pushed_request',X'f839161355091fcd9e33f571e0b11c60217a5009f9973e769c13d7858db162cc',1700000060,1700000001,NULL,'content of used');
INSERT INTO one_time VALUES(4,'pushed_request',X'febe1d741b49e5a9c31526728d8c5134a803adfc4c04c4f052673722ed85597e',1700000060,NULL,NULL,'content of unused');
INSERT INTO one_time VALUES(5,'sign_out_request',X'f839161355091fcd9e33f571e0b11c60217a5009f9973e769c13d7858db162cc',1700000060,1700000001,NULL,'content of used');
INSERT INTO one_time VALUES(6,'sign_out_request',X'febe1d741b49e5a9c31526728d8c5134a803adfc4c04c4f052673722ed85597e',1700000060,NULL,NULL,'content of unused');
INSERT INTO one_time VALUES(7,'assertion_id',X'f839161355091fcd9e33f571e0b11c60217a5009f9973e769c13d7858db162cc',1700000060,1700000001,NULL,'content of used');
INSERT INTO one_time VALUES(8,'assertion_id',X'febe1d741b49e5a9c31526728d8c5134a803adfc4c04c4f052673722ed85597e',1700000060,NULL,NULL,'content of unused');
INSERT INTO one_time VALUES(9,'dpop_proof_id',X'f839161355091fcd9e33f571e0b11c60217a5009f9973e769c13d7858db162cc',1700000060,1700000001,NULL,'content of used');
INSERT INTO one_time VALUES(10,'dpop_proof_id',X'febe1d741b49e5a9c31526728d8c5134a803adfc4c04c4f052673722ed85597e',1700000060,NULL,NULL,'content of unused');
INSERT INTO one_time VALUES(11,'request_object_id',X'f839161355091fcd9e33f571e0b11c60217a5009f9973e769c13d7858db162cc',1700000060,1700000001,NULL,'content of used');
INSERT INTO one_time VALUES(12,'request_object_id',X'febe1d741b49e5a9c31526728d8c5134a803adfc4c04c4f052673722ed85597e',1700000060,NULL,NULL,'content of unused');
INSERT INTO one_time VALUES(13,'revoked_token_id',X'f839161355091fcd9e33f571e0b11c60217a5009f9973e769c13d7858db162cc',1700000060,1700000001,NULL,'content of used');
INSERT INTO one_time VALUES(14,'revoked_token_id',X'febe1d741b49e5a9c31526728d8c5134a803adfc4c04c4f052673722ed85597e',1700000060,NULL,NULL,'content of unused');
INSERT INTO one_time VALUES(15,'registration_token_use',X'f839161355091fcd9e33f571e0b11c60217a5009f9973e769c13d7858db162cc',1700000060,1700000001,NULL,'content of used');
INSERT INTO one_time VALUES(16,'registration_token_use',X'febe1d741b49e5a9c31526728d8c5134a803adfc4c04c4f052673722ed85597e',1700000060,NULL,NULL,'content of unused');
INSERT INTO one_time VALUES(17,'authorization_code',X'5694d08a2e53ffcae0c3103e5ad6f6076abd960eb1f8a56577040bc1028f702b',1700000060,1700000001,X'6e789e6aa1b965f46061eff69a95c91c','content of code');
CREATE TABLE removed_clients (
    id         TEXT    PRIMARY KEY,
    removed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO removed_clients VALUES('gone',1700000001);
CREATE TABLE known_networks (
    user    INTEGER NOT NULL REFERENCES users (number),
    network BLOB    NOT NULL,
    seen_at INTEGER NOT NULL,                  -- to the day
    PRIMARY KEY (user, network)
) STRICT, WITHOUT ROWID;
INSERT INTO known_networks VALUES(1,X'c00002',1700000001);
CREATE TABLE master_key_check (
    only  INTEGER PRIMARY KEY CHECK (only = 0),
    value TEXT NOT NULL
) STRICT;
INSERT INTO master_key_check VALUES(0,'GXwc-V1Iv4x4N39Vz1oFlFguqSFHyVKogC1a8ZvMQTI');
CREATE TABLE session_clients (
    session BLOB NOT NULL,
    client  TEXT NOT NULL,
    sid     BLOB NOT NULL UNIQUE,
    PRIMARY KEY (session, client)
) STRICT, WITHOUT ROWID;
INSERT INTO session_clients VALUES(X'657eecdd3cb13d09d9d65fab11472ed4','web',X'84bb3f97971d80ab8b4ae7cae651634c');
CREATE TABLE token_api_clients (
    id TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;
INSERT INTO token_api_clients VALUES('first-party');
CREATE TABLE marks (
    only       INTEGER PRIMARY KEY CHECK (only = 0),
    keys       INTEGER NOT NULL,
    clients    INTEGER NOT NULL,
    hash_kinds INTEGER NOT NULL
) STRICT;
INSERT INTO marks VALUES(0,1,3,1);
CREATE TABLE revocations (
    at      INTEGER NOT NULL,
    kind    TEXT    NOT NULL,
    subject BLOB    NOT NULL,
    PRIMARY KEY (at, kind, subject)
) STRICT, WITHOUT ROWID;
INSERT INTO revocations VALUES(1700000001,'grant',X'7d29825c755212553ca0444a6ba5f68d');
INSERT INTO revocations VALUES(1700000001,'session',X'8e1f7555983aa92fbd8139a6f7311dff');
CREATE TABLE history (
    only INTEGER PRIMARY KEY CHECK (only = 0),
    name TEXT    NOT NULL
) STRICT;
INSERT INTO history VALUES(0,'f50af0fd0ef15b1e916a91c47d7fdbb5');
CREATE TABLE nodes (
    id      BLOB    PRIMARY KEY,
    seen_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO nodes VALUES(X'01010101010101010101010101010101',1700000000);
CREATE TABLE audit_segments (
    id           BLOB    PRIMARY KEY,
    opened_at    INTEGER NOT NULL,
    follows      BLOB    NOT NULL,      -- identifiers, one behind the other
    followed     INTEGER NOT NULL DEFAULT 0 CHECK (followed IN (0, 1)),
    first        INTEGER NOT NULL,
    before_first BLOB    NOT NULL,
    next         INTEGER NOT NULL,
    head         BLOB    NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO audit_segments VALUES(X'14e67633bd0d40888a59963ad24ee8fd',1700000000,X'',0,0,X'b885a6567e24d048950f49e54cc74b5c8d30277713c2cd4e001830f7dc1eebe2',12,X'a07d60845ae9ec5a79182e7f94c21a4af6f4fad0c337f176b4532ecd2e7e0537');
CREATE INDEX live_grants_of_user ON grants (user) WHERE revoked_at IS NULL;
CREATE INDEX audit_by_time ON audit (at);
CREATE INDEX live_grants_of_session ON grants (session) WHERE session IS NOT NULL AND revoked_at IS NULL;
CREATE INDEX live_sessions_of_user ON sessions (user) WHERE ended_at IS NULL;
CREATE INDEX sessions_by_expiry ON sessions (expires_at);
CREATE INDEX logouts_by_time ON logouts (due_at);
CREATE UNIQUE INDEX one_time_by_hash ON one_time (hash, kind);
CREATE INDEX one_time_unused ON one_time (kind, expires_at) WHERE redeemed_at IS NULL;
CREATE INDEX one_time_used ON one_time (kind, expires_at) WHERE redeemed_at IS NOT NULL;
CREATE INDEX devices_unused ON devices (expires_at) WHERE redeemed_at IS NULL;
CREATE INDEX devices_used ON devices (expires_at) WHERE redeemed_at IS NOT NULL;
CREATE INDEX consents_of_client ON consents (client);
CREATE INDEX devices_of_client ON devices (client);
CREATE INDEX logouts_of_client ON logouts (client);
CREATE INDEX known_networks_by_time ON known_networks (seen_at);
CREATE INDEX passwords_of_other_kinds ON users (password) WHERE password NOT GLOB '$argon2id$v=19$m=19456,t=2,p=1$*';
CREATE INDEX session_clients_by_client ON session_clients (client);
CREATE INDEX users_by_folded ON users (folded);
CREATE TRIGGER key_added AFTER INSERT ON keys BEGIN UPDATE marks SET keys = keys + 1; END;
CREATE TRIGGER key_changed AFTER UPDATE ON keys BEGIN UPDATE marks SET keys = keys + 1; END;
CREATE TRIGGER key_removed AFTER DELETE ON keys BEGIN UPDATE marks SET keys = keys + 1; END;
CREATE TRIGGER client_added AFTER INSERT ON clients BEGIN UPDATE marks SET clients = clients + 1; END;
CREATE TRIGGER client_changed AFTER UPDATE ON clients BEGIN UPDATE marks SET clients = clients + 1; END;
CREATE TRIGGER client_removed AFTER DELETE ON clients BEGIN UPDATE marks SET clients = clients + 1; END;
CREATE TRIGGER user_added AFTER INSERT ON users WHEN NEW.password NOT GLOB '$argon2id$v=19$m=19456,t=2,p=1$*'
    BEGIN UPDATE marks SET hash_kinds = hash_kinds + 1; END;
CREATE TRIGGER password_changed AFTER UPDATE OF password ON users
    WHEN NEW.password NOT GLOB '$argon2id$v=19$m=19456,t=2,p=1$*'
    BEGIN UPDATE marks SET hash_kinds = hash_kinds + 1; END;
CREATE INDEX live_grants_of_sid_alone ON grants (sid) WHERE sid IS NOT NULL AND session IS NULL AND revoked_at IS NULL;
CREATE INDEX audit_segments_by_time ON audit_segments (opened_at, id);
CREATE INDEX audit_segments_not_followed ON audit_segments (id) WHERE followed = 0;
COMMIT;
PRAGMA application_id = 1247039310;
PRAGMA user_version = 25;

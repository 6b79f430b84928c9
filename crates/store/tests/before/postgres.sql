CREATE FUNCTION change_mark() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    UPDATE marks SET value = value + 1 WHERE subject = TG_ARGV[0];
    RETURN NULL;
END
$$;
CREATE TABLE audit (
    number bigint NOT NULL,
    at bigint NOT NULL,
    event text NOT NULL,
    user_id uuid,
    grant_id uuid,
    network bytea,
    key_id text,
    actor smallint,
    actor_id bytea,
    client text,
    session_id uuid,
    segment uuid,
    "position" bigint,
    hash bytea
);
CREATE TABLE audit_segments (
    id uuid NOT NULL,
    opened_at bigint NOT NULL,
    follows bytea NOT NULL,
    followed boolean DEFAULT false NOT NULL,
    first bigint NOT NULL,
    before_first bytea NOT NULL,
    next bigint NOT NULL,
    head bytea NOT NULL
)
WITH (fillfactor='50');
CREATE TABLE clients (
    id text NOT NULL COLLATE pg_catalog."C",
    document text NOT NULL,
    secret text,
    backchannel_logout boolean NOT NULL,
    created_at bigint NOT NULL
);
CREATE TABLE consents (
    user_id uuid NOT NULL,
    client text NOT NULL COLLATE pg_catalog."C",
    scope text NOT NULL,
    given_at bigint NOT NULL,
    details text DEFAULT '[]'::text NOT NULL,
    resources text DEFAULT '[]'::text NOT NULL,
    appearance text DEFAULT ''::text NOT NULL
);
CREATE TABLE devices (
    device_code bytea NOT NULL,
    user_code text NOT NULL COLLATE pg_catalog."C",
    client text NOT NULL COLLATE pg_catalog."C",
    scope text NOT NULL,
    content text NOT NULL,
    "interval" bigint NOT NULL,
    expires_at bigint NOT NULL,
    last_polled_at bigint,
    decided boolean DEFAULT false NOT NULL,
    approved text,
    grant_id uuid,
    redeemed_at bigint,
    allowed boolean,
    decided_by uuid
)
WITH (fillfactor='85');
CREATE TABLE grants (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    generation bigint NOT NULL,
    minted_at bigint NOT NULL,
    grace_from bigint,
    expires_at bigint NOT NULL,
    revoked_at bigint,
    excuses smallint NOT NULL,
    clean smallint NOT NULL,
    network bytea NOT NULL,
    client text NOT NULL COLLATE pg_catalog."C",
    scope text NOT NULL,
    session uuid,
    detail text,
    excused boolean DEFAULT false NOT NULL,
    opened_at bigint,
    sid uuid
)
WITH (fillfactor='75', autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='1000', autovacuum_analyze_scale_factor='0.05', autovacuum_vacuum_cost_delay='1');
CREATE TABLE history (
    one smallint NOT NULL,
    name text NOT NULL,
    CONSTRAINT history_one_check CHECK ((one = 0))
);
CREATE TABLE jeton (
    one smallint NOT NULL,
    lease_holder uuid,
    lease_until timestamp with time zone,
    CONSTRAINT jeton_one_check CHECK ((one = 0))
);
CREATE TABLE keys (
    "position" integer NOT NULL,
    id text NOT NULL COLLATE pg_catalog."C",
    purpose text NOT NULL,
    algorithm text NOT NULL,
    sealed text NOT NULL,
    created_at bigint NOT NULL,
    signs_from bigint NOT NULL,
    withdrawn_at bigint
);
CREATE TABLE known_networks (
    user_id uuid NOT NULL,
    network bytea NOT NULL,
    seen_at bigint NOT NULL
);
CREATE TABLE logouts (
    number bigint NOT NULL,
    client text NOT NULL COLLATE pg_catalog."C",
    sid uuid NOT NULL,
    user_id uuid NOT NULL,
    attempts bigint DEFAULT 0 NOT NULL,
    due_at bigint NOT NULL,
    claimed_until bigint
);
CREATE TABLE marks (
    subject text NOT NULL COLLATE pg_catalog."C",
    value bigint NOT NULL
)
WITH (fillfactor='10');
CREATE TABLE master_key_check (
    one smallint NOT NULL,
    value text NOT NULL,
    CONSTRAINT master_key_check_one_check CHECK ((one = 0))
);
CREATE TABLE migrations (
    number bigint NOT NULL,
    name text NOT NULL
);
CREATE TABLE name_locks (
    number smallint NOT NULL
);
CREATE TABLE nodes (
    id uuid NOT NULL,
    seen_at bigint NOT NULL
)
WITH (fillfactor='10');
CREATE TABLE one_time (
    hash bytea NOT NULL,
    kind text NOT NULL COLLATE pg_catalog."C",
    expires_at bigint NOT NULL,
    redeemed_at bigint,
    grant_id uuid,
    content text NOT NULL
)
WITH (autovacuum_vacuum_scale_factor='0.05', autovacuum_vacuum_threshold='1000');
CREATE TABLE probe (
    one smallint NOT NULL,
    count bigint NOT NULL,
    CONSTRAINT probe_one_check CHECK ((one = 0))
)
WITH (fillfactor='10');
CREATE TABLE removed_clients (
    id text NOT NULL COLLATE pg_catalog."C",
    removed_at bigint NOT NULL
);
CREATE TABLE revocations (
    at bigint NOT NULL,
    kind text NOT NULL COLLATE pg_catalog."C",
    subject bytea NOT NULL
);
CREATE TABLE session_clients (
    session uuid NOT NULL,
    client text NOT NULL COLLATE pg_catalog."C",
    sid uuid NOT NULL
);
CREATE TABLE sessions (
    id uuid NOT NULL,
    secret bytea NOT NULL,
    user_id uuid NOT NULL,
    epoch bigint NOT NULL,
    methods text NOT NULL,
    network bytea NOT NULL,
    authenticated_at bigint NOT NULL,
    last_used_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    ended_at bigint,
    replaced_by uuid,
    seen boolean DEFAULT true NOT NULL
)
WITH (fillfactor='85');
CREATE TABLE token_api_clients (
    id text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE users (
    id uuid NOT NULL,
    username text NOT NULL COLLATE pg_catalog."C",
    imported_key text COLLATE pg_catalog."C",
    email text,
    password text NOT NULL COLLATE pg_catalog."C",
    epoch bigint DEFAULT 0 NOT NULL,
    disabled boolean NOT NULL,
    admin boolean NOT NULL,
    created_at bigint NOT NULL,
    attributes text DEFAULT '{}'::text NOT NULL,
    last_import text,
    removed_at bigint,
    removed_key text,
    folded text COLLATE pg_catalog."C"
);
INSERT INTO audit VALUES (1796059435955326, 1700000000, 'user_added', 'e220a839-7b1d-cdaf-61bc-8ea8124999d4', NULL, NULL, NULL, 2, NULL, NULL, NULL, 'b11652b0-6ce5-44ec-9eef-021b7b1839e9', 0, '\xbe4ab0df38c1ee18bfd0b7a7d76eae1f4dee5c096f739c7d4c6879c23f1db912');
INSERT INTO audit VALUES (1796059435968666, 1700000000, 'client_added', NULL, NULL, NULL, NULL, 2, NULL, 'web', NULL, 'b11652b0-6ce5-44ec-9eef-021b7b1839e9', 1, '\xc0092452f7ba3ed43e67107df4edd8070a3c4153cfef214e865b3921f7b20b80');
INSERT INTO audit VALUES (1796059435984270, 1700000000, 'key_added', NULL, NULL, NULL, 'tERDJ2FaoNhNXArAs6MrTUwbXZwO1a7PF3mJAa2Qtls', 2, NULL, NULL, NULL, 'b11652b0-6ce5-44ec-9eef-021b7b1839e9', 2, '\x86e4088d62cce286d4ab0ad9cc49bc109fc76c27786e9c8633e27a380b7e97f9');
INSERT INTO audit VALUES (1796059436175636, 1700000000, 'signed_in', 'e220a839-7b1d-cdaf-61bc-8ea8124999d4', NULL, '\xc00002', NULL, 1, NULL, NULL, 'c584133a-c916-ab3c-d3e7-fd46d815cc99', 'b11652b0-6ce5-44ec-9eef-021b7b1839e9', 3, '\x00a45155dfd5d98f7c2eed4e9cd6c3a095dbcc4d6e8b8b4f81fd37f622612464');
INSERT INTO audit VALUES (1796059436181231, 1700000000, 'signed_in', 'e220a839-7b1d-cdaf-61bc-8ea8124999d4', NULL, '\xc00002', NULL, 1, NULL, NULL, '657eecdd-3cb1-3d09-d9d6-5fab11472ed4', 'b11652b0-6ce5-44ec-9eef-021b7b1839e9', 4, '\x3a3a6084a3928e4c21d38d5822a70777e019532308712419646ccd73dfc5cc19');
INSERT INTO audit VALUES (1796059436189761, 1700000000, 'signed_in', 'e220a839-7b1d-cdaf-61bc-8ea8124999d4', NULL, '\xc00002', NULL, 1, NULL, NULL, '8e1f7555-983a-a92f-bd81-39a6f7311dff', 'b11652b0-6ce5-44ec-9eef-021b7b1839e9', 5, '\xce49acc5d070a61e10aadac0ba9a556794e76c74b87e985743915b244234adaf');
INSERT INTO audit VALUES (1796059436199010, 1700000000, 'signed_in', 'e220a839-7b1d-cdaf-61bc-8ea8124999d4', 'b54e0f16-00cc-4d19-8ef3-07bb57f83867', '\xc00002', NULL, 1, NULL, 'web', NULL, 'b11652b0-6ce5-44ec-9eef-021b7b1839e9', 6, '\x7275be976253c901c754ac102cd4b853dab59ce7742e9c86aa3de7b0e0680ffe');
INSERT INTO audit VALUES (1796059436211902, 1700000000, 'signed_in', 'e220a839-7b1d-cdaf-61bc-8ea8124999d4', '84bb3f97-971d-80ab-8b4a-e7cae651634c', '\xc00002', NULL, 1, NULL, 'web', NULL, 'b11652b0-6ce5-44ec-9eef-021b7b1839e9', 7, '\x57d1737b1df8fe760ad31db5f63a1516e80e86d4c999c3a2839ac4b34c1e53cd');
INSERT INTO audit VALUES (1796059436217181, 1700000000, 'signed_in', 'e220a839-7b1d-cdaf-61bc-8ea8124999d4', '7d29825c-7552-1255-3ca0-444a6ba5f68d', '\xc00002', NULL, 1, NULL, 'web', NULL, 'b11652b0-6ce5-44ec-9eef-021b7b1839e9', 8, '\x17b8eb22e9562f2b9835586dde352427de5b5b199ff98059886aed871cc3e789');
INSERT INTO audit VALUES (1796059436240195, 1700000001, 'session_ended', 'e220a839-7b1d-cdaf-61bc-8ea8124999d4', NULL, NULL, NULL, 2, NULL, NULL, '8e1f7555-983a-a92f-bd81-39a6f7311dff', 'b11652b0-6ce5-44ec-9eef-021b7b1839e9', 9, '\xd569c4d63a1423ad1cc121c74b31fac7693ebbc24da61d3cfdfe24334f151bff');
INSERT INTO audit VALUES (1796059436254755, 1700000000, 'client_added', NULL, NULL, NULL, NULL, 2, NULL, 'gone', NULL, 'b11652b0-6ce5-44ec-9eef-021b7b1839e9', 10, '\xfb562fec7dbeb36cfd3ace171eef460482c13f7534093f75812f038a67f7f65b');
INSERT INTO audit VALUES (1796059436258573, 1700000001, 'client_removed', NULL, NULL, NULL, NULL, 2, NULL, 'gone', NULL, 'b11652b0-6ce5-44ec-9eef-021b7b1839e9', 11, '\xc37df40894ede4e6f0bc11bebc92728ae9b53db08eced5a08e7cdb29f8495469');
INSERT INTO audit_segments VALUES ('b11652b0-6ce5-44ec-9eef-021b7b1839e9', 1700000000, '\x', false, 0, '\xf6bf1303e0920ed1b518977297f1d8e622d4bf461c12df56bfb841d4ecd6fd8c', 12, '\xc37df40894ede4e6f0bc11bebc92728ae9b53db08eced5a08e7cdb29f8495469');
INSERT INTO clients VALUES ('web', '{"client_name":"web"}', NULL, true, 1700000000);
INSERT INTO consents VALUES ('e220a839-7b1d-cdaf-61bc-8ea8124999d4', 'web', '', 1700000000, '[]', '[]', '');
INSERT INTO devices VALUES ('\x7f3e8112fc8fb47448bacde17767c784e235c05f077952c32685fb3f9ab594c2', 'BDWPHQPK', 'web', 'openid profile', 'asked by BDWPHQPK', 5, 1700000060, NULL, false, NULL, NULL, NULL, NULL, NULL);
INSERT INTO devices VALUES ('\x83453ac524073773338ac18e6c367ae36b120c02daa219011df07efd2d216112', 'BDWPHQPL', 'web', 'openid profile', 'asked by BDWPHQPL', 5, 1700000060, NULL, true, NULL, NULL, NULL, false, 'e220a839-7b1d-cdaf-61bc-8ea8124999d4');
INSERT INTO devices VALUES ('\xa72b4d96496ecae61551d836188877dc6821802190ea4283be0794e9f52ed206', 'BDWPHQPM', 'web', 'openid profile', 'asked by BDWPHQPM', 5, 1700000060, NULL, true, 'given', '1b39896a-51a8-749b-5594-29a76cf56c84', 1700000002, true, 'e220a839-7b1d-cdaf-61bc-8ea8124999d4');
INSERT INTO grants VALUES ('6e789e6a-a1b9-65f4-6061-eff69a95c91c', 'e220a839-7b1d-cdaf-61bc-8ea8124999d4', 0, 1700000000, NULL, 1700010000, NULL, 0, 0, '\xc00002', 'web', '', NULL, NULL, false, 1700000000, NULL);
INSERT INTO grants VALUES ('1b39896a-51a8-749b-5594-29a76cf56c84', 'e220a839-7b1d-cdaf-61bc-8ea8124999d4', 0, 1700000000, NULL, 1700010000, NULL, 0, 0, '\xc00002', 'web', '', NULL, NULL, false, 1700000000, NULL);
INSERT INTO grants VALUES ('b54e0f16-00cc-4d19-8ef3-07bb57f83867', 'e220a839-7b1d-cdaf-61bc-8ea8124999d4', 0, 1700000000, NULL, 1700010000, NULL, 0, 0, '\xc00002', 'web', '', '657eecdd-3cb1-3d09-d9d6-5fab11472ed4', NULL, false, 1700000000, NULL);
INSERT INTO grants VALUES ('84bb3f97-971d-80ab-8b4a-e7cae651634c', 'e220a839-7b1d-cdaf-61bc-8ea8124999d4', 0, 1700000000, NULL, 1700010000, NULL, 0, 0, '\xc00002', 'web', '', '657eecdd-3cb1-3d09-d9d6-5fab11472ed4', NULL, false, 1700000000, NULL);
INSERT INTO grants VALUES ('7d29825c-7552-1255-3ca0-444a6ba5f68d', 'e220a839-7b1d-cdaf-61bc-8ea8124999d4', 0, 1700000000, NULL, 1700010000, 1700000001, 0, 0, '\xc00002', 'web', '', '8e1f7555-983a-a92f-bd81-39a6f7311dff', NULL, false, 1700000000, NULL);
INSERT INTO history VALUES (0, 'f82850f7c6d34ae489ca2c6489a94a01');
INSERT INTO jeton VALUES (0, NULL, NULL);
INSERT INTO keys VALUES (1, 'tERDJ2FaoNhNXArAs6MrTUwbXZwO1a7PF3mJAa2Qtls', 'access', 'ES256', 'eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIiwia2lkIjoidEVSREoyRmFvTmhOWEFyQXM2TXJUVXdiWFp3TzFhN1BGM21KQWEyUXRscyJ9..EhHyKe3C6DcOXVm6.XA_8nOEIdz3KJu0wUBwnnxBVbSaCfLuwoLq00FrOhuKo_NovT9QbfGOObmQdlWSqGzdeFlVs4aDtIwioLae4gIqMwVRmCnI45iQcbnFYwa8HPkziejWTiTswLc51kO1NyhL2zWvdwzXmmETq5gWtWAVaqOE4svm9_rcgxXa6lYi7kkR1dGF6OkY15w8o8m8-YRVdDv2X5jZvZ0ubvpdFm5izwMDMlZuh5azlP4LmnQ8PRuRjW5dQ7id7CGJZG5xWEWO4PslV6NP5dQ.SDQKkwhMyc8Bi-d6HqtoaQ', 1700000000, 1700000000, NULL);
INSERT INTO known_networks VALUES ('e220a839-7b1d-cdaf-61bc-8ea8124999d4', '\xc00002', 1700000001);
INSERT INTO logouts VALUES (1796059436236458, 'web', '7d29825c-7552-1255-3ca0-444a6ba5f68d', 'e220a839-7b1d-cdaf-61bc-8ea8124999d4', 0, 1700000001, NULL);
INSERT INTO marks VALUES ('hash_kinds', 1);
INSERT INTO marks VALUES ('keys', 1);
INSERT INTO marks VALUES ('clients', 3);
INSERT INTO master_key_check VALUES (0, 'GXwc-V1Iv4x4N39Vz1oFlFguqSFHyVKogC1a8ZvMQTI');
INSERT INTO migrations VALUES (1, 'users_grants_keys');
INSERT INTO migrations VALUES (2, 'clients_sessions_codes');
INSERT INTO migrations VALUES (3, 'one_time_rows');
INSERT INTO migrations VALUES (4, 'consented_details');
INSERT INTO migrations VALUES (5, 'consented_resources');
INSERT INTO migrations VALUES (6, 'redeemed_devices');
INSERT INTO migrations VALUES (7, 'sweep_indexes');
INSERT INTO migrations VALUES (8, 'removed_clients');
INSERT INTO migrations VALUES (9, 'excused_generations');
INSERT INTO migrations VALUES (10, 'decided_devices');
INSERT INTO migrations VALUES (11, 'session_lines');
INSERT INTO migrations VALUES (12, 'known_networks');
INSERT INTO migrations VALUES (13, 'consented_appearance');
INSERT INTO migrations VALUES (14, 'master_key_check');
INSERT INTO migrations VALUES (15, 'accounts');
INSERT INTO migrations VALUES (16, 'session_clients');
INSERT INTO migrations VALUES (17, 'token_api_clients');
INSERT INTO migrations VALUES (18, 'folded_names');
INSERT INTO migrations VALUES (19, 'marks');
INSERT INTO migrations VALUES (20, 'claimed_logouts');
INSERT INTO migrations VALUES (21, 'audit_actors');
INSERT INTO migrations VALUES (22, 'revocations');
INSERT INTO migrations VALUES (23, 'grants_outside_sessions');
INSERT INTO migrations VALUES (24, 'nodes');
INSERT INTO migrations VALUES (25, 'audit_chain');
INSERT INTO name_locks VALUES (0);
INSERT INTO name_locks VALUES (1);
INSERT INTO name_locks VALUES (2);
INSERT INTO name_locks VALUES (3);
INSERT INTO name_locks VALUES (4);
INSERT INTO name_locks VALUES (5);
INSERT INTO name_locks VALUES (6);
INSERT INTO name_locks VALUES (7);
INSERT INTO name_locks VALUES (8);
INSERT INTO name_locks VALUES (9);
INSERT INTO name_locks VALUES (10);
INSERT INTO name_locks VALUES (11);
INSERT INTO name_locks VALUES (12);
INSERT INTO name_locks VALUES (13);
INSERT INTO name_locks VALUES (14);
INSERT INTO name_locks VALUES (15);
INSERT INTO name_locks VALUES (16);
INSERT INTO name_locks VALUES (17);
INSERT INTO name_locks VALUES (18);
INSERT INTO name_locks VALUES (19);
INSERT INTO name_locks VALUES (20);
INSERT INTO name_locks VALUES (21);
INSERT INTO name_locks VALUES (22);
INSERT INTO name_locks VALUES (23);
INSERT INTO name_locks VALUES (24);
INSERT INTO name_locks VALUES (25);
INSERT INTO name_locks VALUES (26);
INSERT INTO name_locks VALUES (27);
INSERT INTO name_locks VALUES (28);
INSERT INTO name_locks VALUES (29);
INSERT INTO name_locks VALUES (30);
INSERT INTO name_locks VALUES (31);
INSERT INTO name_locks VALUES (32);
INSERT INTO name_locks VALUES (33);
INSERT INTO name_locks VALUES (34);
INSERT INTO name_locks VALUES (35);
INSERT INTO name_locks VALUES (36);
INSERT INTO name_locks VALUES (37);
INSERT INTO name_locks VALUES (38);
INSERT INTO name_locks VALUES (39);
INSERT INTO name_locks VALUES (40);
INSERT INTO name_locks VALUES (41);
INSERT INTO name_locks VALUES (42);
INSERT INTO name_locks VALUES (43);
INSERT INTO name_locks VALUES (44);
INSERT INTO name_locks VALUES (45);
INSERT INTO name_locks VALUES (46);
INSERT INTO name_locks VALUES (47);
INSERT INTO name_locks VALUES (48);
INSERT INTO name_locks VALUES (49);
INSERT INTO name_locks VALUES (50);
INSERT INTO name_locks VALUES (51);
INSERT INTO name_locks VALUES (52);
INSERT INTO name_locks VALUES (53);
INSERT INTO name_locks VALUES (54);
INSERT INTO name_locks VALUES (55);
INSERT INTO name_locks VALUES (56);
INSERT INTO name_locks VALUES (57);
INSERT INTO name_locks VALUES (58);
INSERT INTO name_locks VALUES (59);
INSERT INTO name_locks VALUES (60);
INSERT INTO name_locks VALUES (61);
INSERT INTO name_locks VALUES (62);
INSERT INTO name_locks VALUES (63);
INSERT INTO nodes VALUES ('01010101-0101-0101-0101-010101010101', 1700000000);
INSERT INTO one_time VALUES ('\xfebe1d741b49e5a9c31526728d8c5134a803adfc4c04c4f052673722ed85597e', 'authorization_code', 1700000060, NULL, NULL, 'content of unused');
INSERT INTO one_time VALUES ('\xf839161355091fcd9e33f571e0b11c60217a5009f9973e769c13d7858db162cc', 'authorization_code', 1700000060, 1700000001, NULL, 'content of used');
INSERT INTO one_time VALUES ('\xfebe1d741b49e5a9c31526728d8c5134a803adfc4c04c4f052673722ed85597e', 'pushed_request', 1700000060, NULL, NULL, 'content of unused');
INSERT INTO one_time VALUES ('\xf839161355091fcd9e33f571e0b11c60217a5009f9973e769c13d7858db162cc', 'pushed_request', 1700000060, 1700000001, NULL, 'content of used');
INSERT INTO one_time VALUES ('\xfebe1d741b49e5a9c31526728d8c5134a803adfc4c04c4f052673722ed85597e', 'sign_out_request', 1700000060, NULL, NULL, 'content of unused');
INSERT INTO one_time VALUES ('\xf839161355091fcd9e33f571e0b11c60217a5009f9973e769c13d7858db162cc', 'sign_out_request', 1700000060, 1700000001, NULL, 'content of used');
INSERT INTO one_time VALUES ('\xfebe1d741b49e5a9c31526728d8c5134a803adfc4c04c4f052673722ed85597e', 'assertion_id', 1700000060, NULL, NULL, 'content of unused');
INSERT INTO one_time VALUES ('\xf839161355091fcd9e33f571e0b11c60217a5009f9973e769c13d7858db162cc', 'assertion_id', 1700000060, 1700000001, NULL, 'content of used');
INSERT INTO one_time VALUES ('\xfebe1d741b49e5a9c31526728d8c5134a803adfc4c04c4f052673722ed85597e', 'dpop_proof_id', 1700000060, NULL, NULL, 'content of unused');
INSERT INTO one_time VALUES ('\xf839161355091fcd9e33f571e0b11c60217a5009f9973e769c13d7858db162cc', 'dpop_proof_id', 1700000060, 1700000001, NULL, 'content of used');
INSERT INTO one_time VALUES ('\xfebe1d741b49e5a9c31526728d8c5134a803adfc4c04c4f052673722ed85597e', 'request_object_id', 1700000060, NULL, NULL, 'content of unused');
INSERT INTO one_time VALUES ('\xf839161355091fcd9e33f571e0b11c60217a5009f9973e769c13d7858db162cc', 'request_object_id', 1700000060, 1700000001, NULL, 'content of used');
INSERT INTO one_time VALUES ('\xfebe1d741b49e5a9c31526728d8c5134a803adfc4c04c4f052673722ed85597e', 'revoked_token_id', 1700000060, NULL, NULL, 'content of unused');
INSERT INTO one_time VALUES ('\xf839161355091fcd9e33f571e0b11c60217a5009f9973e769c13d7858db162cc', 'revoked_token_id', 1700000060, 1700000001, NULL, 'content of used');
INSERT INTO one_time VALUES ('\xfebe1d741b49e5a9c31526728d8c5134a803adfc4c04c4f052673722ed85597e', 'registration_token_use', 1700000060, NULL, NULL, 'content of unused');
INSERT INTO one_time VALUES ('\xf839161355091fcd9e33f571e0b11c60217a5009f9973e769c13d7858db162cc', 'registration_token_use', 1700000060, 1700000001, NULL, 'content of used');
INSERT INTO one_time VALUES ('\x5694d08a2e53ffcae0c3103e5ad6f6076abd960eb1f8a56577040bc1028f702b', 'authorization_code', 1700000060, 1700000001, '6e789e6a-a1b9-65f4-6061-eff69a95c91c', 'content of code');
INSERT INTO probe VALUES (0, 0);
INSERT INTO removed_clients VALUES ('gone', 1700000001);
INSERT INTO revocations VALUES (1700000001, 'session', '\x8e1f7555983aa92fbd8139a6f7311dff');
INSERT INTO revocations VALUES (1700000001, 'grant', '\x7d29825c755212553ca0444a6ba5f68d');
INSERT INTO session_clients VALUES ('657eecdd-3cb1-3d09-d9d6-5fab11472ed4', 'web', '84bb3f97-971d-80ab-8b4a-e7cae651634c');
INSERT INTO sessions VALUES ('c584133a-c916-ab3c-d3e7-fd46d815cc99', '\x53cb9f0c747ea2ea81952f43081d6e522c829abe1f4532e1ca00404e0f76120b', 'e220a839-7b1d-cdaf-61bc-8ea8124999d4', 0, 'pwd', '\xc00002', 1700000000, 1700000000, 1700010000, NULL, NULL, false);
INSERT INTO sessions VALUES ('657eecdd-3cb1-3d09-d9d6-5fab11472ed4', '\x3ee5789041c98ac3d99eb96d61a4fbb9f3b8488c368cb0a6cca24deb0ffc6f6c', 'e220a839-7b1d-cdaf-61bc-8ea8124999d4', 0, 'pwd', '\xc00002', 1700000000, 1700000000, 1700010000, NULL, NULL, false);
INSERT INTO sessions VALUES ('8e1f7555-983a-a92f-bd81-39a6f7311dff', '\xc2d326e0055bdef6a6b4a1473c6e7fc08621a03fe0bbdb7b0d176534536f1f7f', 'e220a839-7b1d-cdaf-61bc-8ea8124999d4', 0, 'pwd', '\xc00002', 1700000000, 1700000000, 1700010000, 1700000001, NULL, false);
INSERT INTO token_api_clients VALUES ('first-party');
INSERT INTO users VALUES ('e220a839-7b1d-cdaf-61bc-8ea8124999d4', 'ada', NULL, NULL, 'first', 0, false, false, 1700000000, '{}', NULL, NULL, NULL, 'ada');
ALTER TABLE ONLY audit
    ADD CONSTRAINT audit_pkey PRIMARY KEY (number);
ALTER TABLE ONLY audit_segments
    ADD CONSTRAINT audit_segments_pkey PRIMARY KEY (id);
ALTER TABLE ONLY clients
    ADD CONSTRAINT clients_pkey PRIMARY KEY (id);
ALTER TABLE ONLY consents
    ADD CONSTRAINT consents_pkey PRIMARY KEY (user_id, client);
ALTER TABLE ONLY devices
    ADD CONSTRAINT devices_pkey PRIMARY KEY (device_code);
ALTER TABLE ONLY devices
    ADD CONSTRAINT devices_user_code_key UNIQUE (user_code);
ALTER TABLE ONLY grants
    ADD CONSTRAINT grants_pkey PRIMARY KEY (id);
ALTER TABLE ONLY history
    ADD CONSTRAINT history_pkey PRIMARY KEY (one);
ALTER TABLE ONLY jeton
    ADD CONSTRAINT jeton_pkey PRIMARY KEY (one);
ALTER TABLE ONLY keys
    ADD CONSTRAINT keys_id_key UNIQUE (id);
ALTER TABLE ONLY keys
    ADD CONSTRAINT keys_pkey PRIMARY KEY ("position");
ALTER TABLE ONLY known_networks
    ADD CONSTRAINT known_networks_pkey PRIMARY KEY (user_id, network);
ALTER TABLE ONLY logouts
    ADD CONSTRAINT logouts_pkey PRIMARY KEY (number);
ALTER TABLE ONLY marks
    ADD CONSTRAINT marks_pkey PRIMARY KEY (subject);
ALTER TABLE ONLY master_key_check
    ADD CONSTRAINT master_key_check_pkey PRIMARY KEY (one);
ALTER TABLE ONLY migrations
    ADD CONSTRAINT migrations_pkey PRIMARY KEY (number);
ALTER TABLE ONLY name_locks
    ADD CONSTRAINT name_locks_pkey PRIMARY KEY (number);
ALTER TABLE ONLY nodes
    ADD CONSTRAINT nodes_pkey PRIMARY KEY (id);
ALTER TABLE ONLY one_time
    ADD CONSTRAINT one_time_pkey PRIMARY KEY (hash, kind);
ALTER TABLE ONLY probe
    ADD CONSTRAINT probe_pkey PRIMARY KEY (one);
ALTER TABLE ONLY removed_clients
    ADD CONSTRAINT removed_clients_pkey PRIMARY KEY (id);
ALTER TABLE ONLY revocations
    ADD CONSTRAINT revocations_pkey PRIMARY KEY (at, kind, subject);
ALTER TABLE ONLY session_clients
    ADD CONSTRAINT session_clients_pkey PRIMARY KEY (session, client);
ALTER TABLE ONLY session_clients
    ADD CONSTRAINT session_clients_sid_key UNIQUE (sid);
ALTER TABLE ONLY sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (id);
ALTER TABLE ONLY sessions
    ADD CONSTRAINT sessions_secret_key UNIQUE (secret);
ALTER TABLE ONLY token_api_clients
    ADD CONSTRAINT token_api_clients_pkey PRIMARY KEY (id);
ALTER TABLE ONLY users
    ADD CONSTRAINT users_imported_key_key UNIQUE (imported_key);
ALTER TABLE ONLY users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);
ALTER TABLE ONLY users
    ADD CONSTRAINT users_username_key UNIQUE (username);
CREATE INDEX audit_by_time ON audit USING btree (at, number);
CREATE INDEX audit_segments_by_time ON audit_segments USING btree (opened_at, id);
CREATE INDEX audit_segments_not_followed ON audit_segments USING btree (id) WHERE (NOT followed);
CREATE INDEX consents_of_client ON consents USING btree (client);
CREATE INDEX devices_of_client ON devices USING btree (client);
CREATE INDEX devices_unused ON devices USING btree (expires_at) WHERE (redeemed_at IS NULL);
CREATE INDEX devices_used ON devices USING btree (expires_at) WHERE (redeemed_at IS NOT NULL);
CREATE INDEX known_networks_by_time ON known_networks USING btree (seen_at);
CREATE INDEX live_grants_of_session ON grants USING btree (session) WHERE ((session IS NOT NULL) AND (revoked_at IS NULL));
CREATE INDEX live_grants_of_sid_alone ON grants USING btree (sid) WHERE ((sid IS NOT NULL) AND (session IS NULL) AND (revoked_at IS NULL));
CREATE INDEX live_grants_of_user ON grants USING btree (user_id) WHERE (revoked_at IS NULL);
CREATE INDEX live_sessions_of_user ON sessions USING btree (user_id) WHERE (ended_at IS NULL);
CREATE INDEX logouts_by_time ON logouts USING btree (due_at);
CREATE INDEX logouts_of_client ON logouts USING btree (client);
CREATE INDEX one_time_unused ON one_time USING btree (kind, expires_at) WHERE (redeemed_at IS NULL);
CREATE INDEX one_time_used ON one_time USING btree (kind, expires_at) WHERE (redeemed_at IS NOT NULL);
CREATE INDEX passwords_of_other_kinds ON users USING btree ("left"(password, 200)) WHERE (password !~~ '$argon2id$v=19$m=19456,t=2,p=1$%'::text);
CREATE INDEX session_clients_by_client ON session_clients USING btree (client);
CREATE INDEX sessions_by_expiry ON sessions USING btree (expires_at, id);
CREATE INDEX users_by_folded ON users USING btree ("left"(folded, 200));
CREATE TRIGGER clients_changed AFTER INSERT OR DELETE OR UPDATE ON clients FOR EACH ROW EXECUTE FUNCTION change_mark('clients');
CREATE TRIGGER keys_changed AFTER INSERT OR DELETE OR UPDATE ON keys FOR EACH ROW EXECUTE FUNCTION change_mark('keys');
CREATE TRIGGER password_changed AFTER UPDATE OF password ON users FOR EACH ROW WHEN ((new.password !~~ '$argon2id$v=19$m=19456,t=2,p=1$%'::text)) EXECUTE FUNCTION change_mark('hash_kinds');
CREATE TRIGGER user_added AFTER INSERT ON users FOR EACH ROW WHEN ((new.password !~~ '$argon2id$v=19$m=19456,t=2,p=1$%'::text)) EXECUTE FUNCTION change_mark('hash_kinds');

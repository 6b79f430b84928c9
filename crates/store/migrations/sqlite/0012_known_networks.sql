-- The networks that users signed in from with their password: the throttle does not hold them up for what others do.

CREATE TABLE known_networks (
    user    INTEGER NOT NULL REFERENCES users (number),
    network BLOB    NOT NULL,
    seen_at INTEGER NOT NULL,                  -- to the day
    PRIMARY KEY (user, network)
) STRICT, WITHOUT ROWID;

CREATE INDEX known_networks_by_time ON known_networks (seen_at);

-- Browsers' sessions have the network of the sign-in; the grants of the token API that of the last refresh.
INSERT INTO known_networks (user, network, seen_at)
SELECT user, network, max(seen_at) FROM (
    SELECT user, network, authenticated_at AS seen_at FROM sessions
    UNION ALL
    SELECT user, network, minted_at FROM grants WHERE session IS NULL AND detail IS NULL
) GROUP BY user, network;

-- Which kinds of hashes are in use, beside the default one. Sign-ins cost as much for everybody as the dearest of each kind.
CREATE INDEX passwords_of_other_kinds ON users (password) WHERE password NOT GLOB '$argon2id$v=19$m=19456,t=2,p=1$*';

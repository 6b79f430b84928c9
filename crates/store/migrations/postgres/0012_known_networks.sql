-- The networks that users signed in from with their password: the throttle does not hold them up for what others do.

CREATE TABLE known_networks (
    user_id uuid   NOT NULL,
    network bytea  NOT NULL,
    seen_at bigint NOT NULL,                  -- to the day
    PRIMARY KEY (user_id, network)
);

CREATE INDEX known_networks_by_time ON known_networks (seen_at);

-- Which kinds of hashes are in use, beside the default one. Sign-ins cost as much for everybody as the dearest of each kind. The
-- beginning of a hash says its kind.
CREATE INDEX passwords_of_other_kinds ON users (left(password, 200))
    WHERE password NOT LIKE '$argon2id$v=19$m=19456,t=2,p=1$%';

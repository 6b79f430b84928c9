-- Numbers that change with what servers keep in memory, so that each notices what another process changed. Triggers cannot be forgotten.
CREATE TABLE marks (
    only       INTEGER PRIMARY KEY CHECK (only = 0),
    keys       INTEGER NOT NULL,
    clients    INTEGER NOT NULL,
    hash_kinds INTEGER NOT NULL
) STRICT;
INSERT INTO marks VALUES (0, 0, 0, 0);

CREATE TRIGGER key_added AFTER INSERT ON keys BEGIN UPDATE marks SET keys = keys + 1; END;
CREATE TRIGGER key_changed AFTER UPDATE ON keys BEGIN UPDATE marks SET keys = keys + 1; END;
CREATE TRIGGER key_removed AFTER DELETE ON keys BEGIN UPDATE marks SET keys = keys + 1; END;

CREATE TRIGGER client_added AFTER INSERT ON clients BEGIN UPDATE marks SET clients = clients + 1; END;
CREATE TRIGGER client_changed AFTER UPDATE ON clients BEGIN UPDATE marks SET clients = clients + 1; END;
CREATE TRIGGER client_removed AFTER DELETE ON clients BEGIN UPDATE marks SET clients = clients + 1; END;

-- The hashes that the index `passwords_of_other_kinds` leads to.
CREATE TRIGGER user_added AFTER INSERT ON users WHEN NEW.password NOT GLOB '$argon2id$v=19$m=19456,t=2,p=1$*'
    BEGIN UPDATE marks SET hash_kinds = hash_kinds + 1; END;
CREATE TRIGGER password_changed AFTER UPDATE OF password ON users
    WHEN NEW.password NOT GLOB '$argon2id$v=19$m=19456,t=2,p=1$*'
    BEGIN UPDATE marks SET hash_kinds = hash_kinds + 1; END;

-- Numbers that change with what servers keep in memory, so that each notices what another process changed. Triggers cannot be forgotten.
CREATE TABLE marks (
    subject text   COLLATE "C" PRIMARY KEY,
    value   bigint NOT NULL
) WITH (fillfactor = 10);
INSERT INTO marks VALUES ('keys', 0), ('clients', 0), ('hash_kinds', 0);

CREATE FUNCTION change_mark() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE marks SET value = value + 1 WHERE subject = TG_ARGV[0];
    RETURN NULL;
END
$$;

CREATE TRIGGER keys_changed AFTER INSERT OR UPDATE OR DELETE ON keys
    FOR EACH ROW EXECUTE FUNCTION change_mark('keys');

CREATE TRIGGER clients_changed AFTER INSERT OR UPDATE OR DELETE ON clients
    FOR EACH ROW EXECUTE FUNCTION change_mark('clients');

-- The hashes that the index `passwords_of_other_kinds` leads to.
CREATE TRIGGER user_added AFTER INSERT ON users
    FOR EACH ROW WHEN (NEW.password NOT LIKE '$argon2id$v=19$m=19456,t=2,p=1$%')
    EXECUTE FUNCTION change_mark('hash_kinds');
CREATE TRIGGER password_changed AFTER UPDATE OF password ON users
    FOR EACH ROW WHEN (NEW.password NOT LIKE '$argon2id$v=19$m=19456,t=2,p=1$%')
    EXECUTE FUNCTION change_mark('hash_kinds');

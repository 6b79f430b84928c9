-- What the token API's own client is called, and was called before: removing a client of that name ends none of the token API's sessions.
-- Those are the grants that have no detail.
CREATE TABLE token_api_clients (
    id text COLLATE "C" PRIMARY KEY
);

//! Sessions in PostgreSQL: one statement on one connection for whatever has queued up, which is a transaction of its own.

use std::collections::HashMap;

use tokio::sync::{mpsc, oneshot};
use tokio_postgres::{Client, Error, NoTls, Statement};

use super::{BATCH, Job, Operation, SecretHash, SessionId};
use crate::clock::unix_seconds;

/// Connects, and applies what is queued until nobody queues anything.
pub(super) async fn start(url: &str, queue: mpsc::Receiver<Job>) -> Result<(), Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    client
        .batch_execute(
            "CREATE TABLE IF NOT EXISTS session (
                 id bytea PRIMARY KEY, hash bytea NOT NULL, username text NOT NULL,
                 generation int8 NOT NULL, refreshed_at int8 NOT NULL
             ) WITH (fillfactor = 70)",
        )
        .await?;
    let statements = Statements {
        open: client
            .prepare(
                "INSERT INTO session SELECT id, hash, username, 0, $4
                 FROM UNNEST($1::bytea[], $2::bytea[], $3::text[]) AS new (id, hash, username)",
            )
            .await?,
        rotate: client
            .prepare(
                "UPDATE session SET hash = new.hash, generation = generation + 1, refreshed_at = $4
                 FROM UNNEST($1::bytea[], $2::bytea[], $3::bytea[]) AS new (id, before, hash)
                 WHERE session.id = new.id AND session.hash = new.before RETURNING session.id, session.username",
            )
            .await?,
    };
    tokio::spawn(
        async move { write(&client, &statements, queue).await.expect("the floor's database works") },
    );
    Ok(())
}

struct Statements {
    open: Statement,
    rotate: Statement,
}

/// What one statement does for many.
#[derive(Default)]
struct Batch {
    ids: Vec<Vec<u8>>,
    befores: Vec<Vec<u8>>,
    hashes: Vec<Vec<u8>>,
    users: Vec<String>,
    answers: Vec<(SessionId, oneshot::Sender<Option<String>>)>,
}

impl Batch {
    fn add(&mut self, id: SessionId, hash: SecretHash, answer: oneshot::Sender<Option<String>>) {
        self.ids.push(id.to_vec());
        self.hashes.push(hash.to_vec());
        self.answers.push((id, answer));
    }
}

async fn write(
    client: &Client,
    statements: &Statements,
    mut queue: mpsc::Receiver<Job>,
) -> Result<(), Error> {
    let mut jobs = Vec::with_capacity(BATCH);
    while queue.recv_many(&mut jobs, BATCH).await > 0 {
        let now = unix_seconds().cast_signed();
        let (mut opened, mut rotated) = (Batch::default(), Batch::default());
        for Job { operation, answer } in jobs.drain(..) {
            match operation {
                Operation::Open { id, hash, user } => {
                    opened.users.push(user);
                    opened.add(id, hash, answer);
                }
                Operation::Rotate { id, from, to } => {
                    rotated.befores.push(from.to_vec());
                    rotated.add(id, to, answer);
                }
                // Codes are measured on SQLite alone.
                Operation::PlaceCode { .. } | Operation::RedeemCode { .. } => drop(answer),
            }
        }
        if !opened.answers.is_empty() {
            client.execute(&statements.open, &[&opened.ids, &opened.hashes, &opened.users, &now]).await?;
            for ((_, answer), user) in opened.answers.into_iter().zip(opened.users) {
                let _ = answer.send(Some(user));
            }
        }
        if !rotated.answers.is_empty() {
            let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 4] =
                [&rotated.ids, &rotated.befores, &rotated.hashes, &now];
            let rows = client.query(&statements.rotate, &parameters).await?;
            let mut users: HashMap<Vec<u8>, String> =
                rows.iter().map(|row| (row.get(0), row.get(1))).collect();
            for (id, answer) in rotated.answers {
                // Whoever has stopped waiting needs no answer.
                let _ = answer.send(users.remove(id.as_slice()));
            }
        }
    }
    Ok(())
}

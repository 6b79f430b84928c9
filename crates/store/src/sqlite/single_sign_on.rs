//! The parts of the store that single sign-on needs: each verb handed to the file that holds its SQL.

use std::time::Duration;

use async_trait::async_trait;
use jeton_authority::authorization::{NewAnswer, RequestAnswer};
use jeton_authority::client::{Consent, StoredClient};
use jeton_authority::device::{DeviceAuthorization, DeviceDecision, NewDeviceAuthorization};
use jeton_authority::grant::NewGrant;
use jeton_authority::one_time::{OneTime, OneTimeHash, OneTimeKind, Presentation};
use jeton_authority::password::PasswordHash;
use jeton_authority::session::{LapsedSession, NewSession, Session, SessionSecretHash, SessionSummary};
use jeton_authority::store::{
    ClientChange, ClientRemoval, ClientStore, CodeRedemption, DeviceDecided, DevicePoll, DeviceStore,
    LogoutDelivery, LogoutStore, OneTimeStore, Placement, Redemption, SessionEnding, SessionOpening,
    SessionStore, SignInStore, StoreError,
};
use jeton_authority::user::User;
use jeton_authority::{GrantId, Network, SessionId, UserId};
use jeton_jose::Timestamp;
use jeton_oauth::client::ClientId;

use super::{SqliteStore, clients, devices, grants, logouts, one_time, sessions, sign_ins};

#[async_trait]
impl ClientStore for SqliteStore {
    async fn note_token_api_client(&self, id: &str) -> Result<(), StoreError> {
        if self.readers.read(|db| clients::is_token_apis(db, id))? {
            return Ok(());
        }
        let id = id.to_owned();
        self.writer.submit(move |db| clients::note_token_apis(db, &id)).await
    }

    async fn add_client(&self, client: StoredClient) -> Result<ClientChange, StoreError> {
        self.end_what_is_left_of(&client.id).await?;
        self.writer.submit(move |db| clients::add(db, &client)).await
    }

    async fn change_client(&self, client: StoredClient, now: Timestamp) -> Result<ClientChange, StoreError> {
        self.writer.submit(move |db| clients::change(db, &client, now)).await
    }

    async fn remove_client(&self, client: &ClientId, now: Timestamp) -> Result<ClientRemoval, StoreError> {
        let client = client.clone();
        self.writer.submit(move |db| clients::remove(db, &client, now)).await
    }

    async fn end_removed_client(&self, client: &ClientId) -> Result<u64, StoreError> {
        self.end_what_is_left_of(client).await
    }

    async fn find_client(&self, client: &ClientId) -> Result<Option<StoredClient>, StoreError> {
        self.readers.read(|db| clients::find(db, client))
    }

    async fn list_clients(
        &self,
        after: Option<&ClientId>,
        limit: u32,
    ) -> Result<Vec<StoredClient>, StoreError> {
        let after = after.cloned();
        self.list(move |db| clients::list(db, after.as_ref(), limit)).await
    }

    async fn find_consent(&self, user: UserId, client: &ClientId) -> Result<Option<Consent>, StoreError> {
        self.readers.read(|db| clients::consent(db, user, client))
    }

    async fn give_consent(
        &self,
        user: UserId,
        client: &ClientId,
        consent: &Consent,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (client, consent) = (client.clone(), consent.clone());
        self.writer.submit(move |db| clients::give_consent(db, user, &client, &consent, now)).await
    }

    async fn withdraw_consent(&self, user: UserId, client: &ClientId) -> Result<(), StoreError> {
        let client = client.clone();
        self.writer.submit(move |db| clients::withdraw_consent(db, user, &client)).await
    }
}

#[async_trait]
impl SessionStore for SqliteStore {
    async fn open_session(
        &self,
        session: NewSession,
        replaces: Option<SessionSecretHash>,
    ) -> Result<SessionOpening, StoreError> {
        self.writer.submit(move |db| sessions::open(db, &session, replaces.as_ref())).await
    }

    async fn find_session(
        &self,
        secret: &SessionSecretHash,
        idle_lifetime: Duration,
        now: Timestamp,
    ) -> Result<Option<(Session, User)>, StoreError> {
        self.readers.read(|db| sessions::find(db, secret, idle_lifetime, now))
    }

    async fn find_lapsed_session(
        &self,
        secret: &SessionSecretHash,
    ) -> Result<Option<LapsedSession>, StoreError> {
        self.readers.read(|db| sessions::find_lapsed(db, secret))
    }

    async fn find_session_of_sid(&self, sid: GrantId) -> Result<Option<(SessionId, UserId)>, StoreError> {
        self.readers.read(|db| sessions::of_sid(db, sid))
    }

    async fn find_grant_of_sid(
        &self,
        sid: GrantId,
        client: &ClientId,
        now: Timestamp,
    ) -> Result<Option<GrantId>, StoreError> {
        self.readers.read(|db| grants::of_sid(db, sid, client, now))
    }

    async fn touch_session(&self, session: SessionId, now: Timestamp) -> Result<(), StoreError> {
        self.writer.submit(move |db| sessions::touch(db, session, now)).await
    }

    async fn end_session(&self, session: SessionId, now: Timestamp) -> Result<SessionEnding, StoreError> {
        self.writer.submit(move |db| sessions::end(db, session, now)).await
    }

    async fn list_sessions(
        &self,
        user: UserId,
        limit: u32,
        idle_lifetime: Duration,
        now: Timestamp,
    ) -> Result<Vec<Session>, StoreError> {
        self.list(move |db| sessions::list(db, user, limit, idle_lifetime, now)).await
    }

    async fn list_all_sessions(
        &self,
        after: Option<SessionId>,
        limit: u32,
        idle_lifetime: Duration,
        now: Timestamp,
    ) -> Result<Vec<SessionSummary>, StoreError> {
        self.list(move |db| sessions::list_all(db, after, limit, idle_lifetime, now)).await
    }
}

#[async_trait]
impl OneTimeStore for SqliteStore {
    async fn place(
        &self,
        kind: OneTimeKind,
        hash: OneTimeHash,
        content: Box<str>,
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Result<Placement, StoreError> {
        self.writer.submit(move |db| one_time::place(db, kind, hash, &content, expires_at, now)).await
    }

    async fn peek(&self, kind: OneTimeKind, hash: OneTimeHash) -> Result<Option<OneTime>, StoreError> {
        self.readers.read(|db| one_time::peek(db, kind, hash))
    }

    async fn redeem(
        &self,
        kind: OneTimeKind,
        hash: OneTimeHash,
        now: Timestamp,
    ) -> Result<Redemption, StoreError> {
        self.writer.submit(move |db| one_time::redeem(db, kind, hash, now)).await
    }

    async fn prolong_request(&self, request: OneTimeHash, until: Timestamp) -> Result<(), StoreError> {
        self.writer.submit(move |db| one_time::prolong_request(db, request, until)).await
    }

    async fn answer_request(&self, answer: NewAnswer, now: Timestamp) -> Result<RequestAnswer, StoreError> {
        self.writer.submit(move |db| one_time::answer_request(db, &answer, now)).await
    }

    async fn redeem_code(
        &self,
        code: OneTimeHash,
        grant: NewGrant,
        presentation: Presentation,
    ) -> Result<CodeRedemption, StoreError> {
        self.writer.submit(move |db| one_time::redeem_code(db, code, &grant, &presentation)).await
    }
}

#[async_trait]
impl SignInStore for SqliteStore {
    async fn find_known_network(
        &self,
        user: UserId,
        network: Network,
    ) -> Result<Option<Timestamp>, StoreError> {
        self.readers.read(|db| sign_ins::find_network(db, user, network))
    }

    async fn note_known_network(
        &self,
        user: UserId,
        network: Network,
        keep: u32,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.writer.submit(move |db| sign_ins::note_network(db, user, network, keep, now)).await
    }

    async fn sample_password_hashes(&self, limit: u32) -> Result<Vec<PasswordHash>, StoreError> {
        self.readers.read(|db| sign_ins::sample_hashes(db, limit))
    }
}

#[async_trait]
impl DeviceStore for SqliteStore {
    async fn add_device_authorization(
        &self,
        device: NewDeviceAuthorization,
        now: Timestamp,
    ) -> Result<Placement, StoreError> {
        self.writer.submit(move |db| devices::add(db, &device, now)).await
    }

    async fn find_device_authorization(
        &self,
        user_code: &str,
        now: Timestamp,
    ) -> Result<Option<DeviceAuthorization>, StoreError> {
        self.readers.read(|db| devices::find(db, user_code, now))
    }

    async fn decide_device_authorization(
        &self,
        user_code: &str,
        by: UserId,
        decision: DeviceDecision,
        now: Timestamp,
    ) -> Result<DeviceDecided, StoreError> {
        let user_code: Box<str> = user_code.into();
        self.writer.submit(move |db| devices::decide(db, &user_code, by, &decision, now)).await
    }

    async fn poll_device_authorization(
        &self,
        device_code: OneTimeHash,
        client: &ClientId,
        now: Timestamp,
    ) -> Result<DevicePoll, StoreError> {
        let client = client.clone();
        self.writer.submit(move |db| devices::poll(db, device_code, &client, now)).await
    }

    async fn redeem_device_code(
        &self,
        device_code: OneTimeHash,
        grant: NewGrant,
        presentation: Presentation,
    ) -> Result<CodeRedemption, StoreError> {
        self.writer.submit(move |db| devices::redeem(db, device_code, &grant, &presentation)).await
    }
}

#[async_trait]
impl LogoutStore for SqliteStore {
    async fn due_logouts(
        &self,
        now: Timestamp,
        per_client: u32,
        limit: u32,
    ) -> Result<Vec<LogoutDelivery>, StoreError> {
        self.readers.read(|db| logouts::due(db, now, per_client, limit))
    }

    async fn finish_logout(&self, number: i64) -> Result<(), StoreError> {
        self.writer.submit(move |db| logouts::finish(db, number)).await
    }

    async fn postpone_logout(
        &self,
        number: i64,
        due_at: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.writer.submit(move |db| logouts::postpone(db, number, due_at, now)).await
    }
}

//! The authority: its parts, opened over one store.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use arc_swap::{ArcSwap, ArcSwapOption};
use jeton_jose::{Algorithm, Timestamp};

use crate::NodeId;
use crate::accounts::Accounts;
use crate::audit::Actor;
use crate::authorization::Authorization;
use crate::base::Base;
use crate::client_auth::ClientAuth;
use crate::client_directory::ClientDirectory;
use crate::client_lifecycle::{ClientLifecycle, SectorCheck};
use crate::device_authorization::Devices;
use crate::dpop::Proofs;
use crate::factor_setup::FactorSetup;
use crate::feed::Feed;
use crate::forms::Forms;
use crate::grant_types::{Grants, RecordedExchanges};
use crate::idempotency::Idempotency;
use crate::keyring::{self, KeyChangeError, Keys, OpenError};
use crate::keys::{KeyId, MasterKey, StoredKey};
use crate::own_account::OwnAccount;
use crate::password_reset::PasswordResets;
use crate::ports::Ports;
use crate::random::{SystemRandom, sixteen};
use crate::registration::ClientRegistration;
use crate::settings::Settings;
use crate::sign_in::SignIn;
use crate::sign_out::SignOut;
use crate::status_list::StatusLists;
use crate::store::{Marks, Store, StoreError};
use crate::sweep::{SweepCursor, SweepLifetimes, SweepOutcome, Swept, sweep_step};
use crate::tally::Tally;
use crate::throttle::Rates;
use crate::tokens::Tokens;
use crate::used_up::UsedUp;

/// How often a node says that it lives, in seconds.
const NODES_COUNTED_EVERY: i64 = 10;

/// A token authority: its parts, each with what it needs and no more. Share it by `Arc`.
pub struct Authority {
    store: Arc<dyn Store>,
    /// Which state of the store is known.
    known: ArcSwap<Marks>,
    node: NodeId,
    /// When the nodes were counted, in seconds since 1970.
    nodes_counted_at: AtomicI64,
    settings: Arc<Settings>,
    keys: Arc<Keys>,
    accounts: Accounts,
    own_account: OwnAccount,
    clients: Arc<ClientDirectory>,
    client_auth: ClientAuth,
    registration: ClientRegistration,
    sign_in: SignIn,
    factor_setup: FactorSetup,
    password_resets: PasswordResets,
    sign_out: SignOut,
    authorization: Authorization,
    devices: Devices,
    grants: Grants,
    tokens: Arc<Tokens>,
    proofs: Proofs,
    forms: Forms,
    feed: Arc<Feed>,
    status_lists: StatusLists,
    tally: Arc<Tally>,
}

impl Authority {
    /// Opens the authority over a store. A store without keys gets its first ones.
    ///
    /// # Errors
    /// [`OpenError::Keys`] with a wrong master key: nothing was changed then.
    pub async fn open(
        store: Arc<dyn Store>,
        master: MasterKey,
        settings: Settings,
        ports: Ports,
        now: Timestamp,
    ) -> Result<Self, OpenError> {
        let Ports { hashing, random, client_sectors, certificates, this_machine, .. } = ports;
        let settings = Arc::new(settings);
        let node = NodeId::from_bytes(sixteen(&*random));
        let rates = Arc::new(Rates::new(settings.client.registrations));
        // Asked before anything is read: a change in between is then noticed by the next tick.
        let known = ArcSwap::from_pointee(store.changes().await?);
        let keys = Keys::open(store.clone(), settings.clone(), master, &*random, now).await?;
        match store.note_token_api_client(&settings.client_id).await {
            // A disk that is full for the moment keeps nobody from starting.
            Ok(()) | Err(StoreError::Unavailable(_)) => {}
            Err(error) => return Err(error.into()),
        }
        match store.want_notices(settings.mail.notices()).await {
            Ok(()) | Err(StoreError::Unavailable(_)) => {}
            Err(error) => return Err(error.into()),
        }
        let keys = Arc::new(keys);
        let accounts = Accounts::new(store.clone(), random.clone(), hashing.clone());
        let tally = Arc::new(Tally::default());
        let factor_setup = FactorSetup {
            store: store.clone(),
            settings: settings.clone(),
            keys: keys.clone(),
            random: random.clone(),
        };
        let password_resets = PasswordResets {
            store: store.clone(),
            settings: settings.clone(),
            keys: keys.clone(),
            random: random.clone(),
            rates: rates.clone(),
            hashing: hashing.clone(),
        };
        let sign_in = SignIn::open(
            tally.clone(),
            store.clone(),
            settings.clone(),
            random.clone(),
            rates.clone(),
            keys.clone(),
            hashing.clone(),
            now,
        );
        let sign_in = sign_in.await?;
        let clients = Arc::new(ClientDirectory::new(
            store.clone(),
            settings.clone(),
            keys.clone(),
            ports.client_keys,
            ports.client_documents,
        ));
        let own_account = OwnAccount {
            store: store.clone(),
            settings: settings.clone(),
            clients: clients.clone(),
            hashing,
            random: random.clone(),
        };
        let used_up = Arc::new(UsedUp::default());
        let feed = Arc::new(Feed::new(store.clone(), settings.clone(), keys.clone(), used_up.clone()));
        let tokens = Arc::new(Tokens {
            store: store.clone(),
            settings: settings.clone(),
            random: random.clone(),
            keys: keys.clone(),
            clients: clients.clone(),
            tally: tally.clone(),
            feed: feed.clone(),
        });
        let base = Base {
            store: store.clone(),
            settings: settings.clone(),
            random,
            rates: rates.clone(),
            keys: keys.clone(),
            clients: clients.clone(),
            tally: tally.clone(),
            used_up: used_up.clone(),
        };
        Ok(Self {
            client_auth: ClientAuth {
                store: store.clone(),
                settings: settings.clone(),
                rates: rates.clone(),
                clients: clients.clone(),
                used_up: used_up.clone(),
                certificates,
                roots: ArcSwapOption::new(ports.client_roots.map(Arc::new)),
            },
            registration: ClientRegistration {
                base: base.clone(),
                client_sectors,
                certificates,
                this_machine,
            },
            sign_in,
            factor_setup,
            password_resets,
            sign_out: SignOut { base: base.clone() },
            authorization: Authorization { base: base.clone() },
            devices: Devices { base: base.clone() },
            grants: Grants { base, tokens: tokens.clone(), recorded_exchanges: RecordedExchanges::default() },
            proofs: Proofs {
                store: store.clone(),
                settings: settings.dpop,
                rates,
                keys: keys.clone(),
                used_up,
            },
            forms: Forms { keys: keys.clone() },
            feed,
            status_lists: StatusLists::new(store.clone(), settings.clone(), keys.clone()),
            store,
            known,
            node,
            nodes_counted_at: AtomicI64::new(i64::MIN),
            settings,
            keys,
            accounts,
            own_account,
            clients,
            tokens,
            tally,
        })
    }

    /// The settings that are in force.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The store, for what needs no rules of its own: lists, and the readiness check.
    pub fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// What users see and change of their own account.
    pub fn own_account(&self) -> &OwnAccount {
        &self.own_account
    }

    /// The keys in use.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// What adds, changes and removes users.
    pub fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    /// The clients that there are.
    pub fn clients(&self) -> &ClientDirectory {
        &self.clients
    }

    /// What adds, changes and removes clients at the request of an administrator.
    pub fn client_lifecycle<'a>(&'a self, sectors: &'a dyn SectorCheck) -> ClientLifecycle<'a> {
        ClientLifecycle {
            store: &*self.store,
            master: self.keys.master(),
            random: &SystemRandom,
            sectors,
            token_api_client: &self.settings.client_id,
        }
    }

    /// Rotates the signing keys ([`keyring::rotate`]), and uses the new ones from when they sign.
    ///
    /// # Errors
    /// [`KeyChangeError`] says why not.
    pub async fn rotate_keys(
        &self,
        algorithm: Option<Algorithm>,
        publish_wait: Duration,
        by: Actor,
        now: Timestamp,
    ) -> Result<Vec<StoredKey>, KeyChangeError> {
        let added =
            keyring::rotate(&*self.store, self.keys.master(), algorithm, publish_wait, by, now).await?;
        // The tick does it otherwise.
        self.reload(now).await.ok();
        Ok(added)
    }

    /// Withdraws a key at once ([`keyring::retire`]).
    ///
    /// # Errors
    /// [`KeyChangeError`] says why not.
    pub async fn withdraw_key(&self, kid: &KeyId, by: Actor, now: Timestamp) -> Result<(), KeyChangeError> {
        keyring::retire(&*self.store, kid, self.settings.access.lifetime, by, now).await?;
        self.reload(now).await.ok();
        Ok(())
    }

    /// What an administrator's request with an `Idempotency-Key` came to, so that it is not executed twice.
    pub fn idempotency(&self) -> Idempotency<'_> {
        Idempotency { store: &*self.store, master: self.keys.master() }
    }

    /// What finds out which client asks.
    pub fn client_auth(&self) -> &ClientAuth {
        &self.client_auth
    }

    /// What lets clients register themselves.
    pub fn registration(&self) -> &ClientRegistration {
        &self.registration
    }

    /// What signs people in.
    pub fn sign_in(&self) -> &SignIn {
        &self.sign_in
    }

    /// What sets up second factors.
    pub fn factor_setup(&self) -> &FactorSetup {
        &self.factor_setup
    }

    /// What lets users set a new password by mail.
    pub fn password_resets(&self) -> &PasswordResets {
        &self.password_resets
    }

    /// What signs browsers out.
    pub fn sign_out(&self) -> &SignOut {
        &self.sign_out
    }

    /// What authorizes clients.
    pub fn authorization(&self) -> &Authorization {
        &self.authorization
    }

    /// What signs devices in from elsewhere.
    pub fn devices(&self) -> &Devices {
        &self.devices
    }

    /// What exchanges grants for tokens.
    pub fn grants(&self) -> &Grants {
        &self.grants
    }

    /// What is done with tokens that come back.
    pub fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    /// What checks proofs of possession.
    pub fn proofs(&self) -> &Proofs {
        &self.proofs
    }

    /// What tells APIs of tokens that are no longer good.
    pub fn feed(&self) -> &Feed {
        &self.feed
    }

    /// The status list.
    pub fn status_lists(&self) -> &StatusLists {
        &self.status_lists
    }

    /// The event counts so far, for monitoring.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// What seals forms.
    pub fn forms(&self) -> &Forms {
        &self.forms
    }

    /// Brings what is known up to date where the store changed or time moved a key on. Cheap otherwise: to be
    /// called every second.
    ///
    /// Answers whether the published set changed.
    ///
    /// # Errors
    /// When the store fails or a key cannot be opened; the keys known so far stay in use.
    pub async fn tick(&self, now: Timestamp) -> Result<bool, OpenError> {
        self.count_nodes(now).await;
        let (known, marks) = (self.known.load_full(), self.store.changes().await?);
        if !marks.follow(&known) {
            return self.reload(now).await;
        }
        if known.clients != marks.clients {
            self.clients.forget();
        }
        if known.hash_kinds != marks.hash_kinds {
            self.sign_in.reload(now).await?;
        } else {
            self.sign_in.tick(now).await?;
        }
        let outdated = known.keys != marks.keys || self.keys.are_outdated(now);
        let changed = outdated && self.keys.reload(now).await?;
        self.known.store(Arc::new(marks));
        Ok(changed)
    }

    /// Counts the nodes, now and then: they share what callers may try.
    async fn count_nodes(&self, now: Timestamp) {
        let since = now.unix().saturating_sub(self.nodes_counted_at.load(Ordering::Relaxed));
        if (0..NODES_COUNTED_EVERY).contains(&since) {
            return;
        }
        // A disk that is full for the moment must not keep keys from being read. What fails for good is told by that.
        if let Ok(nodes) = self.store.count_nodes(self.node, now).await {
            self.sign_in.share(nodes);
            self.nodes_counted_at.store(now.unix(), Ordering::Relaxed);
        }
    }

    /// Reads the keys from the store at once, and forgets what is known of clients. Answers whether the published set changed.
    ///
    /// # Errors
    /// When the store fails or a key cannot be opened; the keys known so far stay in use.
    pub async fn reload(&self, now: Timestamp) -> Result<bool, OpenError> {
        let marks = self.store.changes().await?;
        let changed = self.keys.reload(now).await?;
        self.clients.forget();
        self.sign_in.reload(now).await?;
        self.known.store(Arc::new(marks));
        Ok(changed)
    }

    /// Does one step of the sweep of one kind.
    ///
    /// # Errors
    /// When the store fails; the same step can be tried again.
    pub async fn sweep(
        &self,
        what: Swept,
        from: SweepCursor,
        now: Timestamp,
    ) -> Result<SweepOutcome, StoreError> {
        let Settings { refresh, access, audit, .. } = &*self.settings;
        let lifetimes =
            SweepLifetimes { idle: refresh.idle_lifetime, access: access.lifetime, audit: audit.retention };
        sweep_step(&*self.store, what, from, lifetimes, now).await
    }

    /// Whether the authority can do its work: the store reads and writes.
    ///
    /// # Errors
    /// When it cannot.
    pub async fn probe(&self) -> Result<(), StoreError> {
        self.store.probe().await
    }
}

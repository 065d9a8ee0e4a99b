//! The Ed25519 keys that Konto signs its tokens with: made on the first start, kept in the database, shared
//! by all servers on it.
//!
//! Servers agree without a lock. Each believes every key of the table that is not over; a key that a server
//! does not know makes it read the table again, at most once per interval, so that forged key ids cost
//! nothing. The public key set is read again when it is asked for and older than that interval. Two servers that make a key at the same moment leave two: both sign, both are believed. A server
//! may sign with a key for [`SIGNER_STALE_AFTER`] after another has retired it, so a retired key is believed
//! for that long more than a token lasts.
//!
//! Two kinds of time: the [`Clock`] says which keys are over, because it says which tokens are; how often
//! the database is asked is a matter of the machine, and goes by its monotonic time.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::sync::Mutex;

use crate::database::Database;
use crate::primitives::Clock;

use super::TOKEN_SECONDS;
use super::error::AccessError;
use super::secrets::random_bytes;
use super::store::{self, StoredKey};

/// How old a server's view may be when it signs.
const SIGNER_STALE_AFTER: Duration = Duration::from_secs(60);

/// How long a retired key is believed: until its last token is over.
const RETIRED_MICROS: i64 = (TOKEN_SECONDS + SIGNER_STALE_AFTER.as_secs().cast_signed()) * 1_000_000;

/// What stands before the 32 secret bytes of an Ed25519 key in PKCS #8 (RFC 8410, section 7).
const PKCS8_ED25519: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// A key to sign with.
pub(super) struct SigningKey {
    pub(super) kid: String,
    pub(super) encoding: EncodingKey,
    /// What signed links are signed with.
    pub(super) link_secret: [u8; 32],
}

/// A key to verify with.
pub(super) struct VerifyingKey {
    pub(super) decoding: DecodingKey,
    public_x: String,
    over_at_us: Option<i64>,
    /// What signed links are verified with.
    pub(super) link_secret: [u8; 32],
}

impl VerifyingKey {
    fn believed_at(&self, now_us: i64) -> bool {
        self.over_at_us.is_none_or(|over| now_us < over)
    }
}

/// One reading of the table.
struct Loaded {
    signing: Option<Arc<SigningKey>>,
    verifying: HashMap<String, Arc<VerifyingKey>>,
    at: Instant,
}

/// The keys of this server.
pub(super) struct KeyRing {
    db: Database,
    clock: Clock,
    reload_interval: Duration,
    loaded: RwLock<Arc<Loaded>>,
    /// Held while the table is read, with when that was last done for an unknown key.
    reloading: Mutex<Option<Instant>>,
}

impl KeyRing {
    /// Reads the keys; makes one when none signs.
    pub(super) async fn start(db: Database, clock: Clock, reload_interval: Duration) -> Result<Self, AccessError> {
        let loaded = load_or_make(&db, &clock).await?;
        Ok(Self { db, clock, reload_interval, loaded: RwLock::new(Arc::new(loaded)), reloading: Mutex::new(None) })
    }

    fn loaded(&self) -> Arc<Loaded> {
        self.loaded.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn replace(&self, loaded: Loaded) -> Arc<Loaded> {
        let loaded = Arc::new(loaded);
        *self.loaded.write().unwrap_or_else(PoisonError::into_inner) = loaded.clone();
        loaded
    }

    /// The key to sign with: the newest that is not retired.
    pub(super) async fn signing(&self) -> Result<Arc<SigningKey>, AccessError> {
        let loaded = self.loaded();
        if let Some(key) = &loaded.signing
            && loaded.at.elapsed() < SIGNER_STALE_AFTER
        {
            return Ok(key.clone());
        }
        let _turn = self.reloading.lock().await;
        let current = self.loaded();
        let loaded = if Arc::ptr_eq(&current, &loaded) {
            self.replace(load_or_make(&self.db, &self.clock).await?)
        } else {
            current
        };
        loaded.signing.clone().ok_or_else(|| AccessError::Config("no key signs".into()))
    }

    /// The key of an id, unless it is over.
    pub(super) async fn verifying(&self, kid: &str) -> Result<Option<Arc<VerifyingKey>>, AccessError> {
        let now = self.clock.micros();
        let loaded = self.loaded();
        if let Some(key) = loaded.verifying.get(kid) {
            return Ok(Some(key.clone()).filter(|key| key.believed_at(now)));
        }
        let loaded = self.reload_if_due(&loaded).await?;
        Ok(loaded.verifying.get(kid).filter(|key| key.believed_at(now)).cloned())
    }

    /// Reads the table again for a key that `seen` lacks, unless that was done a moment ago.
    async fn reload_if_due(&self, seen: &Arc<Loaded>) -> Result<Arc<Loaded>, AccessError> {
        let mut last = self.reloading.lock().await;
        let current = self.loaded();
        let due = last.is_none_or(|at| at.elapsed() >= self.reload_interval);
        if !due || !Arc::ptr_eq(&current, seen) {
            return Ok(current);
        }
        *last = Some(Instant::now());
        Ok(self.replace(load(&store::signing_keys(self.db.reader()).await?)?))
    }

    /// Makes a new key that signs from now on. The old ones are believed until their last token is over; the
    /// ones whose last token is over are forgotten.
    pub(super) async fn rotate(&self) -> Result<(), AccessError> {
        let _turn = self.reloading.lock().await;
        let now = self.clock.micros();
        let key = make(now)?;
        let tx = self.db.begin().await?;
        store::retire_signing_keys(&tx, now).await?;
        store::delete_signing_keys_retired_before(&tx, now.saturating_sub(RETIRED_MICROS)).await?;
        store::insert_signing_key(&tx, &key).await?;
        let keys = store::signing_keys(&*tx).await?;
        tx.commit().await?;
        self.replace(load(&keys)?);
        Ok(())
    }

    /// What the table held a moment ago; what is known already while somebody else reads it, and when the
    /// database does not answer.
    async fn recent(&self) -> Arc<Loaded> {
        let loaded = self.loaded();
        if loaded.at.elapsed() < self.reload_interval {
            return loaded;
        }
        let Ok(mut last) = self.reloading.try_lock() else { return loaded };
        if last.is_some_and(|at| at.elapsed() < self.reload_interval) {
            return self.loaded();
        }
        *last = Some(Instant::now());
        let read = async { load(&store::signing_keys(self.db.reader()).await?) };
        match read.await {
            Ok(fresh) => self.replace(fresh),
            Err(error) => {
                tracing::warn!(%error, "the signing keys were not read again");
                loaded
            }
        }
    }

    /// The public keys that are believed, as a JSON web key set (RFC 7517).
    pub(super) async fn jwks(&self) -> Value {
        let loaded = self.recent().await;
        let now = self.clock.micros();
        let mut keys: Vec<_> = loaded.verifying.iter().filter(|(_, key)| key.believed_at(now)).collect();
        keys.sort_unstable_by_key(|(kid, _)| *kid);
        let public = |(kid, key): (&String, &Arc<VerifyingKey>)| json!({ "kty": "OKP", "crv": "Ed25519", "x": key.public_x, "kid": kid, "alg": "EdDSA", "use": "sig" });
        json!({ "keys": keys.into_iter().map(public).collect::<Vec<_>>() })
    }
}

async fn load_or_make(db: &Database, clock: &Clock) -> Result<Loaded, AccessError> {
    let loaded = load(&store::signing_keys(db.reader()).await?)?;
    if loaded.signing.is_some() {
        return Ok(loaded);
    }
    let tx = db.begin().await?;
    let mut keys = store::signing_keys(&*tx).await?;
    if keys.iter().all(|key| key.retired_at_us.is_some()) {
        let key = make(clock.micros())?;
        store::insert_signing_key(&tx, &key).await?;
        keys.push(key);
    }
    tx.commit().await?;
    load(&keys)
}

/// A secret of its own for signed links, from the key that tokens are signed with: who knows the one for links learns
/// nothing of the key. It is renewed with the key, and believed as long.
fn link_secret(private_der: &[u8]) -> [u8; 32] {
    let mut digest = Sha256::new();
    digest.update(b"konto signed links 1\0");
    digest.update(private_der);
    digest.finalize().into()
}

/// `stored` has the newest last.
fn load(stored: &[StoredKey]) -> Result<Loaded, AccessError> {
    let mut loaded = Loaded { signing: None, verifying: HashMap::new(), at: Instant::now() };
    for key in stored {
        let decoding = DecodingKey::from_ed_components(&key.public_x)?;
        if decoding.try_get_as_bytes()?.len() != 32 {
            return Err(jsonwebtoken::errors::Error::from(ErrorKind::InvalidEddsaKey).into());
        }
        let verifying = VerifyingKey {
            decoding,
            public_x: key.public_x.clone(),
            over_at_us: key.retired_at_us.map(|retired| retired.saturating_add(RETIRED_MICROS)),
            link_secret: link_secret(&key.private_der),
        };
        loaded.verifying.insert(key.kid.clone(), Arc::new(verifying));
        if key.retired_at_us.is_none() {
            let encoding = EncodingKey::from_ed_der(&key.private_der);
            let link_secret = link_secret(&key.private_der);
            loaded.signing = Some(Arc::new(SigningKey { kid: key.kid.clone(), encoding, link_secret }));
        }
    }
    Ok(loaded)
}

/// A new key. Its id is the thumbprint of its public half (RFC 7638), so that no two keys share one.
fn make(now_us: i64) -> Result<StoredKey, AccessError> {
    let private_der = [&PKCS8_ED25519[..], &random_bytes::<32>()?[..]].concat();
    let jwk = Jwk::from_encoding_key(&EncodingKey::from_ed_der(&private_der), Algorithm::EdDSA)?;
    let kid = jwk.thumbprint(ThumbprintHash::SHA256)?;
    let AlgorithmParameters::OctetKeyPair(public) = jwk.algorithm else {
        return Err(jsonwebtoken::errors::Error::from(ErrorKind::InvalidEddsaKey).into());
    };
    Ok(StoredKey { kid, private_der, public_x: public.x, created_at_us: now_us, retired_at_us: None })
}

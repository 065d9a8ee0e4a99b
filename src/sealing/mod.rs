//! Sealing: how what is most personal is kept, so that whoever has the database alone cannot read it.
//!
//! A [`KeyRing`] has several keys with ids. The newest seals (XChaCha20-Poly1305, a nonce of chance for each text), the
//! others still open what they have sealed, so that a key is replaced without a stop: put a new one in front, seal
//! everything anew (`konto keys reseal`), take the old one out. What is sealed is bound to its [`Place`] (tenant, row and
//! field): moved elsewhere, it does not open.
//!
//! What is sealed differs each time, so it is found by a keyed hash beside it ([`KeyRing::lookup`]). That has a key of its
//! own, a tenant's is derived from it (HKDF), and it stays as it is when the others are replaced.
//!
//! The ring belongs to the process: [`install`] puts it in place before anything is read or written. Nothing here prints
//! a key or what was sealed.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use hmac::{Hmac, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::primitives::TenantId;

#[cfg(test)]
mod tests;

/// Bytes of a nonce.
const NONCE: usize = 24;
/// Keys of a ring, at most: the newest, and those that still open.
const MOST_KEYS: usize = 16;
/// The longest id of a key.
const LONGEST_ID: usize = 16;
/// What texts begin with that are sealed only where there are keys.
const MARK: &str = "sealed:";

/// Where something sealed is kept.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// Whose it is.
    pub tenant: TenantId,
    /// The row's id.
    pub row: Uuid,
    /// The table and its column: `customer_identifier.value`.
    pub field: &'static str,
}

impl Place {
    /// What the seal is bound to.
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(32 + self.field.len());
        bytes.extend_from_slice(self.tenant.0.as_bytes());
        bytes.extend_from_slice(self.row.as_bytes());
        bytes.extend_from_slice(self.field.as_bytes());
        bytes
    }
}

/// Why something does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unopened {
    /// There are no keys.
    #[error("there are no keys to open it with")]
    NoKeys,
    /// Its key is not on the ring.
    #[error("it was sealed with a key that is not on the ring")]
    UnknownKey,
    /// It is not what was sealed, or not where it was.
    #[error("it is damaged, or was sealed for another place")]
    Damaged,
}

/// Why keys are no ring. What was given is not repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RingProblem {
    /// There is none.
    #[error("there is no key in it")]
    Empty,
    /// Too many.
    #[error("more than {MOST_KEYS} keys are in it")]
    TooMany,
    /// Not `ID=KEY`.
    #[error("each key is written ID=KEY, separated by commas")]
    Form,
    /// An id that cannot be one.
    #[error("the id of a key is 1 to {LONGEST_ID} of a-z, 0-9 and -")]
    Id,
    /// Two keys with one id.
    #[error("two keys have one id")]
    Twice,
    /// Not 32 bytes in Base64.
    #[error("a key is 32 random bytes in Base64: openssl rand -base64 32")]
    Key,
}

/// The keys of an installation.
#[derive(Clone)]
pub struct KeyRing {
    /// The newest first.
    keys: Vec<(String, [u8; 32])>,
    lookup: [u8; 32],
    /// Made of that: what digests of requests are keyed with.
    requests: [u8; 32],
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.keys.iter().map(|(id, _)| id)).finish()
    }
}

impl KeyRing {
    /// Reads a ring as operators write it: `ID=KEY,ID=KEY`, the newest first; and the key of what is looked up.
    ///
    /// # Errors
    /// [`RingProblem`].
    pub fn parse(keys: &str, lookup: &str) -> Result<Self, RingProblem> {
        let mut ring = Self::new(Vec::new(), key(lookup)?);
        for part in keys.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (id, text) = part.split_once('=').ok_or(RingProblem::Form)?;
            let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            if id.is_empty() || id.len() > LONGEST_ID || !id.bytes().all(plain) {
                return Err(RingProblem::Id);
            }
            if ring.keys.iter().any(|(known, _)| known == id) {
                return Err(RingProblem::Twice);
            }
            ring.keys.push((id.to_owned(), key(text)?));
        }
        match ring.keys.len() {
            0 => Err(RingProblem::Empty),
            1..=MOST_KEYS => Ok(ring),
            _ => Err(RingProblem::TooMany),
        }
    }

    /// A ring that everybody knows: for what is made up, and must be readable again by the next who makes it up.
    #[must_use]
    pub fn for_show() -> Self {
        let key = |of: &str| Sha256::digest(format!("konto, for show: {of}")).into();
        Self::new(vec![("show".to_owned(), key("seal"))], key("lookup"))
    }

    fn new(keys: Vec<(String, [u8; 32])>, lookup: [u8; 32]) -> Self {
        Self { keys, lookup, requests: derived(&lookup, None, b"konto requests 1") }
    }

    /// The same ring with a newer key in front.
    #[must_use]
    pub fn with_newest(mut self, id: &str, key: [u8; 32]) -> Self {
        self.keys.insert(0, (id.to_owned(), key));
        self
    }

    /// The same ring with a key that opens and does not seal.
    #[must_use]
    pub fn with_older(mut self, id: &str, key: [u8; 32]) -> Self {
        self.keys.push((id.to_owned(), key));
        self
    }

    /// The id of the key that seals.
    #[must_use]
    pub fn newest(&self) -> &str {
        self.keys.first().map_or("", |(id, _)| id)
    }

    /// Whether a key with this id is on the ring.
    #[must_use]
    pub fn has(&self, id: &str) -> bool {
        self.keys.iter().any(|(known, _)| known == id)
    }

    /// Seals a text for its place: the key's id, a dot, and nonce and sealed text in Base64.
    #[must_use]
    pub fn seal(&self, place: &Place, text: &str) -> String {
        let Some((id, key)) = self.keys.first() else { return String::new() };
        let nonce: [u8; NONCE] = rand::random();
        let payload = Payload { msg: text.as_bytes(), aad: &place.bytes() };
        let sealed = XChaCha20Poly1305::new(&(*key).into()).encrypt(&XNonce::from(nonce), payload);
        // It fails for texts of hundreds of gigabytes alone.
        let sealed = sealed.unwrap_or_default();
        format!("{id}.{}", STANDARD_NO_PAD.encode([&nonce[..], &sealed].concat()))
    }

    /// Opens what was sealed for this place.
    ///
    /// # Errors
    /// [`Unopened`].
    pub fn open(&self, place: &Place, sealed: &str) -> Result<String, Unopened> {
        let (id, body) = sealed.split_once('.').ok_or(Unopened::Damaged)?;
        let found = self.keys.iter().find(|(known, _)| known == id);
        let (_, key) = found.ok_or(Unopened::UnknownKey)?;
        let body = STANDARD_NO_PAD.decode(body).map_err(|_| Unopened::Damaged)?;
        let (nonce, body) = body.split_first_chunk::<NONCE>().ok_or(Unopened::Damaged)?;
        let payload = Payload { msg: body, aad: &place.bytes() };
        let opened = XChaCha20Poly1305::new(&(*key).into()).decrypt(&XNonce::from(*nonce), payload);
        String::from_utf8(opened.map_err(|_| Unopened::Damaged)?).map_err(|_| Unopened::Damaged)
    }

    /// What a text is found by: the same each time, and of no use without the key. Each tenant's is its own.
    #[must_use]
    pub fn lookup(&self, tenant: TenantId, what: &str, text: &str) -> String {
        let key = derived(&self.lookup, Some(tenant.0.as_bytes()), b"konto lookup 1");
        hex(&mac(&key, &[what.as_bytes(), text.as_bytes()]))
    }

    /// A digest of a request that nobody can guess the request back from who has the database alone.
    #[must_use]
    pub fn digest(&self, of: &[u8; 32]) -> [u8; 32] {
        mac(&self.requests, &[of])
    }
}

/// A key of its own for a purpose.
fn derived(from: &[u8; 32], salt: Option<&[u8]>, purpose: &[u8]) -> [u8; 32] {
    let mut key = [0; 32];
    // 32 bytes are never too many for SHA-256's 255 times as much.
    let _ = Hkdf::<Sha256>::new(salt, from).expand(purpose, &mut key);
    key
}

fn key(text: &str) -> Result<[u8; 32], RingProblem> {
    let bytes = STANDARD.decode(text.trim()).or_else(|_| STANDARD_NO_PAD.decode(text.trim()));
    bytes.ok().and_then(|bytes| bytes.try_into().ok()).ok_or(RingProblem::Key)
}

/// Lengths first, so that no two lists of parts read alike.
fn mac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key).expect("any length is good");
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

static RING: RwLock<Option<Arc<KeyRing>>> = RwLock::new(None);

/// Puts the ring of this process in place of the one before.
pub fn install(ring: KeyRing) {
    *RING.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(ring));
}

/// The ring of this process, if it has one.
#[must_use]
pub fn ring() -> Option<Arc<KeyRing>> {
    let ring = RING.read().unwrap_or_else(PoisonError::into_inner).clone();
    // The tests of this crate run side by side: each has the same ring from its beginning on.
    ring.or_else(|| cfg!(test).then(|| Arc::new(KeyRing::for_show())))
}

/// Seals a text that is kept for a while, such as a command that waits; where there are no keys it is kept as it is.
#[must_use]
pub fn seal_if_possible(place: &Place, text: &str) -> String {
    match ring() {
        Some(ring) if !text.is_empty() => format!("{MARK}{}", ring.seal(place, text)),
        _ => text.to_owned(),
    }
}

/// The text of [`seal_if_possible`].
///
/// # Errors
/// [`Unopened`].
pub fn open_if_sealed(place: &Place, text: String) -> Result<String, Unopened> {
    match text.strip_prefix(MARK) {
        None => Ok(text),
        Some(sealed) => ring().ok_or(Unopened::NoKeys)?.open(place, sealed),
    }
}

/// A column whose texts are sealed, for those who seal them anew: its table, its name, and whether a mark precedes.
#[derive(Clone, Copy, Debug)]
pub struct SealedColumn {
    /// The table. Its rows have a tenant and an id.
    pub table: &'static str,
    /// The column.
    pub column: &'static str,
    /// As in [`Place::field`].
    pub field: &'static str,
    /// Whether [`seal_if_possible`] has sealed them.
    pub marked: bool,
    /// Beside it, where it is looked up: the column of what its text is, and that of its keyed hash.
    pub lookup: Option<(&'static str, &'static str)>,
}

impl SealedColumn {
    /// What texts begin with that the newest key has sealed.
    #[must_use]
    pub fn current(&self, ring: &KeyRing) -> String {
        format!("{}{}.", if self.marked { MARK } else { "" }, ring.newest())
    }

    /// The text of a sealed one that was read; nothing of a text that was kept as it is.
    ///
    /// # Errors
    /// [`Unopened`].
    pub fn opened(&self, ring: &KeyRing, tenant: TenantId, row: Uuid, text: &str) -> Result<Option<String>, Unopened> {
        let sealed = if self.marked { text.strip_prefix(MARK) } else { Some(text) };
        let place = Place { tenant, row, field: self.field };
        sealed.map(|sealed| ring.open(&place, sealed)).transpose()
    }

    /// A text, sealed anew with the newest key.
    ///
    /// # Errors
    /// [`Unopened`].
    pub fn anew(&self, ring: &KeyRing, tenant: TenantId, row: Uuid, text: &str) -> Result<String, Unopened> {
        let place = Place { tenant, row, field: self.field };
        if !self.marked {
            return Ok(ring.seal(&place, &ring.open(&place, text)?));
        }
        let plain = match text.strip_prefix(MARK) {
            Some(sealed) => ring.open(&place, sealed)?,
            None => text.to_owned(),
        };
        Ok(format!("{MARK}{}", ring.seal(&place, &plain)))
    }
}

/// What a ring's newest key makes of a text that everybody knows, kept beside what it seals: who has it can tell whether
/// a ring is the one.
#[derive(Clone, Copy, Debug)]
pub struct Proof;

impl Proof {
    const TEXT: &'static str = "konto";
    const PLACE: Place = Place { tenant: TenantId(Uuid::nil()), row: Uuid::nil(), field: "data_key.proof" };

    /// Of the key that seals.
    #[must_use]
    pub fn of_newest(ring: &KeyRing) -> String {
        ring.seal(&Self::PLACE, Self::TEXT)
    }

    /// Of the key that texts are looked up by.
    #[must_use]
    pub fn of_lookup(ring: &KeyRing) -> String {
        ring.lookup(Self::PLACE.tenant, Self::PLACE.field, Self::TEXT)
    }

    /// Whether a ring has the key of a proof.
    ///
    /// # Errors
    /// [`Unopened`].
    pub fn holds(ring: &KeyRing, proof: &str) -> Result<(), Unopened> {
        let text = ring.open(&Self::PLACE, proof)?;
        if text == Self::TEXT { Ok(()) } else { Err(Unopened::Damaged) }
    }
}

/// A text that is never printed: in the clear for commands and rows alone.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

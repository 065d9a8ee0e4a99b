//! Client secrets: made, hashed and checked, at a bounded price.
//!
//! Hashes are argon2id with 9 MiB, four passes and one lane: one of the sets that OWASP's password storage
//! cheat sheet calls equally strong, and 10 to 20 ms on a modest core. A client asks for a token once an
//! hour, so that is nothing to it and much to somebody who guesses. The passes rather than the memory were
//! raised because several checks at a time must fit a small machine.

use std::fmt;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::TryRngCore as _;
use rand::rngs::OsRng;
use tokio::sync::Semaphore;

use super::error::ClientError;

const MEMORY_KIB: u32 = 9 * 1024;
const PASSES: u32 = 4;
const LANES: u32 = 1;

/// How long a request waits for its turn before it is told to come back.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why a secret was neither hashed nor checked.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// Others were first for too long.
    #[error("too many secrets are being checked; repeat later")]
    Busy,
    /// The hash function refused: a damaged hash, or no randomness for a salt.
    #[error("a secret could not be hashed: {0}")]
    Hash(argon2::password_hash::Error),
    /// The operating system gives none for a new secret.
    #[error("the operating system gives no randomness")]
    Randomness,
    /// The process is stopping.
    #[error("the process is stopping")]
    Stopped,
}

/// Bytes that nobody can guess. Not from the id source: its seed can be known.
///
/// # Errors
/// [`SecretError::Randomness`].
pub(super) fn random_bytes<const N: usize>() -> Result<[u8; N], SecretError> {
    let mut bytes = [0; N];
    OsRng.try_fill_bytes(&mut bytes).map_err(|_| SecretError::Randomness)?;
    Ok(bytes)
}

/// A client secret in clear: shown once when it is made, sent with every token request, never stored or
/// logged.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientSecret(String);

impl ClientSecret {
    /// A secret of the caller's: 8 to 128 visible ASCII characters.
    ///
    /// # Errors
    /// [`ClientError::InvalidSecret`].
    pub fn given(text: impl Into<String>) -> Result<Self, ClientError> {
        let text = text.into();
        let valid = (8..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        if valid { Ok(Self(text)) } else { Err(ClientError::InvalidSecret) }
    }

    /// 256 random bits, as 43 characters of base64url.
    ///
    /// # Errors
    /// [`SecretError::Randomness`].
    pub fn generate() -> Result<Self, SecretError> {
        Ok(Self(URL_SAFE_NO_PAD.encode(random_bytes::<32>()?)))
    }

    /// The secret itself, to hand to its owner.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecret(..)")
    }
}

/// A stored hash in PHC form, parameters and salt included, so that they can be raised for new secrets.
#[derive(Clone)]
pub(super) struct SecretHash(pub(super) String);

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash(..)")
    }
}

/// Hashes and checks off the async threads, at most on half of the cores, so that a flood of token requests
/// leaves the other half to the requests that move money.
pub(super) struct SecretHasher {
    turns: Arc<Semaphore>,
}

impl SecretHasher {
    pub(super) fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self { turns: Arc::new(Semaphore::new((cores / 2).max(1))) }
    }

    /// Makes the dummy, so that the first unknown client does not take longer than the next.
    pub(super) async fn warm_up(&self) -> Result<(), SecretError> {
        self.verify("", None).await.map(|_| ())
    }

    /// The hash to store.
    pub(super) async fn hash(&self, secret: ClientSecret) -> Result<SecretHash, SecretError> {
        self.in_turn(move || hash_now(secret.expose())).await?
    }

    /// Whether the secret belongs to the hash. Without a hash (an unknown client) the same work is done
    /// against a dummy, so that the time does not tell which clients exist.
    pub(super) async fn verify(&self, secret: &str, hash: Option<&SecretHash>) -> Result<bool, SecretError> {
        let (secret, hash) = (secret.to_owned(), hash.cloned());
        self.in_turn(move || match &hash {
            Some(hash) => verify_now(&secret, hash),
            None => {
                let dummy = DUMMY.as_ref().map_err(|error| SecretError::Hash(*error))?;
                verify_now(&secret, dummy).map(|_| false)
            }
        })
        .await?
    }

    /// The turn moves into the blocking thread: a caller that hangs up does not free it before the work ends.
    async fn in_turn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, SecretError> {
        let turn = tokio::time::timeout(PATIENCE, self.turns.clone().acquire_owned())
            .await
            .map_err(|_| SecretError::Busy)?
            .map_err(|_| SecretError::Stopped)?;
        tokio::task::spawn_blocking(move || {
            let result = work();
            drop(turn);
            result
        })
        .await
        .map_err(|_| SecretError::Stopped)
    }
}

static DUMMY: LazyLock<Result<SecretHash, argon2::password_hash::Error>> = LazyLock::new(|| {
    hash_now("nobody's secret").map_err(|error| match error {
        SecretError::Hash(error) => error,
        _ => argon2::password_hash::Error::Internal,
    })
});

fn argon2() -> Result<Argon2<'static>, SecretError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|error| SecretError::Hash(error.into()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash_now(secret: &str) -> Result<SecretHash, SecretError> {
    let hash: PasswordHash = argon2()?.hash_password(secret.as_bytes()).map_err(SecretError::Hash)?;
    Ok(SecretHash(hash.to_string()))
}

fn verify_now(secret: &str, hash: &SecretHash) -> Result<bool, SecretError> {
    let parsed =
        PasswordHash::new(&hash.0).map_err(|_| SecretError::Hash(argon2::password_hash::Error::EncodingInvalid))?;
    match argon2()?.verify_password(secret.as_bytes(), &parsed) {
        Ok(()) => Ok(true),
        Err(argon2::password_hash::Error::PasswordInvalid) => Ok(false),
        Err(error) => Err(SecretError::Hash(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_hash_knows_its_secret_and_no_other() {
        let hasher = SecretHasher::new();
        let secret = ClientSecret::generate().expect("randomness");
        assert_eq!(secret.expose().len(), 43);
        assert_ne!(secret, ClientSecret::generate().expect("randomness"));
        let hash = hasher.hash(secret.clone()).await.expect("a hash");
        assert!(hash.0.starts_with("$argon2id$v=19$m=9216,t=4,p=1$"), "the parameters are stored");
        assert!(hasher.verify(secret.expose(), Some(&hash)).await.expect("a check"));
        assert!(!hasher.verify("something else", Some(&hash)).await.expect("a check"));
        assert!(!hasher.verify("nobody's secret", None).await.expect("a check"), "not even the dummy's own secret");
        assert!(!format!("{secret:?} {hash:?}").contains(secret.expose()));
    }

    #[test]
    fn secrets_are_visible_ascii() {
        for (text, valid) in [
            ("12345678", true),
            ("1234567", false),
            ("with space", false),
            ("s\u{e9}cret-x", false),
            ("a:b%c+d/e=", true),
        ] {
            assert_eq!(ClientSecret::given(text).is_ok(), valid, "{text}");
        }
        assert!(ClientSecret::given("x".repeat(129)).is_err());
    }
}

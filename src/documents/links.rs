//! Signed links: who has one may fetch or bring one document, for a while, without a token.
//!
//! A link says what it is for, whose, which document, until when and which key signed it, and an HMAC-SHA256 over all of
//! that. The keys are the servers' common ones, so any server takes the link of any other. Nothing of the document's name
//! or content is in it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use uuid::Uuid;

use crate::primitives::{DocumentId, TenantId};

/// The form of a link; another form takes another number.
const VERSION: u8 = 1;
/// Of the code at the end.
const CODE: usize = 32;
/// In front of the key's id: version, purpose, tenant, document, end.
const FIXED: usize = 1 + 1 + 16 + 16 + 8;

/// What a link lets its holder do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Fetch the content.
    Download,
    /// Bring the content, once.
    Upload,
}

impl Purpose {
    fn byte(self) -> u8 {
        match self {
            Self::Download => b'd',
            Self::Upload => b'u',
        }
    }
}

/// What a link says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// What it is for.
    pub purpose: Purpose,
    /// Whose.
    pub tenant: TenantId,
    /// Which document.
    pub document: DocumentId,
    /// The first second at which it is over, since 1970.
    pub expires: i64,
    /// The key that signed it.
    pub kid: String,
}

/// A link as it came. It is not believed before it is verified.
#[derive(Clone, Debug)]
pub struct Unverified {
    link: Link,
    said: Vec<u8>,
    code: Vec<u8>,
}

impl Link {
    /// What it says, in bytes.
    fn said(&self) -> Vec<u8> {
        let mut said = vec![VERSION, self.purpose.byte()];
        said.extend(self.tenant.0.as_bytes());
        said.extend(self.document.0.as_bytes());
        said.extend(self.expires.to_be_bytes());
        said.extend(self.kid.as_bytes());
        said
    }

    /// Its text form: what stands in a URL.
    #[must_use]
    pub fn sign(&self, secret: &[u8; 32]) -> String {
        let mut bytes = self.said();
        let code = mac(secret, &bytes).finalize().into_bytes();
        bytes.extend(code);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a text form.
    #[must_use]
    pub fn read(text: &str) -> Option<Unverified> {
        let mut said = URL_SAFE_NO_PAD.decode(text).ok()?;
        let end = said.len().checked_sub(CODE).filter(|end| (FIXED..FIXED + 256).contains(end))?;
        let code = said.split_off(end);
        let purpose = [Purpose::Download, Purpose::Upload].into_iter().find(|one| said.get(1) == Some(&one.byte()))?;
        if said.first() != Some(&VERSION) {
            return None;
        }
        let uuid = |from: usize| Uuid::from_slice(said.get(from..from + 16)?).ok();
        let link = Self {
            purpose,
            tenant: TenantId(uuid(2)?),
            document: DocumentId(uuid(18)?),
            expires: i64::from_be_bytes(said.get(34..FIXED)?.try_into().ok()?),
            kid: String::from_utf8(said.get(FIXED..)?.to_vec()).ok()?,
        };
        Some(Unverified { link, said, code })
    }
}

impl Unverified {
    /// The key that it says it was signed with.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.link.kid
    }

    /// What it says, if the key has signed it. Takes the same time wherever the difference is.
    #[must_use]
    pub fn verified(self, secret: &[u8; 32]) -> Option<Link> {
        mac(secret, &self.said).verify_slice(&self.code).ok().map(|()| self.link)
    }
}

fn mac(secret: &[u8; 32], said: &[u8]) -> Hmac<Sha256> {
    // A key that is shorter than a block is filled up with zeros, by the standard.
    let mut block = [0; 64];
    block[..secret.len()].copy_from_slice(secret);
    let mut mac = Hmac::<Sha256>::new(&block.into());
    mac.update(said);
    mac
}

//! Where the bytes of documents are: a folder, or a bucket of S3 and what speaks like it.
//!
//! An address is the tenant, the SHA-256 of the content and a place. What has an address never changes: it is written as a
//! whole or not at all, and the same again when it is written twice.

use std::fmt;
use std::io::Read as _;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt as _, TryStreamExt as _};
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{MultipartUpload, ObjectStore, ObjectStoreExt as _, RetryConfig};
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _};
use uuid::Uuid;

use super::media::{HEAD, Seen, TextTest};
use super::model::Content;
use crate::primitives::TenantId;

/// What is kept in memory of a file on its way to a folder.
const PIECE: u64 = 1024 * 1024;
/// The same for S3, whose parts have at least five million bytes.
const PART: u64 = 6 * 1024 * 1024;

/// Why the store did not do it.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// There is nothing at the address.
    #[error("there is nothing at this address in the store of documents")]
    Missing,
    /// The store does not answer, or not as it should.
    #[error("the store of documents: {0}")]
    Store(#[source] object_store::Error),
    /// A file of this machine cannot be read or written.
    #[error("the store of documents: {0}")]
    File(#[from] std::io::Error),
}

impl From<object_store::Error> for VaultError {
    fn from(error: object_store::Error) -> Self {
        match error {
            object_store::Error::NotFound { .. } => Self::Missing,
            error => Self::Store(error),
        }
    }
}

/// A bucket.
#[derive(Clone)]
pub struct S3 {
    /// Where it is spoken to; Amazon's own address for the region when absent.
    pub endpoint: Option<String>,
    /// The region.
    pub region: String,
    /// The bucket.
    pub bucket: String,
    /// What stands before every address in the bucket; may be empty.
    pub prefix: String,
    /// The access key.
    pub key: String,
    /// Its secret.
    pub secret: String,
}

impl fmt::Debug for S3 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { endpoint, region, bucket, prefix, .. } = self;
        write!(f, "S3({endpoint:?}, {region}, {bucket}, {prefix})")
    }
}

/// Which store.
#[derive(Clone, Debug)]
pub enum Place {
    /// A folder of this machine, made when it is first written to.
    Folder(PathBuf),
    /// A bucket.
    S3(S3),
}

/// The store of documents. Cloning shares it.
#[derive(Clone, Debug)]
pub struct Vault(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    place: Place,
    objects: OnceLock<Arc<dyn ObjectStore>>,
}

/// Something in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Whose.
    pub tenant: TenantId,
    /// Its digest.
    pub sha256: String,
    /// Its place.
    pub place: Uuid,
    /// When it was written, in microseconds since 1970.
    pub written_at: i64,
}

impl Vault {
    /// A store that nobody has asked yet.
    #[must_use]
    pub fn new(place: Place) -> Self {
        Self(Arc::new(Inner { place, objects: OnceLock::new() }))
    }

    /// Which it is, for people. Without keys.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.0.place
    }

    /// Looks whether it can be used at all.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn check(&self) -> Result<(), VaultError> {
        let objects = self.objects()?;
        let mut listed = objects.list(Some(&self.address_of(&[])));
        listed.try_next().await?;
        Ok(())
    }

    fn objects(&self) -> Result<Arc<dyn ObjectStore>, VaultError> {
        if let Some(objects) = self.0.objects.get() {
            return Ok(objects.clone());
        }
        let opened: Arc<dyn ObjectStore> = match &self.0.place {
            Place::Folder(folder) => {
                std::fs::create_dir_all(folder)?;
                // Without it, what was acknowledged could be gone after a crash of the machine.
                Arc::new(LocalFileSystem::new_with_prefix(folder)?.with_fsync(true))
            }
            Place::S3(s3) => Arc::new(bucket(s3)?),
        };
        Ok(self.0.objects.get_or_init(|| opened).clone())
    }

    fn address_of(&self, parts: &[&str]) -> Path {
        let prefix = match &self.0.place {
            Place::Folder(_) => "",
            Place::S3(s3) => &s3.prefix,
        };
        Path::from(
            [prefix]
                .into_iter()
                .chain(parts.iter().copied())
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
                .join("/"),
        )
    }

    fn address(&self, tenant: TenantId, sha256: &str, place: Uuid) -> Path {
        self.address_of(&[&tenant.0.simple().to_string(), sha256, &place.simple().to_string()])
    }

    /// Keeps a file. It is durable when this returns.
    ///
    /// # Errors
    /// [`VaultError`]; there is nothing at the address then, or what was there before.
    pub async fn keep(&self, tenant: TenantId, place: Uuid, file: &Spooled) -> Result<(), VaultError> {
        let part = match self.0.place {
            Place::Folder(_) => PIECE,
            Place::S3(_) => PART,
        };
        let (objects, address) = (self.objects()?, self.address(tenant, &file.sha256, place));
        let mut from = tokio::fs::File::from_std(file.file.try_clone()?);
        from.rewind().await?;
        if file.size <= part {
            let bytes = next_part(&mut from, part).await?;
            return if u64::try_from(bytes.len()).ok() == Some(file.size) {
                objects.put(&address, bytes.into()).await?;
                Ok(())
            } else {
                Err(has_changed())
            };
        }
        let mut upload = objects.put_multipart(&address).await?;
        if let Err(error) = send(&mut from, &mut *upload, part, file.size).await {
            if let Err(left) = upload.abort().await {
                tracing::debug!(cause = %left, "a part of a document was left in the store");
            }
            return Err(error);
        }
        upload.complete().await?;
        Ok(())
    }

    /// The bytes, piece by piece.
    ///
    /// # Errors
    /// [`VaultError`], now or on the way.
    pub async fn read(
        &self,
        tenant: TenantId,
        content: &Content,
    ) -> Result<BoxStream<'static, Result<Bytes, VaultError>>, VaultError> {
        let found = self.objects()?.get(&self.address(tenant, &content.sha256, content.place)).await?;
        if i64::try_from(found.meta.size).ok() != Some(content.size) {
            return Err(std::io::Error::other("a document in the store has another size").into());
        }
        Ok(found.into_stream().map_err(VaultError::from).boxed())
    }

    /// Takes bytes away; that they are gone already is no error.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn remove(&self, tenant: TenantId, sha256: &str, place: Uuid) -> Result<(), VaultError> {
        match self.objects()?.delete(&self.address(tenant, sha256, place)).await.map_err(VaultError::from) {
            Err(VaultError::Missing) => Ok(()),
            removed => removed,
        }
    }

    /// Everything that is kept of a tenant.
    ///
    /// # Errors
    /// [`VaultError`], in the stream.
    pub fn stored(&self, tenant: TenantId) -> Result<BoxStream<'static, Result<Stored, VaultError>>, VaultError> {
        let prefix = self.address_of(&[&tenant.0.simple().to_string()]);
        let listed = self.objects()?.list(Some(&prefix));
        let stored = move |meta: object_store::ObjectMeta| {
            let parts: Vec<String> = meta.location.parts().map(|part| part.as_ref().to_owned()).collect();
            let [.., sha256, place] = parts.as_slice() else { return None };
            let place = Uuid::try_parse(place).ok()?;
            let written_at = meta.last_modified.timestamp_micros();
            Some(Stored { tenant, sha256: sha256.clone(), place, written_at })
        };
        let all = listed.map_err(VaultError::from).try_filter_map(move |meta| std::future::ready(Ok(stored(meta))));
        Ok(all.boxed())
    }
}

/// Sends a file part by part.
async fn send(
    from: &mut tokio::fs::File,
    to: &mut dyn MultipartUpload,
    part: u64,
    size: u64,
) -> Result<(), VaultError> {
    let mut sent = 0;
    loop {
        let bytes = next_part(from, part).await?;
        if bytes.is_empty() {
            return if sent == size { Ok(()) } else { Err(has_changed()) };
        }
        sent += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        to.put_part(bytes.into()).await?;
    }
}

async fn next_part(from: &mut tokio::fs::File, part: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(part).read_to_end(&mut bytes).await?;
    Ok(bytes)
}

fn has_changed() -> VaultError {
    std::io::Error::other("a file has changed while it was kept").into()
}

fn bucket(s3: &S3) -> Result<impl ObjectStore + use<>, VaultError> {
    let retry = RetryConfig { max_retries: 3, retry_timeout: Duration::from_secs(20), ..RetryConfig::default() };
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(&s3.bucket)
        .with_region(&s3.region)
        .with_access_key_id(&s3.key)
        .with_secret_access_key(&s3.secret)
        .with_retry(retry);
    if let Some(endpoint) = &s3.endpoint {
        builder = builder.with_endpoint(endpoint).with_allow_http(endpoint.starts_with("http://"));
    }
    Ok(builder.build()?)
}

/// A file that has been received and is not kept yet: on this machine's disk, without a name, gone when it is dropped.
#[derive(Debug)]
pub struct Spooled {
    /// In bytes.
    pub size: u64,
    /// The SHA-256, in hexadecimal digits.
    pub sha256: String,
    /// What was seen of its content.
    pub seen: Seen,
    file: std::fs::File,
}

/// A file that is being received.
pub struct Spool {
    file: tokio::fs::File,
    digest: Sha256,
    size: u64,
    most: u64,
    head: Vec<u8>,
    text: TextTest,
}

/// Why a file was not received.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// It is larger than is taken.
    #[error("the file is too large")]
    TooLarge,
    /// This machine's disk.
    #[error("a file cannot be kept on the way: {0}")]
    File(#[from] std::io::Error),
}

impl Spool {
    /// Takes at most so many bytes.
    ///
    /// # Errors
    /// This machine's disk.
    pub fn new(most: u64) -> Result<Self, SpoolError> {
        let file = tokio::fs::File::from_std(tempfile::tempfile()?);
        Ok(Self { file, digest: Sha256::new(), size: 0, most, head: Vec::new(), text: TextTest::default() })
    }

    /// Takes the next piece.
    ///
    /// # Errors
    /// [`SpoolError`].
    pub async fn take(&mut self, piece: &[u8]) -> Result<(), SpoolError> {
        self.size = self.size.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
        if self.size > self.most {
            return Err(SpoolError::TooLarge);
        }
        self.digest.update(piece);
        let missing = HEAD.saturating_sub(self.head.len()).min(piece.len());
        self.head.extend_from_slice(&piece[..missing]);
        self.text.look(piece);
        self.file.write_all(piece).await?;
        Ok(())
    }

    /// That was all.
    ///
    /// # Errors
    /// [`SpoolError`].
    pub async fn finish(mut self) -> Result<Spooled, SpoolError> {
        self.file.flush().await?;
        let mut file = self.file.into_std().await;
        let is_text = self.text.passed();
        let first = self.head.iter().find(|byte| !byte.is_ascii_whitespace());
        let may_be_json = is_text && matches!(first, Some(b'{' | b'['));
        let read = move || {
            let is_json = may_be_json && is_json(&mut file).unwrap_or(false);
            (file, is_json)
        };
        let (file, is_json) = tokio::task::spawn_blocking(read).await.map_err(std::io::Error::other)?;
        let sha256 = hex(&self.digest.finalize());
        Ok(Spooled { size: self.size, sha256, seen: Seen { head: self.head, is_text, is_json }, file })
    }
}

fn is_json(file: &mut std::fs::File) -> std::io::Result<bool> {
    use std::io::Seek as _;
    file.rewind()?;
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    Ok(serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

//! Where documents are kept, and `konto documents`.

use clap::{Args, Subcommand};

use super::settings::{self, Setting};
use super::{DatabaseArgs, say};
use crate::access::tenants;
use crate::documents::media::essence;
use crate::documents::sweep::{Swept, sweep};
use crate::documents::vault::{Place, S3};
use crate::documents::{Limits, Vault};
use crate::primitives::Clock;
use crate::server;

/// The largest file that may be configured, in bytes: 1 GiB.
const MOST: u64 = 1_073_741_824;

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Documents")]
pub(super) struct StoreArgs {
    /// Where the bytes of documents are: a folder, or s3://BUCKET[/PREFIX]; a folder beside the database when empty
    #[arg(long, value_name = "PLACE", env = "KONTO_DOCUMENTS", default_value = "")]
    documents: String,
    /// The address of the store that speaks S3; Amazon's own when empty
    #[arg(long, value_name = "URL", env = "KONTO_DOCUMENTS_S3_ENDPOINT", default_value = "")]
    documents_s3_endpoint: String,
    /// The region of the bucket
    #[arg(long, value_name = "REGION", env = "KONTO_DOCUMENTS_S3_REGION", default_value = "us-east-1")]
    documents_s3_region: String,
    /// The access key of the bucket
    #[arg(long, value_name = "KEY", env = "KONTO_DOCUMENTS_S3_KEY", default_value = "", hide_env_values = true)]
    documents_s3_key: String,
    /// Its secret
    #[arg(long, value_name = "SECRET", env = "KONTO_DOCUMENTS_S3_SECRET", default_value = "", hide_env_values = true)]
    documents_s3_secret: String,
}

impl StoreArgs {
    /// The place; none when nobody chose one.
    pub(super) fn place(&self) -> Result<Option<Place>, Setting> {
        let Some(bucket) = self.documents.strip_prefix("s3://") else {
            return match &*self.documents {
                "" => Ok(None),
                place if place.contains("://") => {
                    Err(Setting::got("KONTO_DOCUMENTS", "a folder or s3://BUCKET[/PREFIX]", place))
                }
                folder => Ok(Some(Place::Folder(folder.into()))),
            };
        };
        let (bucket, prefix) = bucket.split_once('/').unwrap_or((bucket, ""));
        if bucket.is_empty() {
            return Err(Setting::got("KONTO_DOCUMENTS", "s3://BUCKET[/PREFIX]", &self.documents));
        }
        let endpoint = Some(self.documents_s3_endpoint.as_str()).filter(|endpoint| !endpoint.is_empty());
        let is_url = |url: &str| url.starts_with("https://") || url.starts_with("http://");
        if let Some(wrong) = endpoint.filter(|endpoint| !is_url(endpoint)) {
            return Err(Setting::got("KONTO_DOCUMENTS_S3_ENDPOINT", "https://host[:port]", wrong));
        }
        for (name, value) in [
            ("KONTO_DOCUMENTS_S3_REGION", &self.documents_s3_region),
            ("KONTO_DOCUMENTS_S3_KEY", &self.documents_s3_key),
            ("KONTO_DOCUMENTS_S3_SECRET", &self.documents_s3_secret),
        ] {
            if value.is_empty() {
                return Err(Setting::says(name, "expected a value, because KONTO_DOCUMENTS is a bucket"));
            }
        }
        Ok(Some(Place::S3(S3 {
            endpoint: endpoint.map(|endpoint| endpoint.trim_end_matches('/').to_owned()),
            region: self.documents_s3_region.clone(),
            bucket: bucket.to_owned(),
            prefix: prefix.trim_matches('/').to_owned(),
            key: self.documents_s3_key.clone(),
            secret: self.documents_s3_secret.clone(),
        })))
    }
}

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Documents")]
pub(super) struct DocumentArgs {
    #[command(flatten)]
    pub(super) store: StoreArgs,
    /// The largest document: 1024 to 1073741824
    #[arg(long, value_name = "BYTES", env = "KONTO_DOCUMENTS_BYTES", default_value_t = Limits::default().bytes.to_string())]
    documents_bytes: String,
    /// The media types of documents that are taken, separated by commas; the usual ones when empty
    #[arg(long, value_name = "TYPES", env = "KONTO_DOCUMENTS_TYPES", default_value = "")]
    documents_types: String,
}

impl DocumentArgs {
    pub(super) fn limits(&self) -> Result<Limits, Setting> {
        let usual = Limits::default();
        let bytes = settings::number("KONTO_DOCUMENTS_BYTES", &self.documents_bytes, 1_024..=MOST, usual.bytes)?;
        let words = self.documents_types.split(',').map(str::trim).filter(|word| !word.is_empty());
        let types = words.map(|word| {
            essence(word).ok_or_else(|| Setting::got("KONTO_DOCUMENTS_TYPES", "media types such as image/png", word))
        });
        let media_types = types.collect::<Result<Vec<_>, _>>()?;
        Ok(Limits { bytes, media_types: if media_types.is_empty() { usual.media_types } else { media_types } })
    }
}

#[derive(Debug, Subcommand)]
pub(super) enum DocumentCommand {
    /// Remove from the store what no document names, and count what is there and what is missing
    ///
    /// Bytes of the last day are left alone: their document may be about to be written. Running servers may go on. Exits
    /// with 1 when the bytes of a document are missing.
    Sweep(SweepArgs),
}

#[derive(Debug, Args)]
pub(super) struct SweepArgs {
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    store: StoreArgs,
}

/// Runs one of them.
pub(super) async fn run(command: DocumentCommand) -> anyhow::Result<()> {
    let DocumentCommand::Sweep(args) = command;
    let db = args.database.open_migrated().await?;
    crate::access::install_tls();
    let beside = || Place::Folder(server::folder_beside(&args.database.database_url));
    let vault = Vault::new(args.store.place()?.unwrap_or_else(beside));
    let now = Clock::system().micros();
    let mut all = Swept::default();
    for tenant in tenants::list(db.reader()).await? {
        let Swept { kept, removed, young, missing } = sweep(&db, &vault, tenant.id, now).await?;
        all.kept += kept;
        all.removed += removed;
        all.young += young;
        all.missing += missing;
        if missing > 0 {
            say(&format!("{}: {missing} documents have lost their bytes", tenant.code))?;
        }
    }
    let Swept { kept, removed, young, missing } = all;
    say(&format!("{kept} documents are there; {removed} strays removed, {young} too young to be removed"))?;
    anyhow::ensure!(missing == 0, "{missing} documents have lost their bytes: restore the store from a backup");
    Ok(())
}

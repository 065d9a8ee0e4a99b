//! The keys that what is most personal is sealed with, and `konto keys reseal`.

use clap::Args;

use super::settings::Setting;
use super::{DatabaseArgs, say};
use crate::engine;
use crate::sealing::{self, KeyRing};
use crate::work::data_keys;
use crate::work::reseal::{Resealed, reseal};

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Personal data")]
pub(super) struct DataKeyArgs {
    /// The keys that identifiers of customers are sealed with, the newest first: ID=KEY,ID=KEY, each 32 bytes in Base64
    #[arg(long, value_name = "KEYS", env = "KONTO_DATA_KEYS", default_value = "", hide_env_values = true)]
    data_keys: String,
    /// The key that identifiers are looked up by: 32 bytes in Base64. It stays as it is
    #[arg(long, value_name = "KEY", env = "KONTO_LOOKUP_KEY", default_value = "", hide_env_values = true)]
    lookup_key: String,
}

impl DataKeyArgs {
    /// The ring: both, or none.
    pub(super) fn ring(&self) -> Result<Option<KeyRing>, Setting> {
        match (self.data_keys.trim(), self.lookup_key.trim()) {
            ("", "") => Ok(None),
            ("", _) => Err(Setting::says("KONTO_DATA_KEYS", "expected keys, because KONTO_LOOKUP_KEY is set")),
            (_, "") => Err(Setting::says("KONTO_LOOKUP_KEY", "expected a key, because KONTO_DATA_KEYS is set")),
            (keys, lookup) => {
                let ring = KeyRing::parse(keys, lookup);
                ring.map(Some).map_err(|problem| Setting::says("KONTO_DATA_KEYS", problem.to_string()))
            }
        }
    }

    /// Puts the ring in place.
    pub(super) fn install(&self) -> Result<Option<KeyRing>, Setting> {
        let ring = self.ring()?;
        if let Some(ring) = &ring {
            sealing::install(ring.clone());
        }
        Ok(ring)
    }
}

#[derive(Debug, Args)]
pub(super) struct ResealArgs {
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    keys: DataKeyArgs,
    /// A key that is lost, by its id: what it has sealed is given up, and servers start without it
    #[arg(long, value_name = "ID")]
    lost: Vec<String>,
}

/// `konto keys reseal`.
pub(super) async fn run(args: ResealArgs) -> anyhow::Result<()> {
    let ring =
        args.keys.install()?.ok_or_else(|| Setting::says("KONTO_DATA_KEYS", "expected the keys to seal with"))?;
    let db = args.database.open_migrated().await?;
    for id in &args.lost {
        if ring.has(id) {
            return Err(Setting::got("--lost", "the id of a key that is not among KONTO_DATA_KEYS", id).into());
        }
        data_keys::give_up(&db, id).await?;
    }
    data_keys::check(&db, Some(&ring), &engine::sealed_columns()).await?;
    let Resealed { anew, unopened } = reseal(&db, &ring, &engine::sealed_columns()).await?;
    say(&format!("{anew} sealed anew with the key {}", ring.newest()))?;
    if unopened > 0 {
        anyhow::bail!("{unopened} do not open with any of the keys: the key that sealed them is missing");
    }
    data_keys::forget_older(&db, &ring).await?;
    Ok(())
}

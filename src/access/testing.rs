//! A fresh database per test, on SQLite, in a folder that goes when the test ends.

use std::path::PathBuf;

use uuid::Uuid;

use crate::database::Database;

/// A folder for one test.
pub(crate) struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A migrated database, and the folder that it lives in: keep it as long.
pub(crate) async fn database() -> (Folder, Database) {
    let name =
        format!("konto-access-{}", Uuid::from_bytes(super::secrets::random_bytes().expect("randomness")).simple());
    let folder = Folder(std::env::temp_dir().join(name));
    std::fs::create_dir(&folder.0).expect("a folder");
    let url = format!("sqlite://{}?mode=rwc", folder.0.join("konto.db").display());
    let db = Database::open(&url).await.expect("a database");
    db.migrate().await.expect("its tables");
    (folder, db)
}

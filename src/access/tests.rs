//! Access as a whole, on a database of its own per test and a clock that stands still until it is moved.

mod external;
mod setup;
mod verification;

use super::testing::{Folder, database};
use super::*;

use chrono::{DateTime, Duration as Span, Utc};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use uuid::Uuid;

/// Access with the tenant `acme`, on a manual clock.
struct World {
    db: Database,
    clock: Clock,
    access: Access,
    acme: TenantId,
    _folder: Folder,
}

fn morning() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + Span::days(20_000)
}

async fn world() -> World {
    world_with(AccessConfig::default()).await
}

async fn world_with(config: AccessConfig) -> World {
    let (folder, db) = database().await;
    let clock = Clock::manual(morning());
    let access = server(&db, &clock, config).await;
    let acme = access
        .bootstrap_client("acme:everything:secret-of-all", Settings::default(), |_, _| Box::pin(async { Ok(()) }))
        .await;
    World { db, clock, access, acme: acme.expect("a tenant").tenant, _folder: folder }
}

/// Another server on the same database.
async fn server(db: &Database, clock: &Clock, config: AccessConfig) -> Access {
    let ids = IdSource::random(clock.clone());
    Access::start(db.clone(), clock.clone(), ids, config).await.expect("access")
}

impl World {
    fn pass(&self, seconds: i64) {
        self.clock.set(self.clock.now() + Span::seconds(seconds));
    }

    async fn token(&self) -> String {
        let scopes = BTreeSet::from([Scope::Read, Scope::Money]);
        self.access.issue_for(self.acme, "web", &scopes, None).await.expect("a token")
    }

    /// A customer of `acme`, as a bare row: the customers module stands below this one.
    async fn customer(&self) -> CustomerId {
        let id = CustomerId(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001));
        let tx = self.db.begin().await.expect("a transaction");
        store::insert_bare_customer(&tx, self.acme, id).await.expect("a customer");
        tx.commit().await.expect("a commit");
        id
    }
}

fn scopes(words: &str) -> BTreeSet<Scope> {
    principal::scopes_of(words).collect()
}

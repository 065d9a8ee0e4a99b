//! What a link keeps and says.

use uuid::Uuid;

use super::model::{PageLink, SECRET, parts, path};
use crate::primitives::TenantId;

#[test]
fn a_link_says_its_tenant_and_its_secret_and_its_row_neither() {
    let (tenant, secret) = (TenantId(Uuid::from_u128(7)), [3; SECRET]);
    let path = path(tenant, &secret);
    let token = path.strip_prefix("/c/").expect("the page's place");
    assert_eq!(parts(token), Some((tenant, secret.to_vec())));
    let kept = PageLink::token_of(&secret);
    assert_eq!(kept.len(), 64);
    assert!(!token.contains(&kept));
    for other in ["", "x", &token[1..], &format!("{token}A"), "../../etc/passwd", &"A".repeat(10_000)] {
        assert_eq!(parts(other), None, "{other}");
    }
}

//! The states of payments through providers.

use super::model::{ProviderOperation, ProviderPaymentState};

#[test]
fn a_state_leads_where_it_says_and_what_was_is_late() {
    use ProviderPaymentState as S;
    for (from, next, late) in [
        (S::Initiated, "PENDING AUTHORISED CAPTURED CANCELLED FAILED", "INITIATED"),
        (S::Pending, "AUTHORISED CAPTURED CANCELLED FAILED", "INITIATED PENDING"),
        (S::Authorised, "CAPTURED CANCELLED FAILED", "INITIATED PENDING AUTHORISED"),
        (S::Captured, "PARTLY_REFUNDED REFUNDED", "INITIATED PENDING AUTHORISED CAPTURED"),
        (S::Cancelled, "", "INITIATED PENDING AUTHORISED CANCELLED"),
        (S::Failed, "", "INITIATED PENDING AUTHORISED FAILED"),
        (S::PartlyRefunded, "REFUNDED", "INITIATED PENDING AUTHORISED PARTLY_REFUNDED"),
        (S::Refunded, "", "INITIATED PENDING AUTHORISED REFUNDED"),
    ] {
        let words = |states: Vec<S>| states.into_iter().map(S::word).collect::<Vec<_>>().join(" ");
        assert_eq!(words(from.next().to_vec()), next, "{from:?}");
        assert_eq!(words(S::all().into_iter().filter(|told| from.was(*told)).collect()), late, "{from:?}");
    }
    for operation in ProviderOperation::ALL {
        let lost = [S::Cancelled, S::Failed, S::Refunded];
        assert!(!operation.of().iter().any(|state| lost.contains(state)), "{operation:?}");
    }
}

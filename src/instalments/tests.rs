//! Rules of contracts that take luck to meet in a running house, over a tenant in memory.

use std::sync::Arc;

use super::refusals::AMBIGUOUS_CONTRACT;
use super::*;
use crate::accounts::catalogue::InstallCatalogue;
use crate::accounts::{AccountBy, ProductBy};
use crate::instalments::contracts::InstalmentContractBy;
use crate::primitives::{Amount, Clock, Currency, Money, Origin, TenantId};
use crate::refused::Refused;
use crate::work::Command;
use crate::work::memory::Memory;
use crate::work::tests::domain;

const TENANT: TenantId = TenantId(uuid::Uuid::from_u128(7));

fn run<C: Command + Clone>(memory: &mut Memory, command: &C) -> Result<Arc<C::Made>, Refused> {
    memory.run(&Origin::system(TENANT), None, command).map(|done| done.value)
}

fn amount(text: &str) -> Amount {
    Amount(text.parse().expect("a decimal"))
}

fn model() -> CreateInstalmentModel {
    CreateInstalmentModel {
        reference: "M".into(),
        kind: "CASH".into(),
        status: ModelStatus::Active,
        currency: Currency::EURO,
        minimum: amount("1"),
        maximum: amount("1000"),
        channel: None,
        card_product: None,
        account_product: ProductBy::Code("loan".into()),
        terms: vec![1],
        default_terms: None,
        minimum_first_days: 1,
        maximum_first_days: 60,
        default_first_days: 30,
        rate_annual_pct: amount("0"),
        method: RepaymentMethod::Annuity,
        balloon_pct: amount("0"),
        grace_terms: 0,
        fee: amount("0"),
        fee_timing: FeeTiming::First,
        posting: PostingType::Separate,
        maximum_per_customer: None,
        maximum_per_day: None,
    }
}

fn by_sms(account: &str, msisdn: &str) -> CreateInstalmentContract {
    CreateInstalmentContract {
        model: Some(InstalmentModelBy::Reference("M".into())),
        credit: Money { amount: "100".parse().expect("a decimal"), currency: Currency::EURO },
        receiving: AccountBy::Number(account.into()),
        paying: AccountBy::Number(account.into()),
        customer: None,
        channel: "SMS".into(),
        terms: None,
        first_due: None,
        card: None,
        msisdn: Some(msisdn.into()),
        external_reference: None,
    }
}

#[test]
fn digits_that_name_two_contracts_activate_none() {
    let mut memory = Memory::new(TENANT, Clock::system());
    run(&mut memory, &InstallCatalogue { currency: Currency::EURO }).expect("products");
    run(&mut memory, &model()).expect("a model");
    // Of so many contracts of one number, two end alike sooner or later.
    for round in 0..60 {
        let owner = format!("C{round}");
        let (account, msisdn) = (format!("A{round}"), format!("467012345{round:02}"));
        run(&mut memory, &domain::customer(Some(&owner))).expect("a customer");
        run(&mut memory, &domain::opening("credit-card", &owner, Some(&account))).expect("an account");
        let mut endings = Vec::new();
        for _ in 0..80 {
            let made = run(&mut memory, &by_sms(&account, &msisdn)).expect("a contract");
            let ending = made.reference[8..].to_owned();
            let activate = ActivateInstalmentContract {
                contract: InstalmentContractBy::Reference(ending.clone()),
                msisdn: Some(format!("+{msisdn}")),
            };
            if endings.contains(&ending) {
                let refused = run(&mut memory, &activate).expect_err("a refusal");
                assert_eq!((refused.code, refused.fields[0].path[0].as_str()), (AMBIGUOUS_CONTRACT, "contract"));
                return;
            }
            endings.push(ending);
        }
    }
    panic!("no two of them ended alike");
}

//! What makes links, and takes what debtors say.

use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::events;
use super::model::{AnswerKind, DebtorAnswer, LONGEST_TEXT, MOST_ANSWERS, PageLink};
use super::store::ANSWERS;
use crate::collections::claims::ClaimStatus;
use crate::collections::claims::store::REFERENCE;
use crate::collections::{Claim, promises};
use crate::journeys::events::{JOURNEY_PAUSED, of_journey};
use crate::journeys::{ClaimJourney, JourneyStatus};
use crate::ledger::amounts::to_minor;
use crate::ledger::refusal::LIMIT_EXCEEDED;
use crate::primitives::{Amount, Money, PageLinkId};
use crate::refused::Refused;
use crate::work::{Command, Decision, Stop, Wants, Work};

/// Days that a link lasts, at most.
pub const LONGEST_LINK: i32 = 90;
/// Microseconds of a day.
const DAY: i64 = 24 * 3_600 * 1_000_000;

/// Makes a link to the page of a claim. What is in it comes afterwards ([`SetPageToken`]): it is in no stored command.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CreatePageLink {
    /// Of which claim, by what the creditor calls it.
    pub claim: String,
    /// For how many days.
    pub days: i32,
}

impl Command for CreatePageLink {
    const OPERATION: &'static str = "createDebtorPageLink";
    type Made = PageLink;

    fn looks_at(&self, wants: &mut Wants) {
        wants.unique::<Claim>(&REFERENCE, &self.claim);
    }

    /// Refused as: `INVALID_INPUT` for the days, `NOT_FOUND` for the claim, `INVALID_STATE` where it is deleted.
    fn decide(&self, work: &mut Work) -> Decision<Arc<PageLink>> {
        if !(1..=LONGEST_LINK).contains(&self.days) {
            return Err(Refused::invalid("validDays", format!("must be 1 to {LONGEST_LINK}")).into());
        }
        let claim = work.find::<Claim>(&REFERENCE, &self.claim)?;
        let claim = claim.ok_or_else(|| Refused::not_found("claimReference", "claim"))?;
        claim.require_present()?;
        let (id, now): (PageLinkId, _) = (work.id(), work.now());
        let link = PageLink {
            id,
            ordinal: work.ordinal(),
            claim: claim.id,
            token: format!("none:{id}"),
            expires_at: now.saturating_add(i64::from(self.days) * DAY),
            created_at: now,
        };
        let link = work.insert(link)?;
        work.tell(events::of_link(&claim, &link));
        Ok(link)
    }

    fn weight(&self) -> usize {
        2
    }
}

/// Puts a secret in a link, in the place of the one that it had: that leads nowhere from then on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SetPageToken {
    /// Which link.
    pub link: PageLinkId,
    /// The SHA-256 of the secret.
    pub token: String,
}

impl Command for SetPageToken {
    const OPERATION: &'static str = "setDebtorPageToken";
    type Made = PageLink;

    fn looks_at(&self, wants: &mut Wants) {
        wants.row::<PageLink>(self.link);
    }

    /// Refused as: `NOT_FOUND`.
    fn decide(&self, work: &mut Work) -> Decision<Arc<PageLink>> {
        let found = work.get::<PageLink>(self.link)?.ok_or_else(|| Refused::not_found("link", "link"))?;
        work.change::<PageLink, Refused>(found.id, |row| {
            row.token.clone_from(&self.token);
            Ok(())
        })
    }

    fn weight(&self) -> usize {
        1
    }
}

/// What a debtor says on the page of a claim.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Said {
    /// It will pay so much by a day.
    Promise {
        /// How much, in the claim's currency.
        amount: Amount,
        /// By which day.
        on: NaiveDate,
    },
    /// It does not owe this, or not so.
    Dispute {
        /// Why.
        text: String,
    },
}

/// Takes what a debtor says on the page of a claim.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AnswerOnPage {
    /// By which link.
    pub link: PageLinkId,
    /// What.
    pub said: Said,
}

impl Command for AnswerOnPage {
    const OPERATION: &'static str = "answerOnDebtorPage";
    type Made = DebtorAnswer;

    fn looks_at(&self, wants: &mut Wants) {
        wants.row::<PageLink>(self.link);
    }

    /// Refused as: `NOT_FOUND` for a link that is over, `INVALID_STATE` unless the claim is active, `LIMIT_EXCEEDED` after
    /// many answers; of a promise `INVALID_INPUT` and `AMOUNT_OUT_OF_RANGE` for the amount, `INVALID_INPUT` for the day; of
    /// a dispute `INVALID_INPUT` for the text. The same once more on the same day changes nothing.
    fn decide(&self, work: &mut Work) -> Decision<Arc<DebtorAnswer>> {
        let now = work.now();
        let link = work.get::<PageLink>(self.link)?.filter(|link| link.expires_at > now);
        let link = link.ok_or_else(|| Refused::not_found("link", "link"))?;
        let claim = work.get::<Claim>(link.claim)?.ok_or_else(|| Stop::damaged("a link without its claim"))?;
        if claim.status != ClaimStatus::Active {
            return Err(claim.is_in("claim").into());
        }
        let mut promised = None;
        let (kind, amount, promised_on, text) = match &self.said {
            Said::Promise { amount, on } => {
                let money = Money { amount: amount.0, currency: claim.currency };
                let minor = to_minor("amount", money)?;
                promised = Some((money, *on));
                (AnswerKind::Promise, Some(minor), Some(*on), None)
            }
            Said::Dispute { text } => {
                let text: String = text.replace("\r\n", "\n").trim().to_owned();
                let is_odd = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
                if text.is_empty() || text.chars().count() > LONGEST_TEXT || text.chars().any(is_odd) {
                    return Err(Refused::invalid("text", format!("must have 1 to {LONGEST_TEXT} characters")).into());
                }
                (AnswerKind::Dispute, None, None, Some(text))
            }
        };
        let answers = work.all::<DebtorAnswer, Claim>(&ANSWERS, claim.id)?;
        let of_life = || answers.iter().filter(|answer| answer.life == claim.begun);
        let says_so = |answer: &&Arc<DebtorAnswer>| {
            answer.kind == kind
                && (answer.amount, answer.promised_on, &answer.text) == (amount, promised_on, &text)
                && now.saturating_sub(answer.created_at) < DAY
        };
        // Sent twice, as browsers do.
        if let Some(found) = of_life().find(says_so) {
            return Ok(found.clone());
        }
        if of_life().count() >= MOST_ANSWERS {
            return Err(Refused::of_field(LIMIT_EXCEEDED, "claim", "so much was said already").into());
        }
        if let Some((money, on)) = promised {
            // The debtor's last word: it takes the place of what was promised before.
            promises::cancel_open(work, &claim, "REPLACED")?;
            promises::make(work, &claim, money, (on, "promisedOn"), true)?;
        }
        let answer = DebtorAnswer {
            id: work.id(),
            ordinal: work.ordinal(),
            claim: claim.id,
            life: claim.begun,
            kind,
            currency: claim.currency,
            amount,
            promised_on,
            text,
            created_at: now,
        };
        let answer = work.insert(answer)?;
        work.tell(events::of_answer(&claim, &answer));
        hold(work, &claim, &answer)?;
        Ok(answer)
    }

    fn weight(&self) -> usize {
        6
    }
}

/// A dispute pauses the claim's journey. A promise holds it by itself.
fn hold(work: &mut Work, claim: &Claim, answer: &DebtorAnswer) -> Decision<()> {
    if answer.kind != AnswerKind::Dispute {
        return Ok(());
    }
    let Some(journey) = work.get::<ClaimJourney>(ClaimJourney::id_of(claim.id, claim.begun))? else { return Ok(()) };
    if journey.status != JourneyStatus::Running {
        return Ok(());
    }
    let today = work.today();
    let paused = work.change::<ClaimJourney, Refused>(journey.id, |row| row.pause(today))?;
    work.tell(of_journey(JOURNEY_PAUSED, claim, &paused, serde_json::json!({ "why": "DISPUTE" })));
    Ok(())
}

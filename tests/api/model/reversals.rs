//! The rules of reversals: whole or in parts, up to what the entry booked.

use serde_json::{Value, json};

use super::books::{Entry, Facts, Made, Model, PRINCIPAL, Refusal, money, no, text};
use super::rules::{date, noted, required};

impl Model {
    pub fn reverse_entry(&mut self, input: &Value) -> Result<Made, Refusal> {
        let original = self.entry_by(&input["entry"]).ok_or_else(|| no("NOT_FOUND", "entry"))?;
        let reason = text(input, "reason").unwrap_or_default();
        required("reason", reason, 500)?;
        let amount = if input["amount"].is_null() { None } else { Some(self.positive(input)?) };
        let description = noted("description", text(input, "description"), 500)?;
        let entry = self.entries[original].clone();
        if entry.kind == "REVERSAL" {
            return Err(no("INVALID_STATE", "entry"));
        }
        if entry.postings.iter().zip(&entry.gone).all(|(line, gone)| line.amount == *gone) {
            let last = entry.reversals.last().expect("a reversal");
            return Err(no("ALREADY_REVERSED", "entry").with(json!({ "reversedBy": self.entries[*last].id })));
        }
        let taken = self.taken_back(&entry, amount)?;
        let value_date = self.value_date(date(input, "valueDate"), Some(entry.value_date))?;
        let title: String = format!("Reversal: {}", entry.description).chars().take(500).collect();
        // The entry is all that the input names, so it is the field at fault whatever its accounts are refused for.
        let booked = self.book_reversal(original, &taken, value_date, description.unwrap_or(title), reason);
        booked.map(Made::Entry).map_err(|refusal| Refusal { fields: vec!["entry".into()], ..refusal })
    }

    /// What of each line is taken back: all that is left, or the part that is asked for, principal first.
    fn taken_back(&self, entry: &Entry, amount: Option<(i128, String)>) -> Result<Vec<i128>, Refusal> {
        let left: Vec<i128> = entry.postings.iter().zip(&entry.gone).map(|(line, gone)| line.amount - gone).collect();
        let Some((amount, currency)) = amount else { return Ok(left) };
        if currency != entry.currency {
            let account = &self.accounts[entry.accounts()[0]];
            return Err(no("CURRENCY_MISMATCH", "amount.currency").with(json!({ "account": account.id })));
        }
        let whole: i128 = left.iter().filter(|part| **part > 0).sum();
        if amount > whole {
            let facts = json!({ "remaining": money(whole, &currency) });
            return Err(no("AMOUNT_OUT_OF_RANGE", "amount").with(facts));
        }
        // Who has lines of this entry: an account, or one of the tenant's own.
        let side = |line: &super::books::Posting| line.account.map(|(account, _)| account);
        let sides: Vec<Option<usize>> = {
            let mut sides: Vec<_> = entry.postings.iter().map(side).collect();
            sides.sort_unstable();
            sides.dedup();
            sides
        };
        let one_way = |of: &Option<usize>| {
            let lines = || entry.postings.iter().filter(|line| side(line) == *of);
            lines().all(|line| line.amount > 0) || lines().all(|line| line.amount < 0)
        };
        if amount < whole && !(sides.len() == 2 && sides.iter().all(one_way)) {
            return Err(no("INVALID_STATE", "amount"));
        }
        let (mut credits, mut debits) = (amount, amount);
        let take = |part: i128| {
            let rest = if part > 0 { &mut credits } else { &mut debits };
            let taken = part.abs().min(*rest);
            *rest -= taken;
            taken * part.signum()
        };
        Ok(left.into_iter().map(take).collect())
    }

    fn book_reversal(
        &mut self,
        original: usize,
        taken: &[i128],
        value_date: chrono::NaiveDate,
        description: String,
        reason: &str,
    ) -> Result<usize, Refusal> {
        let entry = self.entries[original].clone();
        let mut postings = Vec::new();
        let mut mirrored: Vec<(usize, [i128; 3])> = Vec::new();
        for (line, part) in entry.postings.iter().zip(taken).filter(|(_, part)| **part != 0) {
            match line.account {
                None => postings.push(self.move_internal(line.code.clone(), &entry.currency, -part)?),
                Some((account, component)) => {
                    let known = mirrored.iter().position(|(other, _)| *other == account).unwrap_or_else(|| {
                        mirrored.push((account, [0; 3]));
                        mirrored.len() - 1
                    });
                    mirrored[known].1[component] -= part;
                }
            }
        }
        mirrored.sort_by(|(one, _), (other, _)| self.accounts[*one].id.cmp(&self.accounts[*other].id));
        for (account, _) in &mirrored {
            self.require_not_closed(*account, &[])?;
        }
        // Whoever pays is asked first.
        mirrored.sort_by_key(|(_, parts)| parts.iter().sum::<i128>());
        for (account, parts) in &mirrored {
            if entry.value_date > self.today() && parts[PRINCIPAL] < 0 {
                // It never came, so that taking it back takes nothing that was there.
                let arriving = &mut self.touch(*account).arriving;
                *arriving.get_mut(&entry.value_date).expect("what is on its way") += parts[PRINCIPAL];
            }
            // What had left at once is back at once.
            let comes_back = parts.iter().sum::<i128>() > 0 && value_date == entry.value_date;
            let counts_from = if comes_back { self.today() } else { value_date };
            // A debt comes back even past the limit; who may not owe must cover it.
            let parts = self.settled(*account, *parts, counts_from);
            let needs_cover = !self.accounts[*account].may_owe();
            self.admit(*account, &parts, needs_cover, &[])?;
            self.apply(*account, &parts, counts_from, None, &mut postings);
        }
        let place = self.book(Entry {
            id: String::new(),
            kind: "REVERSAL",
            value_date,
            booked_at: self.now,
            description,
            external: Value::Null,
            facts: Facts { reason: Some(reason.to_owned()), ..Facts::default() },
            metadata: json!({}),
            gone: vec![0; postings.len()],
            postings,
            reverses: Some(original),
            reversals: Vec::new(),
            hold: None,
            currency: entry.currency,
        });
        self.mark_reversed(original, place, taken);
        self.close_in_turn(&mirrored.iter().map(|(account, _)| *account).collect::<Vec<_>>());
        Ok(place)
    }
}

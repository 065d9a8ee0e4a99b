//! Printing what is there: rendered here, kept in the store, noted by a command.

use async_graphql::{Context, ID, InputObject, Object};
use chrono::NaiveDate;

use super::previews::{name, printed, unread};
use crate::access::Scope;
use crate::accounts::Account;
use crate::api::call::{Call, Reach, Reply};
use crate::api::context::{Caller, caller};
use crate::api::documents::{Document, files, sees};
use crate::api::enums::{PrintKind, PrintLanguage};
use crate::api::fault::Fault;
use crate::api::refusal::outcomes;
use crate::customers::Customer;
use crate::documents::Subject;
use crate::documents::commands::Label;
use crate::instalments::contracts::{InstalmentContract, store as contracts};
use crate::primitives::CustomerId;
use crate::printing::printer::{Paper, kept, paper};
use crate::printing::prints::PrintDocument;
use crate::printing::recipient::{self, Recipient};
use crate::printing::{self, Sheet};
use crate::refused::Refused;

/// Something to print.
#[derive(InputObject)]
pub struct PrintDocumentInput {
    /// Makes the request safe to repeat, as long as what is printed has not changed.
    idempotency_key: String,
    /// The id of what is printed: an instalment contract.
    subject: ID,
    /// As what: CONTRACT with its terms and its plan, or PLAN.
    kind: PrintKind,
    /// In which language; the first of the customer's languages that there is, or else English, when absent.
    language: Option<PrintLanguage>,
}

outcomes! {
    /// It was printed.
    PrintDocumentResult = PrintDocumentSuccess {
        /// The document; the one from before where the same thing was printed before.
        document: Document,
    }
}

/// Printing what is there.
#[derive(Default)]
pub struct PrintDocumentMutation;

#[Object]
impl PrintDocumentMutation {
    /// Prints something as it is now, and keeps it as a document of that thing: a PDF of the kind that was asked for. What
    /// comes out the same is kept once. Scope: admin.
    async fn print_document(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to print.")] input: PrintDocumentInput,
    ) -> Result<Option<PrintDocumentResult>, Fault> {
        let call = Call::begin(ctx, "printDocument", Scope::Admin, Reach::Tenant).await?;
        let command = command(ctx, caller(ctx)?, &input).await?;
        Ok(Some(match call.run(&input.idempotency_key, command).await? {
            Reply::Refused(refusal) => PrintDocumentResult::Refused(refusal),
            Reply::Done(done) => PrintDocumentResult::Done(PrintDocumentSuccess {
                document: Document::new((*done.value).clone()),
                receipt: done.receipt.into(),
            }),
        }))
    }
}

/// Renders, keeps the bytes, and gives the command that notes them.
async fn command(
    ctx: &Context<'_>,
    caller: &Caller,
    input: &PrintDocumentInput,
) -> Result<Result<PrintDocument, Refused>, Fault> {
    let not_found = || Refused::not_found("subject", "thing");
    let subject = match input.subject.parse::<Subject>() {
        Ok(subject) if sees(caller, subject).await? => subject,
        _ => return Ok(Err(not_found())),
    };
    let made = match subject {
        Subject::InstalmentContract(id) => match caller.loaders.row::<InstalmentContract>(id).await? {
            Some(contract) => of_contract(ctx, caller, input, &contract).await?,
            None => return Ok(Err(not_found())),
        },
        _ => Err(Refused::invalid("subject", "there is nothing to print of it")),
    };
    let (sheet, paper) = match made {
        Ok(made) => made,
        Err(refused) => return Ok(Err(refused)),
    };
    let (_, bytes) = printed(sheet, paper.brand).await?.map_err(|error| Fault::internal(&error))?;
    let label = Label {
        name: format!("{}.pdf", input.kind.word().to_lowercase()),
        kind: input.kind.word().into(),
        subject,
        history: None,
        product: None,
    };
    let kept = kept(caller.db(), files(ctx)?.vault(), caller.tenant(), label, &bytes).await;
    kept.map(Ok).map_err(unread)
}

/// Whom it goes to, in which language, and what the tenant's paper for it looks like.
async fn to(
    ctx: &Context<'_>,
    caller: &Caller,
    customer: CustomerId,
    input: &PrintDocumentInput,
    day: NaiveDate,
) -> Result<(Recipient, PrintLanguage, Paper), Fault> {
    let found = caller.loaders.row::<Customer>(customer).await?;
    let found = found.ok_or_else(|| Fault::internal(&"a thing without its customer"))?;
    let book = caller.loaders.addresses(customer).await?;
    let language = input.language.unwrap_or_else(|| recipient::language(&found));
    let (name, vault) = (name(caller).await?, files(ctx)?.vault());
    let paper = paper(caller.db(), vault, (caller.tenant(), &name), input.kind, language).await.map_err(unread)?;
    Ok((recipient::of(&found, book.as_deref(), day), language, paper))
}

async fn of_contract(
    ctx: &Context<'_>,
    caller: &Caller,
    input: &PrintDocumentInput,
    contract: &InstalmentContract,
) -> Result<Result<(Sheet, Paper), Refused>, Fault> {
    let (to, language, paper) = to(ctx, caller, contract.customer, input, contract.contracted_on).await?;
    let instalments = contracts::instalments(caller.db(), caller.tenant(), contract.id).await?;
    let account = caller.loaders.row::<Account>(contract.paying).await?.map(|account| account.number);
    let account = account.unwrap_or_default();
    let contract = (contract, instalments.as_slice());
    let sheet = printing::contracts::sheet(input.kind, language, &paper, contract, &to, &account);
    Ok(sheet.map(|sheet| (sheet, paper)))
}

//! Mutations of a tenant's paper.

use async_graphql::{Context, ID, InputObject, Object};

use super::previews::{printed, unread};
use super::{PrintBrand, PrintTemplate};
use crate::access::Scope;
use crate::api::call::{Call, Reach, Reply};
use crate::api::context::{Caller, caller};
use crate::api::documents::files;
use crate::api::enums::{PrintKind, PrintLanguage};
use crate::api::fault::Fault;
use crate::api::refusal::outcomes;
use crate::documents::Document;
use crate::printing::model::{self, colour};
use crate::printing::printer::{MOST_BYTES, with_logo};
use crate::printing::{Letterhead, PrintError, SetPrintBrand, SetPrintTemplate, sample, texts};
use crate::refused::Refused;

/// A brand, all of it.
#[derive(InputObject)]
pub struct SetPrintBrandInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// The sender: up to 70 characters.
    name: String,
    /// The sender's address: up to 6 lines of 100 characters.
    #[graphql(default)]
    address: Vec<String>,
    /// The document that is the logo: PNG or JPEG, up to 500,000 bytes and 3,000 pixels either way. None when absent.
    logo: Option<ID>,
    /// The colour of titles and rules: `#` and six hexadecimal digits, dark enough to be read on white; a dark blue when
    /// absent.
    colour: Option<String>,
    /// What stands at the foot of each page: up to 4 lines of 150 characters.
    #[graphql(default)]
    footer: Vec<String>,
}

/// A text, all of it. `{{ customer }}` and its like stand for values: sender, customer, account, number, date, amount, and,
/// where there are any, minimum_amount, due_on, reference, period_from and period_to; `{% if due_on %}` asks whether there
/// is one.
#[derive(InputObject)]
pub struct SetPrintTemplateInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Of what.
    kind: PrintKind,
    /// In which language.
    language: PrintLanguage,
    /// The title: up to 500 characters.
    title: String,
    /// What stands above the table: up to 20 paragraphs of 5,000 characters.
    paragraphs: Vec<String>,
    /// What stands below it, and below how it is paid: the same.
    #[graphql(default)]
    closing: Vec<String>,
}

outcomes! {
    /// The brand was set.
    SetPrintBrandResult = SetPrintBrandSuccess {
        /// What is printed from now on.
        print_brand: PrintBrand,
    }

    /// A text was set.
    SetPrintTemplateResult = SetPrintTemplateSuccess {
        /// What is printed from now on.
        print_template: PrintTemplate,
    }
}

/// Mutations of a tenant's paper.
#[derive(Default)]
pub struct PrintMutation;

#[Object]
impl PrintMutation {
    /// Sets whose paper documents are printed on from now on; those that were printed stay as they are. Scope: admin.
    async fn set_print_brand(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "All of it: what is absent is empty.")] input: SetPrintBrandInput,
    ) -> Result<Option<SetPrintBrandResult>, Fault> {
        let call = Call::begin(ctx, "setPrintBrand", Scope::Admin, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        let command = match brand(input) {
            Ok(brand) => tried(ctx, caller(ctx)?, brand).await?,
            Err(refused) => Err(refused),
        };
        Ok(Some(match call.run(&key, command).await? {
            Reply::Refused(refusal) => SetPrintBrandResult::Refused(refusal),
            Reply::Done(done) => SetPrintBrandResult::Done(SetPrintBrandSuccess {
                print_brand: PrintBrand::of(&done.value).ok_or_else(|| Fault::internal(&"a brand that is none"))?,
                receipt: done.receipt.into(),
            }),
        }))
    }

    /// Sets what is written on a kind of document in a language from now on. A text that could not be filled in is refused,
    /// with the line. Scope: admin.
    async fn set_print_template(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "All of it.")] input: SetPrintTemplateInput,
    ) -> Result<Option<SetPrintTemplateResult>, Fault> {
        let call = Call::begin(ctx, "setPrintTemplate", Scope::Admin, Reach::Tenant).await?;
        let template = model::Template { title: input.title, paragraphs: input.paragraphs, closing: input.closing };
        let command = SetPrintTemplate { kind: input.kind, language: input.language, template };
        Ok(Some(match call.run(&input.idempotency_key, Ok(command)).await? {
            Reply::Refused(refusal) => SetPrintTemplateResult::Refused(refusal),
            Reply::Done(done) => SetPrintTemplateResult::Done(SetPrintTemplateSuccess {
                print_template: PrintTemplate::of(&done.value)
                    .ok_or_else(|| Fault::internal(&"a text that is none"))?,
                receipt: done.receipt.into(),
            }),
        }))
    }
}

fn brand(input: SetPrintBrandInput) -> Result<model::PrintBrand, Refused> {
    let colour = match input.colour {
        Some(text) => colour("colour", &text)?,
        None => sample::letterhead("").colour,
    };
    let logo = input.logo.map(|id| id.parse().map_err(|_| Refused::not_found("logo", "document"))).transpose()?;
    let head = Letterhead { name: input.name, address: input.address, colour, footer: input.footer };
    model::PrintBrand { head, logo }.checked()
}

/// The command of a brand whose logo, if it is there, can be printed. That it is there the command makes sure of.
async fn tried(
    ctx: &Context<'_>,
    caller: &Caller,
    brand: model::PrintBrand,
) -> Result<Result<SetPrintBrand, Refused>, Fault> {
    let Some(logo) = brand.logo else { return Ok(Ok(SetPrintBrand { brand })) };
    let size = caller.loaders.row::<Document>(logo).await?.and_then(|one| one.content).map(|content| content.size);
    if size.is_some_and(|size| size > MOST_BYTES) {
        return Ok(Err(Refused::invalid("logo", format!("must not be larger than {MOST_BYTES} bytes"))));
    }
    let vault = files(ctx)?.vault();
    let whole = with_logo(caller.db(), vault, caller.tenant(), brand.head.clone(), brand.logo).await.map_err(unread)?;
    let (kind, language) = (PrintKind::Letter, PrintLanguage::En);
    let text = texts::of(kind, language).filled(&sample::values(language));
    let text = text.map_err(|refused| Fault::internal(&refused.message))?;
    let sheet = sample::sheet(kind, language, &whole.head, text);
    Ok(match printed(sheet, whole).await? {
        Ok(_) => Ok(SetPrintBrand { brand }),
        Err(PrintError::Logo(problem)) => Err(Refused::invalid("logo", format!("cannot be printed: {problem}"))),
        Err(error) => return Err(Fault::internal(&error)),
    })
}

//! Printing in the API: a tenant's paper, its versions, and previews.

pub mod mutations;
pub mod previews;
pub mod prints;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

pub use mutations::PrintMutation;
pub use previews::PrintPreview;
pub use prints::PrintDocumentMutation;

use super::context::{Caller, allowed};
use super::enums::{PrintKind, PrintLanguage};
use super::fault::{Fault, FaultCode};
use super::pagination::{Connection, Listed, Ordinal, PageArgs, Window};
use super::scalars::DateTime;
use crate::access::Scope;
use crate::printing::model::{self, Part, PrintVersion, Said, written};
use crate::printing::{store, texts};

/// Whose paper documents are printed on, at some time.
#[derive(Clone, Debug, SimpleObject)]
pub struct PrintBrand {
    /// Counted from 1; a brand that is set anew is a new version.
    version: i32,
    /// The sender.
    name: String,
    /// The sender's address, line by line.
    address: Vec<String>,
    /// The document that is its logo.
    logo: Option<ID>,
    /// The colour of titles and rules: `#` and six hexadecimal digits.
    colour: String,
    /// What stands at the foot of each page.
    footer: Vec<String>,
    /// When it was set.
    created_at: DateTime,
}

impl Listed for PrintBrand {
    const LIST: &'static str = "PrintBrand";
}

impl PrintBrand {
    fn of(version: &PrintVersion) -> Option<Self> {
        let Said::Brand(brand) = &version.said else { return None };
        let head = brand.head.clone();
        Some(Self {
            version: version.number,
            name: head.name,
            address: head.address,
            logo: brand.logo.map(ID::from),
            colour: written(head.colour),
            footer: head.footer,
            created_at: DateTime(version.created_at),
        })
    }
}

/// The text of a kind of document in a language, at some time.
#[derive(Clone, Debug, SimpleObject)]
pub struct PrintTemplate {
    /// Of what.
    kind: PrintKind,
    /// In which language.
    language: PrintLanguage,
    /// Counted from 1; a text that is set anew is a new version. 0 is what is there by default.
    version: i32,
    /// The title.
    title: String,
    /// What stands above the table.
    paragraphs: Vec<String>,
    /// What stands below it, and below how it is paid.
    closing: Vec<String>,
    /// When it was set; not at all by default.
    created_at: Option<DateTime>,
}

impl Listed for PrintTemplate {
    const LIST: &'static str = "PrintTemplate";
}

impl PrintTemplate {
    fn new(kind: PrintKind, language: PrintLanguage, template: model::Template) -> Self {
        let model::Template { title, paragraphs, closing } = template;
        Self { kind, language, version: 0, title, paragraphs, closing, created_at: None }
    }

    fn of(version: &PrintVersion) -> Option<Self> {
        let (Part::Text(kind, language), Said::Text(template)) = (version.part, &version.said) else { return None };
        let shown = Self::new(kind, language, template.clone());
        Some(Self { version: version.number, created_at: Some(DateTime(version.created_at)), ..shown })
    }
}

/// Which versions of texts to list.
#[derive(Debug, Default, InputObject)]
pub struct PrintTemplateFilter {
    /// Only those of this kind; with a language, and not alone.
    kind: Option<PrintKind>,
    /// Only those in this language; with a kind, and not alone.
    language: Option<PrintLanguage>,
}

/// Questions about printing. Scope: read, and not for a token that is bound to a customer.
#[derive(Debug, Default)]
pub struct PrintQuery;

/// Questions about printing. Scope: read, and not for a token that is bound to a customer.
#[Object]
impl PrintQuery {
    /// The brand that is printed now. Null until one is set: then documents have the tenant's name alone.
    async fn print_brand(&self, ctx: &Context<'_>) -> Result<Option<PrintBrand>, Fault> {
        let caller = allowed(ctx, Scope::Read)?.require_unbound()?;
        let found = store::current(caller.db(), caller.tenant(), &[Part::Brand]).await?;
        Ok(found.into_iter().flatten().next().as_ref().and_then(PrintBrand::of))
    }

    /// The brand's versions, in the order in which they were set.
    async fn print_brands(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<PrintBrand>, Fault> {
        let args = PageArgs::forward(first, after);
        versions(allowed(ctx, Scope::Read)?, store::Which::Brand, &args, PrintBrand::of).await
    }

    /// The text that is printed now: what was set, or else what is there by default.
    async fn print_template(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of what.")] kind: PrintKind,
        #[graphql(desc = "In which language.")] language: PrintLanguage,
    ) -> Result<Option<PrintTemplate>, Fault> {
        let caller = allowed(ctx, Scope::Read)?.require_unbound()?;
        let found = store::current(caller.db(), caller.tenant(), &[Part::Text(kind, language)]).await?;
        let set = found.into_iter().flatten().next().as_ref().and_then(PrintTemplate::of);
        Ok(Some(set.unwrap_or_else(|| PrintTemplate::new(kind, language, texts::of(kind, language)))))
    }

    /// The texts' versions, in the order in which they were set. What is there by default is not among them.
    async fn print_templates(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those of one text.")] filter: Option<PrintTemplateFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<PrintTemplate>, Fault> {
        let part = match filter.unwrap_or_default() {
            PrintTemplateFilter { kind: None, language: None } => None,
            PrintTemplateFilter { kind: Some(kind), language: Some(language) } => Some(Part::Text(kind, language)),
            _ => return Err(Fault::new(FaultCode::BadRequest, "kind and language stand together, or not at all")),
        };
        let args = PageArgs::forward(first, after);
        versions(allowed(ctx, Scope::Read)?, store::Which::Texts(part), &args, PrintTemplate::of).await
    }

    /// What a document would look like that is printed now, with somebody in it who does not exist.
    async fn preview_print(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to print.")] kind: PrintKind,
        #[graphql(desc = "In which language.")] language: PrintLanguage,
    ) -> Result<Option<PrintPreview>, Fault> {
        previews::preview(ctx, kind, language).await.map(Some)
    }
}

async fn versions<T: Listed>(
    caller: &Caller,
    which: store::Which,
    args: &PageArgs,
    shown: fn(&PrintVersion) -> Option<T>,
) -> Result<Connection<T>, Fault> {
    caller.require_unbound()?;
    let window = Window::<Ordinal<PrintVersion>>::new(args)?;
    let rows = store::versions(caller.db(), caller.tenant(), which, window.page(Ordinal::place)).await?;
    let shown = rows.into_iter().map(|row| shown(&row).map(|version| (row.ordinal, version)));
    let rows: Option<Vec<(i64, T)>> = shown.collect();
    let rows = rows.ok_or_else(|| Fault::internal(&"a version of a print design that says something else"))?;
    Ok(window.connect(rows, |(ordinal, _)| Ordinal::of(*ordinal), |(_, version)| version))
}

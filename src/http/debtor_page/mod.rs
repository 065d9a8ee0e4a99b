//! The debtor's page: what is owed and why, how to pay it, and forms to promise and to dispute. Made here, without scripts.
//!
//! Whoever has the link sees the page, and nobody else: it has a secret in it, of which the database has a digest. Looking
//! at it changes nothing, so that what looks at links before people do (previews, scanners) does no harm. A form is taken
//! only with the value that its page had.

mod texts;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Form, Path, Query, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::collections::{Claim, ClaimStatus};
use crate::customers::Customer;
use crate::engine::Engine;
use crate::ledger::refusal::LIMIT_EXCEEDED;
use crate::pages::commands::Said;
use crate::pages::model::parts;
use crate::pages::{AnswerKind, AnswerOnPage, DebtorAnswer, PageLink, store};
use crate::parties::Party;
use crate::primitives::{Amount, Minor, Origin, TenantId};
use crate::refused::{NOT_FOUND, Refused};
use crate::work::{Failure, read};
use texts::{ENGLISH, Texts};

/// The page.
const PAGE: &str = include_str!("page.html");
/// How it looks.
const CSS: &str = include_str!("page.css");
/// The largest form, in bytes: 2,000 characters, each of them encoded in up to twelve.
const FORM: usize = 32 * 1024;
/// The routes of this module.
pub fn router(engine: Engine) -> Router {
    Router::new()
        .route("/c/{token}", get(show))
        .route("/c/{token}/promise", post(promise))
        .route("/c/{token}/dispute", post(dispute))
        .layer(DefaultBodyLimit::max(FORM))
        .with_state(engine)
}

/// What a form of the page of a link has to bring along.
fn csrf(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(format!("konto form {token}")))
}

/// Who is at a page.
struct Visit {
    token: String,
    tenant: TenantId,
    link: PageLink,
    claim: Claim,
    debtor: Customer,
    texts: &'static Texts,
}

/// A page that is not what was asked for.
struct Problem(StatusCode, &'static Texts);

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (told, status) = (if self.0 == StatusCode::GONE { self.1.gone } else { "" }, self.0);
        let problem = if told.is_empty() { status.canonical_reason().unwrap_or_default() } else { told };
        html(status, &json!({ "t": self.1, "house": "", "problem": problem }))
    }
}

/// Whoever has the link. Links that there are not and links that are over look alike.
async fn visit(engine: &Engine, token: String, headers: &HeaderMap) -> Result<Visit, Problem> {
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let browser = texts::of_browser(accepted);
    let gone = || Problem(StatusCode::GONE, texts::of(&browser));
    let (tenant, secret) = parts(&token).ok_or_else(gone)?;
    let db = engine.db.reader();
    let failed = |fault: crate::ledger::LedgerFault| {
        tracing::error!(%fault, "a debtor's page could not be read");
        Problem(StatusCode::SERVICE_UNAVAILABLE, &ENGLISH)
    };
    let link = store::link(db, tenant, &PageLink::token_of(&secret)).await.map_err(failed)?;
    let link = link.ok_or_else(gone)?;
    let present = engine.present(tenant).await.map_err(failed)?;
    if link.expires_at <= present.now {
        return Err(gone());
    }
    let claim = read::by_id::<Claim>(db, tenant, link.claim).await.map_err(failed)?;
    let claim = claim.filter(|claim| claim.status != ClaimStatus::Deleted).ok_or_else(gone)?;
    let debtor = read::by_id::<Customer>(db, tenant, claim.debtor).await.map_err(failed)?.ok_or_else(gone)?;
    let texts = if debtor.languages.is_empty() { texts::of(&browser) } else { texts::of(&debtor.languages) };
    Ok(Visit { token, tenant, link, claim, debtor, texts })
}

/// What was done before the page is shown.
#[derive(Deserialize)]
struct Shown {
    done: Option<String>,
}

async fn show(
    State(engine): State<Engine>,
    Path(token): Path<String>,
    Query(shown): Query<Shown>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let visit = visit(&engine, token, &headers).await?;
    let notice = match shown.done.as_deref() {
        Some("promise") => Some(visit.texts.promise_done),
        Some("dispute") => Some(visit.texts.dispute_done),
        _ => None,
    };
    page(&engine, &visit, StatusCode::OK, notice, None).await
}

/// A promise.
#[derive(Deserialize)]
struct PromiseForm {
    csrf: String,
    amount: String,
    on: String,
}

/// A dispute.
#[derive(Deserialize)]
struct DisputeForm {
    csrf: String,
    text: String,
}

async fn promise(
    State(engine): State<Engine>,
    Path(token): Path<String>,
    headers: HeaderMap,
    form: Result<Form<PromiseForm>, axum::extract::rejection::FormRejection>,
) -> Result<Response, Problem> {
    let visit = visit(&engine, token, &headers).await?;
    let Some(form) = form.ok().map(|Form(form)| form).filter(|form| form.csrf == csrf(&visit.token)) else {
        return page(&engine, &visit, StatusCode::BAD_REQUEST, None, Some(visit.texts.wrong_form)).await;
    };
    // As people write it: 1 200,50.
    let amount: String = form.amount.chars().filter(|c| !c.is_whitespace()).collect::<String>().replace(',', ".");
    let Ok(amount) = amount.parse::<rust_decimal::Decimal>() else {
        return page(&engine, &visit, StatusCode::UNPROCESSABLE_ENTITY, None, Some(visit.texts.wrong_amount)).await;
    };
    let Ok(on) = form.on.parse() else {
        return page(&engine, &visit, StatusCode::UNPROCESSABLE_ENTITY, None, Some(visit.texts.wrong_day)).await;
    };
    answer(&engine, &visit, Said::Promise { amount: Amount(amount), on }, "promise").await
}

async fn dispute(
    State(engine): State<Engine>,
    Path(token): Path<String>,
    headers: HeaderMap,
    form: Result<Form<DisputeForm>, axum::extract::rejection::FormRejection>,
) -> Result<Response, Problem> {
    let visit = visit(&engine, token, &headers).await?;
    let Some(form) = form.ok().map(|Form(form)| form).filter(|form| form.csrf == csrf(&visit.token)) else {
        return page(&engine, &visit, StatusCode::BAD_REQUEST, None, Some(visit.texts.wrong_form)).await;
    };
    answer(&engine, &visit, Said::Dispute { text: form.text }, "dispute").await
}

async fn answer(engine: &Engine, visit: &Visit, said: Said, done: &str) -> Result<Response, Problem> {
    let origin = Origin { client: "debtor-page".into(), ..Origin::system(visit.tenant) };
    match engine.run(&origin, None, AnswerOnPage { link: visit.link.id, said }).await {
        Ok(_) => {
            // So that going back or reloading sends nothing again.
            let to = format!("/c/{}?done={done}", visit.token);
            let mut response = StatusCode::SEE_OTHER.into_response();
            if let Ok(to) = HeaderValue::from_str(&to) {
                response.headers_mut().insert(header::LOCATION, to);
            }
            guard(response.headers_mut());
            Ok(response)
        }
        Err(Failure::Refused(refused, _)) if refused.code == NOT_FOUND => Err(Problem(StatusCode::GONE, visit.texts)),
        Err(Failure::Refused(refused, _)) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            page(engine, visit, status, None, Some(in_words(visit.texts, &refused))).await
        }
        Err(Failure::Fault(fault)) => {
            tracing::error!(%fault, "what a debtor said could not be taken");
            Err(Problem(StatusCode::SERVICE_UNAVAILABLE, visit.texts))
        }
    }
}

/// What is wrong, in the debtor's language.
fn in_words(texts: &'static Texts, refused: &Refused) -> &'static str {
    let field = refused.fields.first().and_then(|field| field.path.first()).map_or("", String::as_str);
    match field {
        _ if refused.code == LIMIT_EXCEEDED => texts.enough,
        "amount" => texts.wrong_amount,
        "promisedOn" => texts.wrong_day,
        "text" => texts.wrong_text,
        _ => texts.closed,
    }
}

async fn page(
    engine: &Engine,
    visit: &Visit,
    status: StatusCode,
    notice: Option<&str>,
    problem: Option<&str>,
) -> Result<Response, Problem> {
    let failed = |fault: crate::ledger::LedgerFault| {
        tracing::error!(%fault, "a debtor's page could not be read");
        Problem(StatusCode::SERVICE_UNAVAILABLE, visit.texts)
    };
    let (db, claim) = (engine.db.reader(), &visit.claim);
    let present = engine.present(visit.tenant).await.map_err(failed)?;
    let answers = store::answers(db, visit.tenant, claim.id, claim.begun).await.map_err(failed)?;
    let receivable = read::by_id::<crate::collections::Receivable>(db, visit.tenant, claim.receivable).await;
    let creditor = match receivable.map_err(failed)?.and_then(|receivable| receivable.creditor) {
        Some(party) => read::by_id::<Party>(db, visit.tenant, party).await.map_err(failed)?.map(|party| party.name),
        None => None,
    };
    let money = |minor: Minor| minor.in_currency(claim.currency).amount.to_string();
    let named: Vec<Value> = claim
        .named_fees
        .iter()
        .filter(|fee| fee.amount.0 != 0)
        .map(|fee| json!({ "name": fee.name, "amount": money(fee.amount) }))
        .collect();
    let together = (named.is_empty() && claim.fees.0 != 0).then(|| money(claim.fees));
    let said: Vec<String> = answers.iter().map(|answer| in_full(visit.texts, answer)).collect();
    let values = json!({
        "t": visit.texts,
        "house": present.head.settings.name,
        "notice": notice,
        "problem": problem,
        "path": format!("/c/{}", visit.token),
        "csrf": csrf(&visit.token),
        "today": present.today.to_string(),
        "creditor": creditor,
        "debtor": visit.debtor.name(),
        "answers": said,
        "claim": {
            "reference": claim.reference,
            "product": claim.product_reference,
            "amount": money(claim.amount),
            "named": named,
            "fees_together": together,
            "total": money(Minor(claim.amount.0.saturating_add(claim.fees.0))),
            "currency": claim.currency.code(),
            "original_due": claim.original_due_date.to_string(),
            "due": claim.current_due_date.to_string(),
            "payment_reference": claim.payment_reference.as_ref().unwrap_or(&claim.reference),
            "open": claim.status == ClaimStatus::Active,
        },
    });
    Ok(html(status, &values))
}

/// What a debtor has said, in a sentence.
fn in_full(texts: &Texts, answer: &DebtorAnswer) -> String {
    match answer.kind {
        AnswerKind::Promise => {
            let amount = answer.amount.map(|amount| amount.in_currency(answer.currency));
            let amount = amount.map_or_else(String::new, |money| format!("{} {}", money.amount, money.currency.code()));
            let day = answer.promised_on.map(|day| day.to_string()).unwrap_or_default();
            texts.said_promise.replace("{amount}", &amount).replace("{day}", &day)
        }
        AnswerKind::Dispute => texts.said_dispute.replace("{text}", answer.text.as_deref().unwrap_or_default()),
    }
}

/// The page with these values, each of them escaped.
fn html(status: StatusCode, values: &Value) -> Response {
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Lenient);
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    // The style is ours: escaped, its digest would be another one.
    let source = PAGE.replace("{{ css }}", CSS);
    let made = environment.template_from_named_str("page.html", &source).and_then(|page| page.render(Serde(values)));
    let (status, body) = match made {
        Ok(body) => (status, body),
        Err(error) => {
            tracing::error!(%error, "a debtor's page could not be made");
            (StatusCode::INTERNAL_SERVER_ERROR, String::new())
        }
    };
    let mut response = (status, body).into_response();
    guard(response.headers_mut());
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    response
}

/// What browsers are told: to keep nothing, to tell nobody where they come from, to run nothing, and to be framed by nobody.
fn guard(headers: &mut HeaderMap) {
    let style = STANDARD.encode(Sha256::digest(CSS));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    );
    let said = [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (header::REFERRER_POLICY, "no-referrer".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::X_FRAME_OPTIONS, "DENY".to_owned()),
        (HeaderName::from_static("x-robots-tag"), "noindex, nofollow".to_owned()),
    ];
    for (name, value) in said {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
}

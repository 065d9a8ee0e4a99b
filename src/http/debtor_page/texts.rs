//! The words of the page, in the languages that it speaks.

use serde::Serialize;

/// The words of one language.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Texts {
    pub lang: &'static str,
    pub title: &'static str,
    pub owed: &'static str,
    pub reference: &'static str,
    pub creditor: &'static str,
    pub product: &'static str,
    pub amount: &'static str,
    pub fees: &'static str,
    pub first_due: &'static str,
    pub due: &'static str,
    pub pay: &'static str,
    pub pay_how: &'static str,
    pub payment_reference: &'static str,
    pub said: &'static str,
    pub said_promise: &'static str,
    pub said_dispute: &'static str,
    pub promise: &'static str,
    pub promise_amount: &'static str,
    pub promise_on: &'static str,
    pub promise_send: &'static str,
    pub promise_done: &'static str,
    pub dispute: &'static str,
    pub dispute_why: &'static str,
    pub dispute_send: &'static str,
    pub dispute_done: &'static str,
    pub closed: &'static str,
    pub wrong_amount: &'static str,
    pub wrong_day: &'static str,
    pub wrong_text: &'static str,
    pub enough: &'static str,
    pub wrong_form: &'static str,
    pub gone: &'static str,
}

pub(super) const ENGLISH: Texts = Texts {
    lang: "en",
    title: "Your claim",
    owed: "What you owe",
    reference: "Reference",
    creditor: "Owed to",
    product: "For",
    amount: "Amount",
    fees: "Fees",
    first_due: "First due on",
    due: "Due on",
    pay: "How to pay",
    pay_how: "Pay as the letter or message says that brought you here, and give this reference.",
    payment_reference: "Payment reference",
    said: "What you have told us",
    said_promise: "You will pay {amount} by {day}.",
    said_dispute: "You have disputed this claim: {text}",
    promise: "Promise to pay",
    promise_amount: "How much will you pay",
    promise_on: "By which day",
    promise_send: "Promise",
    promise_done: "Thank you. Your promise is noted.",
    dispute: "Dispute the claim",
    dispute_why: "What is wrong with it",
    dispute_send: "Dispute",
    dispute_done: "Thank you. Somebody will look at what you have written.",
    closed: "This claim is closed. There is nothing for you to do.",
    wrong_amount: "The amount must be more than nothing, and no more than you owe.",
    wrong_day: "The day must be today or later, within a year.",
    wrong_text: "Please write what is wrong, in at most 2000 characters.",
    enough: "You have told us so much already: please call us.",
    wrong_form: "The form was too old or not complete. Please try again.",
    gone: "This link is not valid any more. Please ask for a new one.",
};

const GERMAN: Texts = Texts {
    lang: "de",
    title: "Ihre Forderung",
    owed: "Was Sie schulden",
    reference: "Aktenzeichen",
    creditor: "Gläubiger",
    product: "Wofür",
    amount: "Betrag",
    fees: "Gebühren",
    first_due: "Zuerst fällig am",
    due: "Fällig am",
    pay: "So zahlen Sie",
    pay_how: "Zahlen Sie, wie es in dem Brief oder der Nachricht steht, mit der Sie hierher gekommen sind, und geben Sie diesen Verwendungszweck an.",
    payment_reference: "Verwendungszweck",
    said: "Was Sie uns gesagt haben",
    said_promise: "Sie zahlen {amount} bis zum {day}.",
    said_dispute: "Sie haben die Forderung bestritten: {text}",
    promise: "Zahlung zusagen",
    promise_amount: "Wie viel werden Sie zahlen",
    promise_on: "Bis zu welchem Tag",
    promise_send: "Zusagen",
    promise_done: "Danke. Ihre Zusage ist vermerkt.",
    dispute: "Forderung bestreiten",
    dispute_why: "Was daran stimmt nicht",
    dispute_send: "Bestreiten",
    dispute_done: "Danke. Jemand sieht sich an, was Sie geschrieben haben.",
    closed: "Diese Forderung ist abgeschlossen. Sie müssen nichts tun.",
    wrong_amount: "Der Betrag muss größer als null sein, und nicht größer als das, was Sie schulden.",
    wrong_day: "Der Tag muss heute oder später sein, innerhalb eines Jahres.",
    wrong_text: "Bitte schreiben Sie, was nicht stimmt, in höchstens 2000 Zeichen.",
    enough: "Sie haben uns schon so viel gesagt: bitte rufen Sie uns an.",
    wrong_form: "Das Formular war zu alt oder nicht vollständig. Bitte versuchen Sie es noch einmal.",
    gone: "Dieser Link gilt nicht mehr. Bitte fordern Sie einen neuen an.",
};

const SWEDISH: Texts = Texts {
    lang: "sv",
    title: "Din skuld",
    owed: "Vad du är skyldig",
    reference: "Ärende",
    creditor: "Borgenär",
    product: "Avser",
    amount: "Belopp",
    fees: "Avgifter",
    first_due: "Förföll först",
    due: "Förfaller",
    pay: "Så betalar du",
    pay_how: "Betala så som det står i brevet eller meddelandet som ledde dig hit, och ange den här referensen.",
    payment_reference: "Betalningsreferens",
    said: "Vad du har sagt till oss",
    said_promise: "Du betalar {amount} senast {day}.",
    said_dispute: "Du har bestritt kravet: {text}",
    promise: "Lova att betala",
    promise_amount: "Hur mycket betalar du",
    promise_on: "Senast vilken dag",
    promise_send: "Lova",
    promise_done: "Tack. Ditt löfte är antecknat.",
    dispute: "Bestrid kravet",
    dispute_why: "Vad är fel",
    dispute_send: "Bestrid",
    dispute_done: "Tack. Någon tittar på det som du har skrivit.",
    closed: "Ärendet är avslutat. Du behöver inte göra något.",
    wrong_amount: "Beloppet måste vara större än noll, och inte större än det du är skyldig.",
    wrong_day: "Dagen måste vara i dag eller senare, inom ett år.",
    wrong_text: "Skriv vad som är fel, med högst 2000 tecken.",
    enough: "Du har redan sagt så mycket till oss: ring oss i stället.",
    wrong_form: "Formuläret var för gammalt eller inte fullständigt. Försök igen.",
    gone: "Länken gäller inte längre. Be om en ny.",
};

/// The words of the first of these languages that the page speaks; English otherwise.
pub(super) fn of(languages: &[String]) -> &'static Texts {
    let spoken = languages.iter().find_map(|tag| {
        let short = tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
        [&ENGLISH, &GERMAN, &SWEDISH].into_iter().find(|texts| texts.lang == short)
    });
    spoken.unwrap_or(&ENGLISH)
}

/// The languages of a browser's `Accept-Language`, in the order in which they are written.
pub(super) fn of_browser(header: &str) -> Vec<String> {
    header.split(',').take(10).map(|part| part.split(';').next().unwrap_or_default().trim().to_owned()).collect()
}

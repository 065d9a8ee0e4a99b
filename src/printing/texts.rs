//! What is written by default, for each kind and in each language, until the tenant writes its own.

use super::model::{PrintKind, Template};
use super::sheet::PrintLanguage;

fn template(title: &str, paragraphs: &[&str], closing: &[&str]) -> Template {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    Template { title: title.to_owned(), paragraphs: owned(paragraphs), closing: owned(closing) }
}

/// The text of a kind in a language.
#[must_use]
pub fn of(kind: PrintKind, language: PrintLanguage) -> Template {
    match language {
        PrintLanguage::En => english(kind),
        PrintLanguage::De => german(kind),
        PrintLanguage::Sv => swedish(kind),
    }
}

fn english(kind: PrintKind) -> Template {
    let closing = ["Kind regards\n{{ sender }}"];
    let paid = "If you have paid in the meantime, please disregard this letter.";
    match kind {
        PrintKind::Bill => template(
            "Invoice {{ number }}",
            &[
                "Dear {{ customer }}",
                "this is the invoice for your account {{ account }}{% if due_on %}. Please pay {{ amount }} by {{ due_on }}{% endif %}.",
            ],
            &closing,
        ),
        PrintKind::Reminder1 => template(
            "Reminder of invoice {{ number }}",
            &[
                "Dear {{ customer }}",
                "we have not received your payment of {{ amount }}{% if due_on %}, which was due on {{ due_on }}{% endif %}. Please pay it now.",
                paid,
            ],
            &closing,
        ),
        PrintKind::Reminder2 => template(
            "Second reminder of invoice {{ number }}",
            &[
                "Dear {{ customer }}",
                "in spite of our reminder, {{ amount }} is still open{% if due_on %} since {{ due_on }}{% endif %}. Please pay at once, or tell us why you cannot.",
                paid,
            ],
            &closing,
        ),
        PrintKind::Collection => template(
            "Notice before debt collection: invoice {{ number }}",
            &[
                "Dear {{ customer }}",
                "{{ amount }} is still open{% if due_on %} since {{ due_on }}{% endif %}. If it is not paid without delay, we will hand the claim over to debt collection, which will cost you more.",
                paid,
            ],
            &closing,
        ),
        PrintKind::Statement => template(
            "Statement {{ number }}",
            &[
                "Dear {{ customer }}",
                "this is the statement of your account {{ account }}{% if period_from and period_to %} from {{ period_from }} to {{ period_to }}{% endif %}.",
            ],
            &closing,
        ),
        PrintKind::Contract => {
            template("Contract {{ number }}", &["between {{ sender }} and {{ customer }}, of {{ date }}."], &closing)
        }
        PrintKind::Plan => template(
            "Payment plan {{ number }}",
            &["Dear {{ customer }}", "this is the payment plan of your account {{ account }}: {{ amount }} in all."],
            &closing,
        ),
        PrintKind::Letter => template("Your account {{ account }}", &["Dear {{ customer }}"], &closing),
    }
}

fn german(kind: PrintKind) -> Template {
    let closing = ["Mit freundlichen Grüßen\n{{ sender }}"];
    let paid = "Sollten Sie inzwischen gezahlt haben, betrachten Sie dieses Schreiben bitte als gegenstandslos.";
    let greeting = "Guten Tag {{ customer }},";
    match kind {
        PrintKind::Bill => template(
            "Rechnung {{ number }}",
            &[
                greeting,
                "dies ist die Rechnung zu Ihrem Konto {{ account }}.{% if due_on %} Bitte zahlen Sie {{ amount }} bis zum {{ due_on }}.{% endif %}",
            ],
            &closing,
        ),
        PrintKind::Reminder1 => template(
            "Zahlungserinnerung zur Rechnung {{ number }}",
            &[
                greeting,
                "Ihre Zahlung über {{ amount }}{% if due_on %}, fällig am {{ due_on }},{% endif %} ist noch nicht bei uns eingegangen. Bitte holen Sie sie jetzt nach.",
                paid,
            ],
            &closing,
        ),
        PrintKind::Reminder2 => template(
            "Zweite Mahnung zur Rechnung {{ number }}",
            &[
                greeting,
                "trotz unserer Erinnerung sind {{ amount }} weiterhin offen{% if due_on %}, fällig seit dem {{ due_on }}{% endif %}. Bitte zahlen Sie umgehend, oder sagen Sie uns, was Sie daran hindert.",
                paid,
            ],
            &closing,
        ),
        PrintKind::Collection => template(
            "Letzte Mahnung vor dem Inkasso: Rechnung {{ number }}",
            &[
                greeting,
                "{{ amount }} sind weiterhin offen{% if due_on %}, fällig seit dem {{ due_on }}{% endif %}. Geht das Geld nicht unverzüglich ein, übergeben wir die Forderung einem Inkassounternehmen; dadurch entstehen Ihnen weitere Kosten.",
                paid,
            ],
            &closing,
        ),
        PrintKind::Statement => template(
            "Kontoauszug {{ number }}",
            &[
                greeting,
                "dies ist der Auszug Ihres Kontos {{ account }}{% if period_from and period_to %} vom {{ period_from }} bis zum {{ period_to }}{% endif %}.",
            ],
            &closing,
        ),
        PrintKind::Contract => {
            template("Vertrag {{ number }}", &["zwischen {{ sender }} und {{ customer }}, vom {{ date }}."], &closing)
        }
        PrintKind::Plan => template(
            "Zahlungsplan {{ number }}",
            &[greeting, "dies ist der Zahlungsplan zu Ihrem Konto {{ account }}: insgesamt {{ amount }}."],
            &closing,
        ),
        PrintKind::Letter => template("Ihr Konto {{ account }}", &[greeting], &closing),
    }
}

fn swedish(kind: PrintKind) -> Template {
    let closing = ["Med vänlig hälsning\n{{ sender }}"];
    let paid = "Har du redan betalat kan du bortse från det här brevet.";
    let greeting = "Hej {{ customer }}!";
    match kind {
        PrintKind::Bill => template(
            "Faktura {{ number }}",
            &[
                greeting,
                "Här är fakturan för ditt konto {{ account }}.{% if due_on %} Betala {{ amount }} senast {{ due_on }}.{% endif %}",
            ],
            &closing,
        ),
        PrintKind::Reminder1 => template(
            "Påminnelse om faktura {{ number }}",
            &[
                greeting,
                "Vi har inte fått din betalning på {{ amount }}{% if due_on %}, som förföll {{ due_on }}{% endif %}. Betala den nu.",
                paid,
            ],
            &closing,
        ),
        PrintKind::Reminder2 => template(
            "Andra påminnelsen om faktura {{ number }}",
            &[
                greeting,
                "Trots vår påminnelse är {{ amount }} fortfarande obetalt{% if due_on %} sedan {{ due_on }}{% endif %}. Betala omgående, eller berätta för oss varför du inte kan.",
                paid,
            ],
            &closing,
        ),
        PrintKind::Collection => template(
            "Inkassokrav: faktura {{ number }}",
            &[
                greeting,
                "{{ amount }} är fortfarande obetalt{% if due_on %} sedan {{ due_on }}{% endif %}. Betalas det inte utan dröjsmål lämnar vi fordran till inkasso, vilket medför ytterligare kostnader för dig.",
                paid,
            ],
            &closing,
        ),
        PrintKind::Statement => template(
            "Kontoutdrag {{ number }}",
            &[
                greeting,
                "Här är utdraget för ditt konto {{ account }}{% if period_from and period_to %} från {{ period_from }} till {{ period_to }}{% endif %}.",
            ],
            &closing,
        ),
        PrintKind::Contract => {
            template("Avtal {{ number }}", &["mellan {{ sender }} och {{ customer }}, den {{ date }}."], &closing)
        }
        PrintKind::Plan => template(
            "Betalningsplan {{ number }}",
            &[greeting, "Här är betalningsplanen för ditt konto {{ account }}: sammanlagt {{ amount }}."],
            &closing,
        ),
        PrintKind::Letter => template("Ditt konto {{ account }}", &[greeting], &closing),
    }
}

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
                "this is the invoice for your account {{ account }}{% if due_on and minimum_amount %}. Of {{ amount }}, please pay at least {{ minimum_amount }} by {{ due_on }}{% endif %}.",
            ],
            &closing,
        ),
        PrintKind::Reminder1 => template(
            "Reminder {{ number }}",
            &[
                "Dear {{ customer }}",
                "we have not received your payment{% if due_on and minimum_amount %}: {{ minimum_amount }} is overdue. Please pay it by {{ due_on }}{% endif %}.",
                paid,
            ],
            &closing,
        ),
        PrintKind::Reminder2 => template(
            "Second reminder {{ number }}",
            &[
                "Dear {{ customer }}",
                "in spite of our reminder, your payment has not come{% if due_on and minimum_amount %}: {{ minimum_amount }} is overdue. Please pay it by {{ due_on }}{% endif %}, or tell us why you cannot.",
                paid,
            ],
            &closing,
        ),
        PrintKind::Collection => template(
            "Notice before debt collection {{ number }}",
            &[
                "Dear {{ customer }}",
                "your payment has still not come{% if due_on and minimum_amount %}: {{ minimum_amount }} is overdue. If it is not paid by {{ due_on }}{% else %}. If it is not paid without delay{% endif %}, we will hand the claim over to debt collection, which will cost you more.",
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
                "dies ist die Rechnung zu Ihrem Konto {{ account }}.{% if due_on and minimum_amount %} Von {{ amount }} zahlen Sie bitte mindestens {{ minimum_amount }} bis zum {{ due_on }}.{% endif %}",
            ],
            &closing,
        ),
        PrintKind::Reminder1 => template(
            "Zahlungserinnerung {{ number }}",
            &[
                greeting,
                "Ihre Zahlung ist noch nicht bei uns eingegangen.{% if due_on and minimum_amount %} Überfällig sind {{ minimum_amount }}. Bitte zahlen Sie sie bis zum {{ due_on }}.{% endif %}",
                paid,
            ],
            &closing,
        ),
        PrintKind::Reminder2 => template(
            "Zweite Mahnung {{ number }}",
            &[
                greeting,
                "trotz unserer Erinnerung ist Ihre Zahlung nicht eingegangen.{% if due_on and minimum_amount %} Überfällig sind {{ minimum_amount }}. Bitte zahlen Sie sie bis zum {{ due_on }}, oder sagen Sie uns, was Sie daran hindert.{% endif %}",
                paid,
            ],
            &closing,
        ),
        PrintKind::Collection => template(
            "Letzte Mahnung vor dem Inkasso {{ number }}",
            &[
                greeting,
                "Ihre Zahlung ist weiterhin nicht eingegangen.{% if due_on and minimum_amount %} Überfällig sind {{ minimum_amount }}. Geht das Geld nicht bis zum {{ due_on }} ein{% else %} Geht das Geld nicht unverzüglich ein{% endif %}, übergeben wir die Forderung einem Inkassounternehmen; dadurch entstehen Ihnen weitere Kosten.",
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
                "Här är fakturan för ditt konto {{ account }}.{% if due_on and minimum_amount %} Av {{ amount }} ska du betala minst {{ minimum_amount }} senast {{ due_on }}.{% endif %}",
            ],
            &closing,
        ),
        PrintKind::Reminder1 => template(
            "Påminnelse {{ number }}",
            &[
                greeting,
                "Vi har inte fått din betalning.{% if due_on and minimum_amount %} {{ minimum_amount }} är förfallet. Betala senast {{ due_on }}.{% endif %}",
                paid,
            ],
            &closing,
        ),
        PrintKind::Reminder2 => template(
            "Andra påminnelsen {{ number }}",
            &[
                greeting,
                "Trots vår påminnelse har din betalning inte kommit.{% if due_on and minimum_amount %} {{ minimum_amount }} är förfallet. Betala senast {{ due_on }}, eller berätta för oss varför du inte kan.{% endif %}",
                paid,
            ],
            &closing,
        ),
        PrintKind::Collection => template(
            "Inkassokrav {{ number }}",
            &[
                greeting,
                "Din betalning har fortfarande inte kommit.{% if due_on and minimum_amount %} {{ minimum_amount }} är förfallet. Betalas det inte senast {{ due_on }}{% else %} Betalas det inte utan dröjsmål{% endif %} lämnar vi fordran till inkasso, vilket medför ytterligare kostnader för dig.",
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

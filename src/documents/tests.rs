//! The rules of documents: of commands, over a tenant in memory; of links, media types and the store.

use std::sync::Arc;
use std::time::Duration;

use futures_util::TryStreamExt as _;
use uuid::Uuid;

use super::commands::Label;
use super::events::{
    DOCUMENT_ADDED, DOCUMENT_EXPECTED, DOCUMENT_KIND_SET, DOCUMENT_LEGAL_HOLD_LIFTED, DOCUMENT_LEGAL_HOLD_SET,
    DOCUMENT_REMOVED,
};
use super::links::{Link, Purpose};
use super::media::{Seen, TextTest, essence};
use super::refusals::{DOCUMENT_ON_LEGAL_HOLD, DOCUMENT_RETAINED, MEDIA_TYPE_MISMATCH};
use super::vault::{Place, Spool, SpoolError, Vault, VaultError};
use super::*;
use crate::customers::{CreateCustomer, CustomerType};
use crate::parties::CreateParty;
use crate::primitives::{AccountId, Clock, CustomerId, DocumentId, Origin, TenantId};
use crate::refused::{DUPLICATE_REFERENCE, INVALID_INPUT, INVALID_STATE, NOT_FOUND, RefusalCode, Refused};
use crate::work::Command;
use crate::work::memory::Memory;

const TENANT: TenantId = TenantId(Uuid::from_u128(7));

fn both(test: impl Fn(&mut Memory, &Clock)) {
    let clock = || Clock::manual("2026-04-15T09:30:00Z".parse().expect("a moment"));
    let (one, other) = (clock(), clock());
    test(&mut Memory::new(TENANT, one.clone()), &one);
    test(&mut Memory::from_nothing(TENANT, other.clone()), &other);
}

fn run<C: Command + Clone>(memory: &mut Memory, command: &C) -> Result<Arc<C::Made>, Refused> {
    memory.run(&Origin::system(TENANT), None, command).map(|done| done.value)
}

fn customer(memory: &mut Memory) -> CustomerId {
    let new = CreateCustomer {
        type_: CustomerType::Person,
        number: None,
        external_reference: None,
        first_name: None,
        last_name: Some("Hopper".into()),
        company_name: None,
        metadata: "{}".into(),
        profile: Default::default(),
        addresses: Vec::new(),
    };
    run(memory, &new).expect("a customer").id
}

fn content(digit: char) -> Content {
    Content {
        media_type: "text/plain".into(),
        size: 3,
        sha256: digit.to_string().repeat(64),
        place: Uuid::from_u128(u128::from(u32::from(digit))),
    }
}

fn label(subject: Subject) -> Label {
    Label { name: "letter.txt".into(), kind: "LETTER".into(), subject, history: None, product: None }
}

fn add(memory: &mut Memory, subject: Subject) -> Arc<Document> {
    run(memory, &AddDocument { label: label(subject), content: content('a') }).expect("a document")
}

#[track_caller]
fn is_refused<T: std::fmt::Debug>(answer: Result<T, Refused>, code: RefusalCode, field: &str) {
    let refused = answer.expect_err("a refusal");
    assert_eq!((refused.code, refused.fields[0].path.join(".")), (code, field.to_owned()), "{}", refused.message);
}

#[test]
fn a_document_belongs_to_what_there_is_and_to_the_command_that_added_it() {
    both(|memory, _| {
        let owner = customer(memory);
        let made = add(memory, Subject::Customer(owner));
        assert_eq!((made.status, made.customer, made.account), (DocumentStatus::Kept, Some(owner), None));
        assert_eq!((made.history_sequence, made.client.as_str()), (2, "system"));
        let told = memory.events().last().expect("an event").event.clone();
        assert_eq!((told.type_, told.customer), (DOCUMENT_ADDED, Some(owner)));
        assert!(!told.payload.to_string().contains("letter"), "names of files stay out of the log: {}", told.payload);
    });
}

#[test]
fn what_is_not_acceptable_is_refused_by_its_field_and_changes_nothing() {
    both(|memory, _| {
        let owner = customer(memory);
        let subject = Subject::Customer(owner);
        let first = add(memory, subject);
        let before = memory.events().len();
        let long = "n".repeat(201);
        let named = |name: &str| Label { name: name.into(), ..label(subject) };
        let of_kind = |kind: &str| Label { kind: kind.into(), ..label(subject) };
        let table = [
            (label(Subject::Customer(CustomerId(Uuid::nil()))), NOT_FOUND, "subject"),
            (label(Subject::Account(AccountId(Uuid::nil()))), NOT_FOUND, "subject"),
            (label(Subject::Document(first.id)), NOT_FOUND, "subject"),
            (named(""), INVALID_INPUT, "name"),
            (named("../secret"), INVALID_INPUT, "name"),
            (named("a\\b"), INVALID_INPUT, "name"),
            (named("two\nlines"), INVALID_INPUT, "name"),
            (named(&long), INVALID_INPUT, "name"),
            (of_kind(""), INVALID_INPUT, "kind"),
            (of_kind("letter"), INVALID_INPUT, "kind"),
            (of_kind(&"K".repeat(41)), INVALID_INPUT, "kind"),
            (Label { history: Some(first.history_sequence), ..label(subject) }, DUPLICATE_REFERENCE, "historyItem"),
        ];
        for (label, code, field) in table {
            is_refused(run(memory, &AddDocument { label: label.clone(), content: content('b') }), code, field);
            is_refused(run(memory, &ExpectDocument { label }), code, field);
        }
        is_refused(run(memory, &RemoveDocument { document: DocumentId(Uuid::nil()) }), NOT_FOUND, "document");
        is_refused(run(memory, &SetLegalHold { document: DocumentId(Uuid::nil()), on: true }), NOT_FOUND, "document");
        assert_eq!((memory.rows::<Document>().len(), memory.events().len()), (1, before));
    });
}

#[test]
fn a_token_of_a_customer_reaches_that_customers_documents_alone() {
    both(|memory, _| {
        let (own, other) = (customer(memory), customer(memory));
        let party = CreateParty { number: None, external_reference: None, name: "N".into(), metadata: "{}".into() };
        let party = run(memory, &party).expect("a party").id;
        let bound = Origin { customer: Some(own), ..Origin::system(TENANT) };
        for subject in [Subject::Customer(other), Subject::Party(party)] {
            let document = add(memory, subject).id;
            let command = AddDocument { label: label(subject), content: content('b') };
            is_refused(memory.run(&bound, None, &command), NOT_FOUND, "subject");
            is_refused(memory.run(&bound, None, &SetLegalHold { document, on: true }), NOT_FOUND, "document");
        }
        let command = AddDocument { label: label(Subject::Customer(own)), content: content('b') };
        assert!(memory.run(&bound, None, &command).is_ok());
    });
}

#[test]
fn an_expected_document_takes_one_file() {
    both(|memory, _| {
        let owner = customer(memory);
        let expected = run(memory, &ExpectDocument { label: label(Subject::Customer(owner)) }).expect("expected");
        assert_eq!((expected.status, &expected.content), (DocumentStatus::Expected, &None));
        let receive = |content| ReceiveDocument { document: expected.id, content };
        let kept = run(memory, &receive(content('a'))).expect("kept");
        assert_eq!((kept.status, kept.content.clone()), (DocumentStatus::Kept, Some(content('a'))));
        // The same once more changes nothing; another is refused.
        assert_eq!(run(memory, &receive(content('a'))).expect("kept"), kept);
        is_refused(run(memory, &receive(content('b'))), INVALID_STATE, "document");
        run(memory, &RemoveDocument { document: expected.id }).expect("removed");
        is_refused(run(memory, &receive(content('a'))), INVALID_STATE, "document");
        let told: Vec<_> = memory.events().iter().map(|logged| logged.event.type_).collect();
        assert_eq!(told[1..], [DOCUMENT_EXPECTED, DOCUMENT_ADDED, DOCUMENT_REMOVED]);
    });
}

#[test]
fn nothing_is_removed_under_retention_or_a_legal_hold() {
    both(|memory, clock| {
        let subject = Subject::Customer(customer(memory));
        let rule = |days, legal_hold| SetDocumentKind { code: "LETTER".into(), retention_days: days, legal_hold };
        let free = add(memory, subject);
        assert_eq!(free.retain_until, None);
        run(memory, &rule(Some(10), false)).expect("a rule");
        let kept = add(memory, subject);
        assert_eq!(kept.retain_until.map(|day| day.to_string()).as_deref(), Some("2026-04-25"));
        let remove = |document: &Document| RemoveDocument { document: document.id };
        is_refused(run(memory, &remove(&kept)), DOCUMENT_RETAINED, "document");

        let hold = |on| SetLegalHold { document: kept.id, on };
        run(memory, &hold(true)).expect("on hold");
        run(memory, &hold(true)).expect("still");
        is_refused(run(memory, &remove(&kept)), DOCUMENT_ON_LEGAL_HOLD, "document");
        // The last day of the retention is one of it.
        clock.set(clock.now() + Duration::from_secs(10 * 24 * 3_600));
        run(memory, &hold(false)).expect("lifted");
        is_refused(run(memory, &remove(&kept)), DOCUMENT_RETAINED, "document");
        clock.set(clock.now() + Duration::from_secs(24 * 3_600));

        run(memory, &rule(None, true)).expect("a rule");
        for document in [&kept, &free] {
            is_refused(run(memory, &remove(document)), DOCUMENT_ON_LEGAL_HOLD, "document");
        }
        run(memory, &rule(None, false)).expect("a rule");
        let gone = run(memory, &remove(&kept)).expect("removed");
        assert_eq!((gone.status, gone.removed_at.is_some()), (DocumentStatus::Removed, true));
        is_refused(run(memory, &remove(&kept)), INVALID_STATE, "document");
        is_refused(run(memory, &hold(true)), INVALID_STATE, "document");
        // Its item of the history is free for another.
        let history = Some(kept.history_sequence);
        let label = Label { history, ..label(subject) };
        assert!(run(memory, &AddDocument { label, content: content('c') }).is_ok());

        let told: Vec<_> = memory.events().iter().map(|logged| logged.event.type_).collect();
        assert_eq!(
            told[3..],
            [
                DOCUMENT_ADDED,
                DOCUMENT_LEGAL_HOLD_SET,
                DOCUMENT_LEGAL_HOLD_LIFTED,
                DOCUMENT_KIND_SET,
                DOCUMENT_KIND_SET,
                DOCUMENT_REMOVED,
                DOCUMENT_ADDED
            ]
        );
    });
}

#[test]
fn a_rule_that_makes_no_sense_is_refused() {
    both(|memory, _| {
        let rule = |code: &str, days| SetDocumentKind { code: code.into(), retention_days: days, legal_hold: false };
        is_refused(run(memory, &rule("", None)), INVALID_INPUT, "kind");
        is_refused(run(memory, &rule("A B", None)), INVALID_INPUT, "kind");
        is_refused(run(memory, &rule("A", Some(-1))), INVALID_INPUT, "retentionDays");
        is_refused(run(memory, &rule("A", Some(36_526))), INVALID_INPUT, "retentionDays");
        assert!(run(memory, &rule("A", Some(0))).is_ok() && run(memory, &rule("A", None)).is_ok());
        assert_eq!(memory.rows::<DocumentKind>().len(), 1);
    });
}

// ----------------------------------------------------------------------------------------------------- links

#[test]
fn a_link_is_believed_as_it_was_signed_and_in_no_other_form() {
    let (secret, other) = ([7; 32], [8; 32]);
    let link = Link {
        purpose: Purpose::Download,
        tenant: TENANT,
        document: DocumentId(Uuid::from_u128(9)),
        expires: 1_800_000_000,
        kid: "the-key".into(),
    };
    let text = link.sign(&secret);
    let read = |text: &str| Link::read(text).and_then(|link| link.verified(&secret));
    assert_eq!(Link::read(&text).expect("a link").kid(), "the-key");
    assert_eq!(read(&text), Some(link.clone()));
    assert_eq!(Link::read(&text).and_then(|link| link.verified(&other)), None);
    // Wherever it is changed, and wherever it is cut off.
    for place in 0..text.len() {
        let swapped = if text.as_bytes()[place] == b'A' { "B" } else { "A" };
        let changed = [&text[..place], swapped, &text[place + 1..]].concat();
        assert_eq!(read(&changed), None, "changed at {place}");
        assert_eq!(read(&text[..place]), None, "cut off at {place}");
    }
    assert_eq!(read(&format!("{text}A")), None);
    let upload = Link { purpose: Purpose::Upload, ..link }.sign(&secret);
    assert_eq!(read(&upload).map(|link| link.purpose), Some(Purpose::Upload));
}

// ----------------------------------------------------------------------------------------------- media types

async fn spooled(bytes: &[u8]) -> Spooled {
    let mut spool = Spool::new(1_000_000).expect("a file");
    // In pieces, so that characters are cut in two.
    for piece in bytes.chunks(3) {
        spool.take(piece).await.expect("taken");
    }
    spool.finish().await.expect("all of it")
}

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0";
const PDF: &[u8] = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj";

#[tokio::test]
async fn what_a_file_is_its_content_says() {
    let zip = b"PK\x03\x04\x14\0\0\0\0\0";
    let odt = [&zip[..], &[0; 20], b"mimetypeapplication/vnd.oasis.opendocument.text"].concat();
    let odt_type = "application/vnd.oasis.opendocument.text";
    let table: &[(&[u8], Option<&str>, Option<&str>)] = &[
        (PDF, None, Some("application/pdf")),
        (PDF, Some("application/pdf"), Some("application/pdf")),
        (PDF, Some("application/octet-stream"), Some("application/pdf")),
        (PDF, Some("image/png"), None),
        (b"%PDF-1.4\n1 0 obj << >> endobj\n%%EOF", Some("application/pdf"), Some("application/pdf")),
        (b"%PDF-1.4\n1 0 obj << >> endobj\n%%EOF", Some("text/plain"), None),
        (PDF, Some("text/plain"), None),
        (PNG, Some("image/png"), Some("image/png")),
        (PNG, Some("IMAGE/PNG; a=b"), Some("image/png")),
        (PNG, Some("application/pdf"), None),
        ("Åland, 1 €".as_bytes(), None, Some("text/plain")),
        ("Åland, 1 €".as_bytes(), Some("text/plain; charset=utf-8"), Some("text/plain")),
        ("Åland;1 €".as_bytes(), Some("text/csv"), Some("text/csv")),
        (b"plain", Some("application/json"), None),
        (b"plain", Some("application/pdf"), None),
        (b" {\"a\": [1]}", None, Some("application/json")),
        (b" {\"a\": [1]}", Some("text/plain"), Some("text/plain")),
        (b"{\"a\": [1]", Some("application/json"), None),
        (b"<?xml version=\"1.0\"?><a/>", Some("text/xml"), Some("application/xml")),
        (b"<?xml version=\"1.0\"?><a/>", Some("image/svg+xml"), None),
        (b"<html><script>", None, Some("text/html")),
        (b"<html><script>", Some("text/plain"), None),
        (b"#!/bin/sh\nrm", Some("text/plain"), None),
        (b"latin\xe5", Some("text/plain"), None),
        (b"cut off \xc3", Some("text/plain"), None),
        (b"nul\0", Some("text/plain"), None),
        (b"\x7fELF\x02\x01\x01\0\0\0", None, Some("application/octet-stream")),
        (zip, Some("application/zip"), Some("application/zip")),
        (zip, Some(odt_type), None),
        (&odt, Some(odt_type), Some(odt_type)),
        (&odt, Some("application/zip"), Some(odt_type)),
    ];
    for (bytes, declared, expected) in table {
        let file = spooled(bytes).await;
        let text = String::from_utf8_lossy(bytes);
        match (file.seen.agreed("file", *declared), expected) {
            (Ok(found), Some(expected)) => assert_eq!(found, *expected, "{text} as {declared:?}"),
            (refused, None) => is_refused(refused, MEDIA_TYPE_MISMATCH, "file"),
            (Err(refused), Some(_)) => panic!("{text} as {declared:?}: {}", refused.message),
        }
    }
}

#[test]
fn a_media_type_has_one_name() {
    for (text, expected) in [
        ("text/plain", Some("text/plain")),
        (" Text/XML ; charset=utf-8", Some("application/xml")),
        ("image/jpg", Some("image/jpeg")),
        ("text", None),
        ("/plain", None),
        ("text/", None),
        ("a/b/c", None),
        ("text/pl ain", None),
        ("text/pl\u{e5}in", None),
    ] {
        assert_eq!(essence(text).as_deref(), expected, "{text}");
    }
    let mut test = TextTest::default();
    "€".as_bytes().iter().for_each(|byte| test.look(&[*byte]));
    assert!(test.passed());
    assert_eq!(Seen::default().media_type(), "application/octet-stream");
}

// ------------------------------------------------------------------------------------------------- the store

#[tokio::test]
async fn a_file_that_is_too_large_is_cut_off_while_it_comes() {
    let mut spool = Spool::new(4).expect("a file");
    spool.take(b"abcd").await.expect("taken");
    assert!(matches!(spool.take(b"e").await, Err(SpoolError::TooLarge)));
}

#[tokio::test]
async fn a_folder_keeps_files_by_their_addresses() {
    let folder = tempfile::tempdir().expect("a folder");
    let vault = Vault::new(Place::Folder(folder.path().join("made/when/needed")));
    let file = spooled(PDF).await;
    assert_eq!(file.sha256.len(), 64);
    let content = Content {
        media_type: "application/pdf".into(),
        size: i64::try_from(file.size).expect("a size"),
        sha256: file.sha256.clone(),
        place: Uuid::from_u128(1),
    };
    let read = async |tenant, content: &Content| -> Result<Vec<u8>, VaultError> {
        let pieces: Vec<bytes::Bytes> = vault.read(tenant, content).await?.try_collect().await?;
        Ok(pieces.concat())
    };
    assert!(matches!(read(TENANT, &content).await, Err(VaultError::Missing)));
    for _ in 0..2 {
        vault.keep(TENANT, content.place, &file).await.expect("kept");
        assert_eq!(read(TENANT, &content).await.expect("the bytes"), PDF);
    }
    let other = Content { place: Uuid::from_u128(2), ..content.clone() };
    assert!(matches!(read(TENANT, &other).await, Err(VaultError::Missing)));
    let elsewhere = TenantId(Uuid::from_u128(8));
    assert!(matches!(read(elsewhere, &content).await, Err(VaultError::Missing)));
    let cut = Content { size: 3, ..content.clone() };
    assert!(matches!(read(TENANT, &cut).await, Err(VaultError::File(_))), "another size is damage");
    // What is removed takes nothing along that says the same.
    vault.keep(TENANT, other.place, &file).await.expect("kept");
    for _ in 0..2 {
        vault.remove(TENANT, &content.sha256, content.place).await.expect("removed");
    }
    assert_eq!(read(TENANT, &other).await.expect("the bytes"), PDF);
    let stored: Vec<_> = vault.stored(TENANT).expect("a list").try_collect().await.expect("a list");
    let stored: Vec<_> = stored.iter().map(|one| (one.sha256.as_str(), one.place)).collect();
    assert_eq!(stored, [(other.sha256.as_str(), other.place)]);
}

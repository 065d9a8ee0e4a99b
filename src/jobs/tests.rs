//! The rules of jobs and of approvals, over a tenant in memory: once with every row at hand, once decided from nothing.

mod days;

use std::sync::Arc;

use crate::engine::HOUSE;
use crate::jobs::approvals::{
    APPROVAL_BY_MAKER, APPROVAL_EXPIRED, APPROVAL_NOT_GIVEN, APPROVAL_REQUIRED, Approval, ApprovalState, Approve,
    ExpireApproval, RejectApproval, Rule, SetApprovalRules, WithdrawApproval,
};
use crate::jobs::queue::chunk::RunChunk;
use crate::jobs::queue::{CancelJob, Job, JobItem, JobItemState, JobState, NewItem, PurgeItems, QueueJob, RetryJob};
use crate::jobs::refusal::KeptRefusal;
use crate::parties::{CreateParty, Party, PartyBy, UpdateParty};
use crate::primitives::{Clock, CustomerId, JobId, Origin, TenantId};
use crate::refused::{IDEMPOTENCY_KEY_REUSED, INVALID_INPUT, INVALID_STATE, NOT_FOUND, RefusalCode, Refused};
use crate::work::memory::Memory;
use crate::work::{Change, Command, House as _, Idempotency, Mode};

const TENANT: TenantId = TenantId(uuid::Uuid::from_u128(7));
const HOUR: i64 = 3_600;

fn both(test: impl Fn(&mut Memory)) {
    let clock = || Clock::manual(chrono::DateTime::UNIX_EPOCH + chrono::Duration::days(20_000));
    test(&mut Memory::new(TENANT, clock()).under(&HOUSE));
    test(&mut Memory::from_nothing(TENANT, clock()).under(&HOUSE));
}

fn client(name: &str) -> Origin {
    Origin { client: name.into(), request_id: "request".into(), ..Origin::system(TENANT) }
}

fn party(number: &str) -> CreateParty {
    CreateParty {
        number: Some(number.into()),
        external_reference: None,
        name: "Creditor".into(),
        metadata: "{}".into(),
    }
}

fn item<C: Command>(key: &str, command: &C) -> NewItem {
    NewItem { key: key.into(), command: Ok(serde_json::to_string(command).expect("JSON")) }
}

fn parties(numbers: &[&str]) -> Vec<NewItem> {
    numbers.iter().enumerate().map(|(place, number)| item(&format!("key-{place}"), &party(number))).collect()
}

fn queue(memory: &mut Memory, mode: &str, operation: &str, items: Vec<NewItem>) -> JobId {
    let command = QueueJob { operation: operation.into(), scope: "admin".into(), mode: mode.into(), items };
    memory.run(&client("web"), None, &command).expect("a job").value.id
}

/// The items that a runner would read, as a chunk.
fn chunk(memory: &Memory, id: JobId, most: usize) -> RunChunk {
    let job = memory.get::<Job>(id).expect("a job");
    let items = memory.rows::<JobItem>().into_iter().filter(|item| item.job == id && item.number >= job.next);
    let mut items: Vec<JobItem> = items.filter(|item| item.is_due(job.round)).map(|item| (*item).clone()).collect();
    items.sort_by_key(|item| item.number);
    items.truncate(most);
    let is_last = items.len() < most;
    RunChunk::new(&job, items, is_last, |operation, stored| HOUSE.read(operation, stored))
}

fn run(memory: &mut Memory, id: JobId, most: usize) -> Result<(), Refused> {
    let chunk = chunk(memory, id, most);
    memory.run_any(&Origin::system(TENANT), Box::new(chunk)).map(|_| ())
}

/// State, and what was done, refused and failed.
fn stands(memory: &Memory, id: JobId) -> (JobState, [i32; 3]) {
    let job = memory.get::<Job>(id).expect("a job");
    (job.state, [job.done, job.refused, job.failed])
}

fn states(memory: &Memory, id: JobId) -> Vec<&'static str> {
    let job = memory.get::<Job>(id).expect("a job");
    let mut items: Vec<Arc<JobItem>> = memory.rows::<JobItem>().into_iter().filter(|item| item.job == id).collect();
    items.sort_by_key(|item| item.number);
    items.iter().map(|item| item.stands(&job).word()).collect()
}

fn told(memory: &Memory, prefix: &str) -> Vec<&'static str> {
    let words = memory.events().iter().map(|logged| logged.event.type_.word());
    words.filter(|word| word.starts_with(prefix)).collect()
}

fn code<T: std::fmt::Debug>(answer: Result<T, Refused>) -> RefusalCode {
    answer.expect_err("a refusal").code
}

#[test]
fn a_job_is_worked_off_a_chunk_at_a_time_and_a_second_run_of_a_chunk_does_nothing() {
    both(|memory| {
        memory.run(&client("other"), None, &party("C")).expect("a party");
        let id = queue(memory, "EACH_ALONE", "createParty", parties(&["A", "B", "C", "D", "E"]));
        assert_eq!((stands(memory, id), states(memory, id)), ((JobState::Queued, [0; 3]), vec!["PENDING"; 5]));
        // Read by two servers at once: one of them is too late.
        let (first, second) = (chunk(memory, id, 2), chunk(memory, id, 2));
        memory.run_any(&Origin::system(TENANT), Box::new(first)).expect("done");
        let before = (memory.rows::<Party>().len(), memory.events().len());
        assert_eq!(code(memory.run_any(&Origin::system(TENANT), Box::new(second))), INVALID_STATE);
        assert_eq!((memory.rows::<Party>().len(), memory.events().len()), before);
        assert_eq!(stands(memory, id), (JobState::Running, [2, 0, 0]));
        run(memory, id, 2).expect("done");
        run(memory, id, 2).expect("done");
        assert_eq!(stands(memory, id), (JobState::Done, [4, 1, 0]));
        assert_eq!(states(memory, id), ["DONE", "DONE", "REFUSED", "DONE", "DONE"]);
        assert_eq!(code(run(memory, id, 2)), INVALID_STATE);
        let refused = memory.rows::<JobItem>().into_iter().find(|item| item.number == 2).expect("an item");
        assert_eq!(refused.refusal.as_ref().map(|kept| kept.code.as_str()), Some("DUPLICATE_REFERENCE"));
        assert_eq!(
            told(memory, "JOB_"),
            ["JOB_QUEUED", "JOB_STARTED", "JOB_PROGRESSED", "JOB_PROGRESSED", "JOB_ENDED"]
        );
        // Every item has its record, in the asker's name.
        let audited = memory.audited();
        let of_items: Vec<_> =
            audited.iter().filter(|(client, operation, _)| client == "web" && *operation == "createParty").collect();
        assert_eq!(of_items.len(), 5);
        assert_eq!(of_items.iter().filter(|(_, _, code)| *code == Some("DUPLICATE_REFERENCE")).count(), 1);
    });
}

#[test]
fn an_item_is_done_once_under_its_key_whichever_way_it_is_asked_for() {
    both(|memory| {
        let key = |command: &CreateParty| Some(Idempotency::of("key-0".into(), command));
        let first = memory.run(&client("web"), key(&party("A")), &party("A")).expect("a party").value;
        let id = queue(memory, "SEQUENTIAL", "createParty", parties(&["A", "B"]));
        run(memory, id, 100).expect("done");
        assert_eq!(stands(memory, id), (JobState::Done, [2, 0, 0]));
        let made =
            memory.rows::<JobItem>().into_iter().find(|item| item.number == 0).and_then(|item| item.result.clone());
        assert_eq!(made, Some(first.id.to_string()));
        let again = memory.run(&client("web"), Some(Idempotency::of("key-1".into(), &party("B"))), &party("B"));
        assert!(again.expect("the first result").receipt.replayed);
        // The same key with another request is the item's problem.
        let other = queue(memory, "EACH_ALONE", "createParty", vec![item("key-0", &party("Z"))]);
        run(memory, other, 100).expect("done");
        let refused = memory.rows::<JobItem>().into_iter().find(|item| item.job == other).expect("an item");
        assert_eq!(refused.refusal.as_ref().map(|kept| kept.code.as_str()), Some("IDEMPOTENCY_KEY_REUSED"));
        assert_eq!(memory.rows::<Party>().len(), 2);
    });
}

#[test]
fn all_or_nothing_is_one_decision() {
    both(|memory| {
        memory.run(&client("other"), None, &party("C")).expect("a party");
        let id = queue(memory, "ALL_OR_NOTHING", "createParty", parties(&["A", "C", "B"]));
        run(memory, id, 100).expect("decided");
        assert_eq!(stands(memory, id), (JobState::Failed, [0, 3, 0]));
        let codes: Vec<_> = {
            let mut items = memory.rows::<JobItem>();
            items.sort_by_key(|item| item.number);
            items.iter().map(|item| item.refusal.as_ref().map(|kept| kept.code.clone()).unwrap_or_default()).collect()
        };
        assert_eq!(codes, ["BATCH_REFUSED", "DUPLICATE_REFERENCE", "BATCH_REFUSED"]);
        assert_eq!(memory.rows::<Party>().len(), 1);
        let refused = memory.audited().iter().filter(|(client, _, code)| client == "web" && code.is_some()).count();
        assert_eq!(refused, 3, "each leaves its record");
        // The number is free again: all of it is done.
        let of_other = UpdateParty {
            external_reference: Change::Keep,
            name: None,
            metadata: Change::Keep,
            party: PartyBy::Number("C".into()),
        };
        memory.run(&client("other"), None, &of_other).expect("there");
        let id = queue(memory, "ALL_OR_NOTHING", "createParty", parties(&["A", "B"]));
        run(memory, id, 100).expect("decided");
        assert_eq!((stands(memory, id), memory.rows::<Party>().len()), ((JobState::Done, [2, 0, 0]), 3));
    });
}

#[test]
fn what_an_item_frees_a_later_one_takes() {
    both(|memory| {
        let with = |number: &str, reference: Option<&str>| CreateParty {
            external_reference: reference.map(str::to_owned),
            ..party(number)
        };
        memory.run(&client("web"), None, &with("A", Some("erp 1"))).expect("a party");
        memory.run(&client("web"), None, &with("B", None)).expect("a party");
        let change = |number: &str, reference: Change<String>| UpdateParty {
            party: PartyBy::Number(number.into()),
            external_reference: reference,
            name: None,
            metadata: Change::Keep,
        };
        let items = vec![
            item("1", &change("A", Change::Clear)),
            item("2", &change("B", Change::Set("erp 1".into()))),
            item("3", &change("A", Change::Set("erp 2".into()))),
        ];
        let id = queue(memory, "SEQUENTIAL", "updateParty", items);
        run(memory, id, 100).expect("done");
        assert_eq!(stands(memory, id), (JobState::Running, [1, 0, 0]), "the chunk ends where the number is wanted");
        run(memory, id, 100).expect("done");
        assert_eq!(stands(memory, id), (JobState::Done, [3, 0, 0]));
    });
}

#[test]
fn a_job_is_cancelled_between_chunks_and_what_was_not_done_is_retried() {
    both(|memory| {
        memory.run(&client("other"), None, &party("B")).expect("a party");
        let id = queue(memory, "EACH_ALONE", "createParty", parties(&["A", "B", "C", "D"]));
        run(memory, id, 2).expect("done");
        let web = client("web");
        assert_eq!(code(memory.run(&web, None, &RetryJob { job: id })), INVALID_STATE, "it runs");
        memory.run(&web, None, &CancelJob { job: id }).expect("cancelled");
        assert_eq!(
            (stands(memory, id).0, states(memory, id)),
            (JobState::Cancelled, vec!["DONE", "REFUSED", "CANCELLED", "CANCELLED"])
        );
        assert_eq!(code(run(memory, id, 2)), INVALID_STATE);
        assert_eq!(code(memory.run(&web, None, &CancelJob { job: id })), INVALID_STATE);
        memory.run(&web, None, &RetryJob { job: id }).expect("queued again");
        assert_eq!(states(memory, id), ["DONE", "PENDING", "PENDING", "PENDING"]);
        run(memory, id, 100).expect("done");
        assert_eq!(
            (stands(memory, id), states(memory, id)),
            ((JobState::Done, [3, 1, 0]), vec!["DONE", "REFUSED", "DONE", "DONE"])
        );
        assert_eq!(memory.rows::<Party>().len(), 4, "nothing twice");
        // All done: there is nothing to retry.
        let all = queue(memory, "EACH_ALONE", "createParty", vec![item("x", &party("X"))]);
        run(memory, all, 100).expect("done");
        assert_eq!(code(memory.run(&web, None, &RetryJob { job: all })), INVALID_STATE);
        // What nobody could make a command of stays refused, however often it is tried.
        let kept = KeptRefusal::from(&Refused::invalid("name", "must not be empty"));
        let bad = queue(memory, "EACH_ALONE", "createParty", vec![NewItem { key: "y".into(), command: Err(kept) }]);
        for _ in 0..2 {
            run(memory, bad, 100).expect("done");
            assert_eq!(stands(memory, bad), (JobState::Done, [0, 1, 0]));
            memory.run(&web, None, &RetryJob { job: bad }).expect("queued again");
        }
    });
}

#[test]
fn a_job_is_its_askers_and_its_items_go_in_the_end() {
    both(|memory| {
        let customer = |number: u128| Some(CustomerId(uuid::Uuid::from_u128(number)));
        let bound = |number: u128| Origin { customer: customer(number), ..client("app") };
        let command = QueueJob {
            operation: "createParty".into(),
            scope: "money".into(),
            mode: "EACH_ALONE".into(),
            items: parties(&["A"]),
        };
        let id = memory.run(&bound(1), None, &command).expect("a job").value.id;
        assert_eq!(code(memory.run(&bound(2), None, &CancelJob { job: id })), NOT_FOUND);
        let items: Vec<_> = memory.rows::<JobItem>().iter().map(|item| item.id).collect();
        let purge = PurgeItems { job: id, items, last: true };
        assert_eq!(code(memory.run(&Origin::system(TENANT), None, &purge)), INVALID_STATE, "it is not over");
        memory.run(&bound(1), None, &CancelJob { job: id }).expect("cancelled");
        memory.run(&Origin::system(TENANT), None, &purge).expect("gone");
        assert_eq!(memory.rows::<JobItem>().len(), 0);
        assert_eq!(code(memory.run(&client("web"), None, &RetryJob { job: id })), INVALID_STATE);
    });
}

// ------------------------------------------------------------------------------------------------- approvals

fn rule(operation: &str) -> Rule {
    Rule { operation: operation.into(), above: None, products: Vec::new(), hours: 72 }
}

fn rules(memory: &mut Memory, rules: &[Rule]) {
    memory.run(&client("admin"), None, &SetApprovalRules { rules: rules.to_vec() }).expect("rules");
}

fn ask(memory: &mut Memory, key: &str, command: &CreateParty) -> Result<bool, Refused> {
    let key = Idempotency::of(key.into(), command);
    memory.run(&client("maker"), Some(key), command).map(|done| done.receipt.replayed)
}

/// What waits, of a command that has to.
fn waiting(memory: &mut Memory, key: &str, command: &CreateParty) -> Arc<Approval> {
    let refused = ask(memory, key, command).expect_err("it waits");
    assert_eq!(refused.code, APPROVAL_REQUIRED);
    memory.get::<Approval>(refused.facts.approval.expect("an approval")).expect("kept")
}

fn approve(memory: &mut Memory, who: &str, approval: &Approval) -> Result<Arc<Approval>, Refused> {
    let command = Approve { approval: approval.id, comment: Some("checked".into()) };
    memory.run(&client(who), None, &command).map(|done| done.value)
}

#[test]
fn a_command_that_a_rule_asks_for_waits_for_somebody_else_and_is_done_once() {
    both(|memory| {
        rules(memory, &[rule("createParty")]);
        let waits = waiting(memory, "k", &party("A"));
        assert_eq!((memory.rows::<Party>().len(), told(memory, "PARTY").len()), (0, 0), "nothing is done");
        assert_eq!(waiting(memory, "k", &party("A")).id, waits.id, "the same request waits once");
        assert_eq!(code(ask(memory, "k", &party("B"))), IDEMPOTENCY_KEY_REUSED);
        assert_eq!(code(approve(memory, "maker", &waits)), APPROVAL_BY_MAKER);
        let approved = approve(memory, "checker", &waits).expect("a yes");
        assert_eq!(
            (approved.state, approved.checker.as_deref(), approved.comment.as_deref()),
            (ApprovalState::Approved, Some("checker"), Some("checked"))
        );
        assert_eq!(approved.command, "", "what was asked for is not kept longer than it is of use");
        let made = memory.rows::<Party>();
        assert_eq!((made.len(), approved.result.clone()), (1, Some(made[0].id.to_string())));
        // In its maker's name and under its maker's key.
        let audited = memory.audited();
        assert!(audited.contains(&("maker".to_owned(), "createParty", None)), "{audited:?}");
        assert!(audited.contains(&("checker".to_owned(), "approve", None)), "{audited:?}");
        assert!(ask(memory, "k", &party("A")).expect("the first result"), "replayed");
        assert_eq!(code(approve(memory, "checker", &waits)), INVALID_STATE);
        assert_eq!(told(memory, "APPROVAL_"), ["APPROVAL_RULES_SET", "APPROVAL_REQUESTED", "APPROVAL_APPROVED"]);
        // One customer's token is another maker than the client itself.
        let bound = Origin { customer: Some(CustomerId(uuid::Uuid::from_u128(1))), ..client("maker") };
        let other = waiting(memory, "k2", &party("B"));
        assert_eq!(code(memory.run(&bound, None, &WithdrawApproval { approval: other.id, comment: None })), NOT_FOUND);
    });
}

#[test]
fn what_is_refused_anyway_does_not_wait_and_what_has_changed_meanwhile_fails() {
    both(|memory| {
        rules(memory, &[rule("createParty")]);
        let empty = CreateParty { name: String::new(), ..party("A") };
        assert_eq!(code(ask(memory, "k", &empty)), INVALID_INPUT);
        let (first, second) = (waiting(memory, "k1", &party("A")), waiting(memory, "k2", &party("A")));
        approve(memory, "checker", &first).expect("a yes");
        let failed = approve(memory, "checker", &second).expect("decided");
        assert_eq!(failed.state, ApprovalState::Failed);
        assert_eq!(failed.refusal.as_ref().map(|kept| kept.code.as_str()), Some("DUPLICATE_REFERENCE"));
        let refused = ask(memory, "k2", &party("A")).expect_err("not given");
        assert_eq!((refused.code, refused.facts.status), (APPROVAL_NOT_GIVEN, Some("FAILED")));
        assert_eq!(memory.rows::<Party>().len(), 1);
        let audited = memory.audited();
        assert!(audited.contains(&("maker".to_owned(), "createParty", Some("DUPLICATE_REFERENCE"))), "{audited:?}");
    });
}

#[test]
fn a_no_a_withdrawal_and_the_end_of_its_time_end_it() {
    both(|memory| {
        rules(memory, &[Rule { hours: 2, ..rule("createParty") }]);
        let (no, back, late) = (
            waiting(memory, "no", &party("A")),
            waiting(memory, "back", &party("B")),
            waiting(memory, "late", &party("C")),
        );
        let reject = RejectApproval { approval: no.id, comment: None };
        assert_eq!(code(memory.run(&client("maker"), None, &reject)), APPROVAL_BY_MAKER);
        memory.run(&client("checker"), None, &reject).expect("a no");
        let withdraw = WithdrawApproval { approval: back.id, comment: None };
        assert_eq!(code(memory.run(&client("checker"), None, &withdraw)), NOT_FOUND);
        memory.run(&client("maker"), None, &withdraw).expect("withdrawn");
        let expire = ExpireApproval { approval: late.id };
        assert_eq!(code(memory.run(&Origin::system(TENANT), None, &expire)), INVALID_STATE, "it has time left");
        let clock = memory.clock().clone();
        clock.set(clock.now() + chrono::Duration::seconds(2 * HOUR));
        assert_eq!(code(approve(memory, "checker", &late)), APPROVAL_EXPIRED, "noted or not");
        memory.run(&Origin::system(TENANT), None, &expire).expect("expired");
        assert_eq!(code(approve(memory, "checker", &no)), INVALID_STATE);
        for (key, number, wanted) in [("no", "A", "REJECTED"), ("back", "B", "WITHDRAWN"), ("late", "C", "EXPIRED")] {
            let refused = ask(memory, key, &party(number)).expect_err("not given");
            let code = if wanted == "EXPIRED" { APPROVAL_EXPIRED } else { APPROVAL_NOT_GIVEN };
            assert_eq!((refused.code, refused.facts.status), (code, Some(wanted)));
        }
        assert_eq!(memory.rows::<Party>().len(), 0);
        assert_eq!(told(memory, "APPROVAL_")[4..], ["APPROVAL_REJECTED", "APPROVAL_WITHDRAWN", "APPROVAL_EXPIRED"]);
    });
}

#[test]
fn all_or_nothing_cannot_wait_and_items_alone_do() {
    both(|memory| {
        rules(memory, &[rule("createParty")]);
        let items = |prefix: &str| -> Vec<_> {
            let one =
                |number: &str| (Some(Idempotency::of(format!("{prefix}{number}"), &party(number))), party(number));
            vec![one("A"), one("B")]
        };
        let answers = memory.run_all(&client("maker"), items("all"), Mode::AllOrNothing);
        for answer in answers {
            let refused = answer.expect_err("refused");
            assert_eq!((refused.code, refused.facts.approval), (APPROVAL_REQUIRED, None));
        }
        assert_eq!(memory.rows::<Approval>().len(), 0);
        let answers = memory.run_all(&client("maker"), items("each"), Mode::EachAlone);
        assert!(answers.iter().all(|answer| answer.as_ref().is_err_and(|refused| refused.facts.approval.is_some())));
        assert_eq!(memory.rows::<Approval>().len(), 2);
        // An item of a job is the same, and is done when the job is retried after the yes.
        let id = queue_of(memory, "maker", parties(&["D"]));
        run(memory, id, 100).expect("decided");
        let item = memory.rows::<JobItem>().into_iter().find(|item| item.job == id).expect("an item");
        let approval = item.refusal.as_ref().and_then(|kept| kept.approval).expect("an approval");
        let approval = memory.get::<Approval>(approval).expect("kept");
        approve(memory, "checker", &approval).expect("a yes");
        memory.run(&client("maker"), None, &RetryJob { job: id }).expect("queued again");
        run(memory, id, 100).expect("decided");
        assert_eq!((states(memory, id), memory.rows::<Party>().len()), (vec![JobItemState::Done.word()], 1));
    });
}

fn queue_of(memory: &mut Memory, who: &str, items: Vec<NewItem>) -> JobId {
    let command = QueueJob { operation: "createParty".into(), scope: "admin".into(), mode: "EACH_ALONE".into(), items };
    memory.run(&client(who), None, &command).expect("a job").value.id
}

#[test]
fn rules_are_checked_wait_themselves_and_leave_others_and_konto_alone() {
    both(|memory| {
        let set = |memory: &mut Memory, wanted: &[Rule]| {
            memory
                .run(&client("maker"), None, &SetApprovalRules { rules: wanted.to_vec() })
                .map(|done| done.value.rules.len())
        };
        let nothing = crate::primitives::ProductId(uuid::Uuid::from_u128(9));
        let negative = "EUR"
            .parse()
            .map(|currency| crate::primitives::Money { amount: "-1".parse().expect("a number"), currency });
        for (wrong, wanted, field) in [
            (rule("nothing"), INVALID_INPUT, "operation"),
            (rule("approve"), INVALID_INPUT, "operation"),
            (Rule { above: negative.ok(), ..rule("transfer") }, INVALID_INPUT, "above"),
            (Rule { hours: 0, ..rule("transfer") }, INVALID_INPUT, "expiresAfterHours"),
            (Rule { products: vec![nothing], ..rule("transfer") }, NOT_FOUND, "products"),
        ] {
            let refused = set(memory, &[rule("transfer"), wrong]).expect_err("a refusal");
            assert_eq!((refused.code, refused.fields[0].path.join(".")), (wanted, format!("rules.1.{field}")));
        }
        assert_eq!(set(memory, &[rule("setApprovalRules"), rule("createParty")]).expect("rules"), 2);
        let refused = set(memory, &[]).expect_err("it waits itself");
        let approval = memory.get::<Approval>(refused.facts.approval.expect("an approval")).expect("kept");
        memory.run(&Origin::system(TENANT), None, &party("S")).expect("Konto itself waits for nobody");
        approve(memory, "checker", &approval).expect("a yes");
        assert!(!ask(memory, "k", &party("A")).expect("done at once"), "there are no rules any more");
    });
}

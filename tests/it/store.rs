//! The data folder when things are not as they should be: shared, damaged, too new, full.

mod rows;

use std::fs;
use std::path::Path;
use std::time::Duration;

use redb::{Database, TableDefinition};
use rustix::process::{Pid, Resource, Rlimit, prlimit};

use crate::harness::{Hookpost, MailServer, Setup, eventually, run, within};

/// What a start on that folder says.
fn refused(folder: &Path) -> String {
    let output = run(folder, &[], &[("HOOKPOST_LISTEN", "127.0.0.1:0"), ("HOOKPOST_DATA", "data")]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A folder with a store that was used and closed.
fn used() -> Hookpost {
    let mut hookpost = Setup::default().start();
    let id = hookpost.post_default(b"{}").accepted();
    hookpost.mail(&id);
    hookpost.settle();
    hookpost.signal(rustix::process::Signal::TERM);
    hookpost.end();
    hookpost
}

#[test]
fn a_second_process_on_the_same_folder_refuses_to_start() {
    let hookpost = Setup::default().start();
    let said = refused(hookpost.folder());
    assert!(
        said.contains(&format!("another hookpost (process {}) is using this data folder", hookpost.pid())),
        "{said}"
    );
    hookpost.post_default(b"{}").accepted();
}

#[test]
fn a_store_whose_lock_was_removed_is_not_called_damaged() {
    let hookpost = Setup::default().start();
    fs::remove_file(hookpost.data().join("lock")).expect("a lock");
    let said = refused(hookpost.folder());
    assert!(said.contains("another hookpost is using"), "{said}");
}

#[test]
fn a_damaged_store_is_left_as_it_is() {
    let hookpost = used();
    let file = hookpost.data().join("hookpost.redb");
    let whole = fs::read(&file).expect("a store");
    let cut = whole[..whole.len() / 2].to_vec();
    let mut scribbled = whole.clone();
    scribbled[..4_096].fill(0x5a);
    for damaged in [cut, scribbled, b"not a store".to_vec(), Vec::new()] {
        fs::write(&file, &damaged).expect("a file");
        let said = refused(hookpost.folder());
        assert!(said.contains("hookpost.redb: the store is damaged"), "{said}");
        assert!(said.contains("nothing was changed"), "{said}");
        assert!(fs::read(&file).expect("a file") == damaged, "it was changed");
    }
}

#[test]
fn a_store_of_a_newer_version_is_left_alone() {
    let hookpost = used();
    let file = hookpost.data().join("hookpost.redb");
    let database = Database::open(&file).expect("a database");
    let write = database.begin_write().expect("a transaction");
    write.open_table(TableDefinition::<&str, u64>::new("meta")).expect("a table").insert("format", 2).expect("a row");
    write.commit().expect("a commit");
    drop(database);
    let said = refused(hookpost.folder());
    assert!(said.contains("made by a newer version of hookpost (format 2; this one knows up to 1)"), "{said}");
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("data"), b"a file").expect("a file");
    assert!(refused(folder.path()).contains("data: "), "{}", refused(folder.path()));
}

#[test]
fn a_full_disk_loses_nothing_and_repeats_nothing() {
    let server = MailServer::start();
    let setup = Setup { file_limit: Some(3 << 20), ..Setup::default() };
    let hookpost = setup.with("SMTP_URL", server.url()).with("MAIL_FROM", "post@example.com").start();
    server.refuse(Some("451 not now"));
    let body = vec![b'x'; 50_000];
    let mut accepted = Vec::new();
    let refused = within(Duration::from_secs(60), "a full disk", || {
        let answer = hookpost.post_default(&body);
        if answer.status == 202 {
            accepted.push(answer.accepted());
            return None;
        }
        Some(answer)
    });
    assert_eq!((refused.status, refused.code().as_str()), (503, "unavailable"));
    assert!(refused.header("retry-after").is_some());
    assert!(hookpost.log().contains("cannot take webhooks"), "the owner is told");
    assert_eq!(hookpost.get("/health").status, 503);
    assert!(accepted.len() > 10);

    // Mail goes out while nothing can be recorded.
    server.refuse(None);
    std::thread::sleep(Duration::from_secs(15));
    let pid = Pid::from_raw(hookpost.pid() as i32);
    prlimit(pid, Resource::Fsize, Rlimit { current: None, maximum: None }).expect("space");
    eventually("space to keep one more", || {
        let answer = hookpost.post_default(b"one more");
        (answer.status == 202).then(|| accepted.push(answer.accepted()))
    });
    hookpost.settle();
    let mut mailed: Vec<String> = server.mails().iter().map(|mail| id_in(&mail.data)).collect();
    mailed.sort();
    accepted.sort();
    assert_eq!(mailed, accepted);
}

fn id_in(mail: &str) -> String {
    let at = mail.find("X-Hookpost-Id: ").expect("an id") + "X-Hookpost-Id: ".len();
    mail[at..].lines().next().unwrap_or_default().to_owned()
}

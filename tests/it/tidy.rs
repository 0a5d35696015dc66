//! What the README and the design promise of the code itself.

use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace").to_owned()
}

const LAMBDAS: [&str; 6] = ["listener", "mailer", "sender", "watcher", "deliverer", "api"];

/// Every Rust file of ours.
fn files() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = ["functions", "shared", "tests"].map(|name| root().join(name)).into();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() && !path.ends_with("target") && !path.ends_with("node_modules") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).expect("a text");
                found.push((path, text));
            }
        }
    }
    found
}

fn tree(arguments: &[&str]) -> String {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let output = Command::new(cargo)
        .current_dir(root())
        .args(["tree", "--locked", "--edges", "normal", "--prefix", "none"])
        .args(arguments)
        .output();
    let output = output.expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn nothing_of_aws_lies_below_the_local_program() {
    let tree = tree(&["-p", "local"]);
    let aws = |line: &&str| line.starts_with("aws-") && !line.starts_with("aws-lc-");
    assert_eq!(tree.lines().filter(aws).collect::<Vec<_>>(), Vec::<&str>::new());
    assert!(!tree.contains("lambda_"), "{tree}");
}

#[test]
fn nothing_local_lies_below_the_paths() {
    let tree = tree(&["-p", "shared", "--no-default-features"]);
    for local in ["redb", "lettre", "hyper ", "clap", "mail-parser"] {
        assert!(!tree.lines().any(|line| line.starts_with(local)), "{local}");
    }
}

#[test]
fn nothing_local_lies_below_a_lambda() {
    for function in LAMBDAS {
        let tree = tree(&["-p", function]);
        for local in ["redb", "lettre", "clap", "mail-parser", "serde-saphyr", "rustix"] {
            assert!(!tree.lines().any(|line| line.starts_with(local)), "{local} below {function}");
        }
    }
}

#[test]
fn there_is_one_tls_stack_and_no_openssl() {
    for program in LAMBDAS.into_iter().chain(["local"]) {
        let tree = tree(&["-p", program]);
        for unwanted in ["openssl-sys", "native-tls", "ring ", "rustls v0.21", "hyper v0.14", "h2 v0.3", "aws-sdk-sts"]
        {
            assert!(!tree.lines().any(|line| line.starts_with(unwanted)), "{unwanted} below {program}");
        }
    }
}

#[test]
fn no_vendors_type_leaves_the_files_of_aws() {
    for (path, text) in files() {
        let shared = path.strip_prefix(root().join("shared/src")).ok();
        if shared.is_some_and(|path| !path.starts_with("aws") && !path.ends_with("aws.rs")) {
            for vendor in ["aws_sdk", "aws_smithy", "aws_types", "lambda_http", "lambda_runtime", "aws_lambda"] {
                assert!(!text.contains(vendor), "{vendor} in {}", path.display());
            }
        }
    }
}

#[test]
fn every_file_opens_by_saying_what_lives_there() {
    for (path, text) in files() {
        assert!(text.starts_with("//! "), "{}", path.display());
    }
}

#[test]
fn the_paths_know_no_world() {
    for (path, text) in files() {
        if ["inbound", "outbound", "api", "schemes", "sign", "config", "guard"].into_iter().any(|one| is_of(one, &path))
        {
            // How long a caller of `?wait=1` is kept is no time that anything is judged by, nor is how long a test takes.
            let measures = ["outbound/wait.rs", "schemes/tests/fuzz/pace.rs"].iter().any(|file| path.ends_with(file));
            let text = if measures { text.replace("Instant::now", "") } else { text };
            for world in
                ["crate::local", "crate::aws", "Timestamp::now", "SystemTime::now", "Instant::now", "getrandom"]
            {
                assert!(!text.contains(world), "{world} in {}", path.display());
            }
        }
    }
}

/// Whether a file is of that chapter of the common crate.
fn is_of(chapter: &str, path: &Path) -> bool {
    let shared = root().join("shared/src");
    path.starts_with(shared.join(chapter)) || *path == shared.join(format!("{chapter}.rs"))
}

#[test]
fn the_two_paths_never_name_each_other() {
    let mut found = [0, 0];
    for (path, text) in files() {
        for (at, (own, other)) in [("inbound", "outbound"), ("outbound", "inbound")].into_iter().enumerate() {
            if is_of(own, &path) {
                found[at] += 1;
                assert!(!text.contains(&format!("{other}::")), "{} names {other}", path.display());
            }
        }
    }
    assert!(found.iter().all(|files| *files > 10), "{found:?}");
}

#[test]
fn only_the_paths_and_their_callers_know_the_paths() {
    for (path, text) in files() {
        for twin in ["local", "seam", "schemes", "sign", "post", "guard"] {
            let names = ["crate::inbound", "crate::outbound"].into_iter().find(|path| text.contains(path));
            assert!(!is_of(twin, &path) || names.is_none(), "{} names {names:?}", path.display());
        }
    }
}

#[test]
fn files_hold_one_thing() {
    for (path, text) in files() {
        let lines = text.lines().count();
        let production = text.find("#[cfg(test)]").map_or(lines, |at| text[..at].lines().count());
        assert!(production <= 250, "{}: {production}", path.display());
    }
}

#[test]
fn no_unwrap_waits_for_something_from_outside() {
    for (path, text) in files() {
        let production = text.split("#[cfg(test)]").next().unwrap_or_default();
        let within = path.strip_prefix(root()).expect("a file of ours");
        let is_test = within.iter().any(|step| step == "tests" || step == "tests.rs");
        if !is_test {
            assert!(!production.contains(".unwrap()"), "{}", path.display());
        }
    }
}

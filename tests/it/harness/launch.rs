//! Building and launching the real program.

use std::io::Read;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::program::{ADMIN, PASSWORD, Setup};

/// The release build of `hookpost`, made if it is not there or out of date.
pub fn hookpost() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace").to_owned();
        let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
        let build =
            Command::new(cargo).current_dir(&root).args(["build", "--release", "--locked", "-p", "local"]).status();
        assert!(build.expect("cargo runs").success(), "hookpost does not build");
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
        target.join("release/hookpost")
    })
}

/// Runs `hookpost` to its end.
pub fn run(folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(hookpost());
    command.env_clear().current_dir(folder).args(arguments).envs(environment.iter().copied());
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("hookpost starts");
    let pid = Pid::from_raw(child.id() as i32).expect("a pid");
    let (ended, end) = std::sync::mpsc::channel();
    std::thread::spawn(move || ended.send(child.wait_with_output()));
    match end.recv_timeout(Duration::from_secs(30)) {
        Ok(output) => output.expect("an end"),
        Err(_) => {
            kill_process(pid, Signal::KILL).expect("a kill");
            panic!("it goes on: {arguments:?} {environment:?}");
        }
    }
}

/// Starts the program and reads its banner; what it logged, if it does not start.
pub fn spawn(setup: &Setup, folder: &Path) -> Result<(Child, SocketAddr, String), String> {
    let log = std::fs::File::options().create(true).append(true).open(folder.join("log")).expect("a log");
    let mut command = match setup.file_limit {
        None => Command::new(hookpost()),
        Some(bytes) => {
            // Ignored signals stay ignored: the program then reads an error instead of dying.
            let mut shell = Command::new("/bin/sh");
            shell.args(["-c", &format!("trap '' XFSZ; ulimit -S -f {}; exec \"$0\"", bytes / 512)]).arg(hookpost());
            shell
        }
    };
    command.env_clear().current_dir(folder).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
    command.env("HOOKPOST_LISTEN", "127.0.0.1:0").env("HOOKPOST_DATA", "data").env("EMAIL_ADDRESS", "ops@example.com");
    command.env("WEBHOOK_PASSWORD", PASSWORD).env("ADMIN_TOKEN", ADMIN);
    if setup.config.is_some() {
        command.env("HOOKPOST_CONFIG", "hookpost.yaml");
    }
    command.envs(setup.environment.iter().map(|(name, value)| (name, value)));
    let mut child = command.spawn().expect("hookpost starts");
    let mut printed = child.stdout.take().expect("a pipe");
    // The banner is one write, so one read.
    let mut banner = vec![0; 64 << 10];
    let length = printed.read(&mut banner).unwrap_or_default();
    if length == 0 {
        drop(child.wait());
        return Err(std::fs::read_to_string(folder.join("log")).unwrap_or_default());
    }
    let banner = String::from_utf8_lossy(&banner[..length]).into_owned();
    let first = banner.lines().next().unwrap_or_default();
    let address = first.rsplit_once("http://").and_then(|(_, address)| address.parse().ok());
    let address = address.unwrap_or_else(|| panic!("no address in {banner:?}"));
    Ok((child, address, banner))
}

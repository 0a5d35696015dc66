//! Other people's code: the scripts in `tests/interop`, installed by their `setup`.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

/// Where the scripts and what they need are installed.
pub struct Tools {
    scripts: PathBuf,
    installed: PathBuf,
}

impl Tools {
    /// Installs what is missing; fails, naming it, if that cannot be done.
    pub fn ready() -> &'static Self {
        static READY: OnceLock<Tools> = OnceLock::new();
        READY.get_or_init(|| {
            let root = Path::new(env!("CARGO_MANIFEST_DIR"));
            let (scripts, installed) = (root.join("interop"), root.join("../target/interop"));
            let setup = Command::new(scripts.join("setup")).arg(&installed).output().expect("setup runs");
            assert!(setup.status.success(), "{}", String::from_utf8_lossy(&setup.stderr));
            Self { scripts, installed: installed.canonicalize().expect("a folder") }
        })
    }

    /// A Python script's lines of JSON.
    #[track_caller]
    pub fn python(&self, script: &str, arguments: &[&str]) -> Vec<Value> {
        lines(self.python_command(script, arguments))
    }

    /// A Python script's lines of JSON, run by the Python of that folder.
    #[track_caller]
    pub fn python_of(&self, folder: &str, script: &str, arguments: &[&str]) -> Vec<Value> {
        let mut command = Command::new(self.folder(&format!("{folder}/bin/python")));
        command.arg(self.scripts.join(script)).args(arguments);
        lines(command)
    }

    /// Something that is installed.
    pub fn folder(&self, path: &str) -> PathBuf {
        self.installed.join(path)
    }

    /// A Node script's lines of JSON.
    #[track_caller]
    pub fn node(&self, script: &str, arguments: &[&str]) -> Vec<Value> {
        lines(self.node_command(script, arguments))
    }

    /// A Python script that goes on until its standard input is closed.
    pub fn python_server(&self, script: &str, arguments: &[&str]) -> Child {
        server(self.python_command(script, arguments))
    }

    /// A Python script of that kind, run by the Python of that folder.
    pub fn python_server_of(&self, folder: &str, script: &str) -> Child {
        let mut command = Command::new(self.folder(&format!("{folder}/bin/python")));
        command.arg(self.scripts.join(script));
        server(command)
    }

    /// A Node script of that kind.
    pub fn node_server(&self, script: &str, arguments: &[&str]) -> Child {
        server(self.node_command(script, arguments))
    }

    fn node_command(&self, script: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new("node");
        command.arg(self.installed.join(script)).args(arguments);
        command
    }

    fn python_command(&self, script: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.installed.join("venv/bin/python"));
        command.arg(self.scripts.join(script)).args(arguments);
        command
    }
}

fn server(mut command: Command) -> Child {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("a server")
}

#[track_caller]
fn lines(mut command: Command) -> Vec<Value> {
    let output = command.output().expect("the script runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

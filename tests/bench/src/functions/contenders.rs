//! Who is measured, doing what, and how it is started.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;

use super::events::GITHUB_SECRET;
use super::standin::DELIVERIES;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Maker {
    DoesNothing,
    Hookpost,
    Node,
    Python,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Job {
    Ignore,
    Accept,
    Refuse,
    Mail,
    Deliver,
}

/// A row of the table.
pub struct Contender {
    pub name: &'static str,
    pub maker: Maker,
    pub job: Job,
}

const fn row(name: &'static str, maker: Maker, job: Job) -> Contender {
    Contender { name, maker, job }
}

impl Contender {
    /// Those that start in milliseconds are started more often.
    pub fn is_quick(&self) -> bool {
        matches!(self.maker, Maker::DoesNothing | Maker::Hookpost)
    }
}

pub const ROWS: [Contender; 11] = [
    row("does nothing", Maker::DoesNothing, Job::Ignore),
    row("hookpost listener, accepts", Maker::Hookpost, Job::Accept),
    row("hookpost listener, refuses", Maker::Hookpost, Job::Refuse),
    row("hookpost mailer", Maker::Hookpost, Job::Mail),
    row("hookpost deliverer, ten", Maker::Hookpost, Job::Deliver),
    row("Node listener, accepts", Maker::Node, Job::Accept),
    row("Node listener, refuses", Maker::Node, Job::Refuse),
    row("Node mailer", Maker::Node, Job::Mail),
    row("Python listener, accepts", Maker::Python, Job::Accept),
    row("Python listener, refuses", Maker::Python, Job::Refuse),
    row("Python mailer", Maker::Python, Job::Mail),
];

/// Where a row is.
pub fn at(maker: Maker, job: Job) -> usize {
    ROWS.iter().position(|row| row.maker == maker && row.job == job).expect("a row")
}

/// Where the programs lie: the folder of our functions, and what `lambda/setup` made.
#[derive(Clone)]
pub struct Programs {
    pub functions: PathBuf,
    pub baselines: PathBuf,
}

impl Programs {
    pub fn ours(&self, job: Job) -> PathBuf {
        self.functions.join(match job {
            Job::Mail => "mailer",
            Job::Deliver => "deliverer",
            _ => "listener",
        })
    }

    /// The command of a row, with the environment that Lambda and the template would give it.
    pub fn command(&self, row: &Contender, runtime: SocketAddr, services: SocketAddr) -> Command {
        let module = if row.job == Job::Mail { "mailer" } else { "listener" };
        let mut command = match row.maker {
            Maker::DoesNothing => Command::new(std::env::current_exe().expect("a path").with_file_name("do_nothing")),
            Maker::Hookpost => Command::new(self.ours(row.job)),
            Maker::Node => self.node(module),
            Maker::Python => self.python(module),
        };
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        for (name, value) in [
            ("AWS_LAMBDA_FUNCTION_NAME", "f"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_LAMBDA_LOG_FORMAT", "JSON"),
            ("AWS_LAMBDA_LOG_LEVEL", "INFO"),
            ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/f"),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "f"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_DEFAULT_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
            ("TABLE_NAME", if row.job == Job::Deliver { DELIVERIES } else { "hookpost" }),
            ("BUCKET_NAME", "hookpost"),
            ("INBOUND_KEY_SECRET", "hookpost/key"),
            ("OUTBOUND_KEY_SECRET", "hookpost/key"),
            ("HOOKPOST_ALLOW_LOOPBACK", "true"),
            ("EMAIL_ADDRESS", "ops@example.com"),
            ("MAIL_FROM", "post@example.com"),
            ("RETENTION_DAYS", "30"),
            // What the others are told instead of an applied configuration.
            ("GITHUB_SECRET", GITHUB_SECRET),
            ("MAIL_TO", "ops@example.com"),
        ] {
            command.env(name, value);
        }
        command.env("AWS_LAMBDA_RUNTIME_API", runtime.to_string());
        command.env("AWS_ENDPOINT_URL", format!("http://{services}"));
        command.env("INBOUND_QUEUE_URL", format!("http://{services}/123456789012/inbound"));
        command.env("OUTBOUND_QUEUE_URL", format!("http://{services}/123456789012/outbound"));
        command
    }

    fn node(&self, module: &str) -> Command {
        let folder = self.baselines.join("node");
        let mut command = Command::new("node");
        command
            .arg(installed(folder.join("node_modules/aws-lambda-ric/bin/index.mjs")))
            .arg(format!("{module}.handler"));
        command.current_dir(folder.join("bundle"));
        command
    }

    fn python(&self, module: &str) -> Command {
        let folder = self.baselines.join("python");
        let mut command = Command::new(installed(folder.join("venv/bin/python")));
        command.args(["-m", "awslambdaric", &format!("{module}.handler")]).current_dir(folder);
        command
    }
}

fn installed(path: PathBuf) -> PathBuf {
    assert!(path.exists(), "{} is not there: run tests/bench/lambda/setup", path.display());
    path
}

//! What the owner wrote: the file of sources and endpoints, and the default source that the environment
//! describes.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use shared::address::EmailAddress;
use shared::config::{Config, ConfigError, Secrets, Spec};
use shared::door::DEFAULT;
use shared::guard::Guard;
use shared::local::{Owned, Reading};
use shared::secret::Secret;
use shared::source::Source;
use shared::timestamp::Timestamp;

use crate::outbox;
use crate::settings::Settings;
use crate::stop::Stop;

/// What the made or given password is called, in the environment and in references.
pub(crate) const PASSWORD: &str = "WEBHOOK_PASSWORD";

/// What the program starts with: the default source is made where nobody else names one and mail can
/// reach somebody.
pub(crate) struct Given {
    pub(crate) owned: Owned,
    /// Whom news of endpoints are mailed to.
    pub(crate) owner: Vec<EmailAddress>,
    pub(crate) warnings: Vec<String>,
}

/// The file, if there is one.
pub(crate) fn read(settings: &Settings) -> Result<Spec, Stop> {
    match settings.config() {
        Some(path) => read_file("HOOKPOST_CONFIG", path),
        None => Ok(Spec::default()),
    }
}

/// The file that a setting or argument of that name names.
pub(crate) fn read_file(name: &str, path: &Path) -> Result<Spec, Stop> {
    let wrong = |problem: String| Stop::setting(name, format!("{}: {problem}", path.display()));
    let text = fs::read_to_string(path).map_err(|problem| wrong(problem.to_string()))?;
    if text.trim().is_empty() {
        return Ok(Spec::default());
    }
    let mut key = String::new();
    let spec = serde_saphyr::with_deserializer_from_str(&text, |yaml| {
        serde_path_to_error::deserialize(yaml).map_err(|problem| {
            key = problem.path().to_string();
            problem.into_inner()
        })
    });
    // Without the lines around it, which may hold a secret.
    let said = |problem: serde_saphyr::Error| {
        let words = problem.without_snippet().render_with_formatter(&serde_saphyr::UserMessageFormatter);
        if key.is_empty() || key == "." { words } else { format!("{key}: {words}") }
    };
    spec.map_err(|problem| wrong(said(problem)))
}

/// How the file is read.
pub(crate) struct Check<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) password: &'a Secret,
    pub(crate) reading: &'a Reading,
    /// Whether others may come from the store.
    pub(crate) applied: bool,
}

/// What the file names, and the default source.
pub(crate) fn check(spec: Spec, Check { settings, password, reading, applied }: Check<'_>) -> Result<Given, Stop> {
    let named = spec.names(DEFAULT);
    let nothing = spec.is_empty() && !applied;
    let environment = |name: &str| own(name, password).or_else(|| std::env::var(name).ok());
    let secrets = Secrets::Written { environment: &environment, outbound: Some(&reading.outbound) };
    let config = Config::check(spec, secrets, reading.guard)?;
    let mut warnings = Vec::new();
    let made = match recipients(settings) {
        Some(list) if !named => Some(default_source(list, password)?),
        None if nothing => return Err(nobody_to_tell()),
        _ => None,
    };
    if named && settings.email_address().is_some() {
        warnings.push(
            "EMAIL_ADDRESS: the file names the default source, so only news of endpoints are mailed there".into(),
        );
    }
    warnings.extend(config.out_of_date(Timestamp::now()).map(|(_, problem)| problem.to_string()));
    for source in &config.sources {
        for address in &source.email {
            let wrong = |problem| Stop::setting(&format!("sources.{}.email", source.name), problem);
            outbox::writable(address.clone()).map_err(wrong)?;
        }
    }
    for endpoint in &config.endpoints {
        if let Some(contact) = &endpoint.contact {
            let wrong = |problem| Stop::setting(&format!("endpoints.{}.contact", endpoint.name), problem);
            outbox::writable(contact.clone()).map_err(wrong)?;
        }
    }
    let owner = owner(settings)?;
    if owner.is_empty() && !config.endpoints.is_empty() {
        warnings.push("EMAIL_ADDRESS: is not set, so nobody is told when an endpoint fails".into());
    }
    Ok(Given {
        owner,
        owned: Owned { sources: config.sources, endpoints: config.endpoints, made, limits: config.limits },
        warnings,
    })
}

/// The made password can be referred to like one that was given.
fn own(name: &str, password: &Secret) -> Option<String> {
    (name == PASSWORD).then(|| password.expose().to_owned())
}

fn default_source(recipients: &str, password: &Secret) -> Result<Arc<Source>, Stop> {
    let mut spec = Spec::default();
    spec.add_password_source(DEFAULT, PASSWORD, vec![recipients.to_owned()]);
    let environment = |name: &str| own(name, password);
    let secrets = Secrets::Written { environment: &environment, outbound: None };
    let config = Config::check(spec, secrets, Guard::default()).map_err(renamed)?;
    let source = config.sources.into_iter().next().ok_or_else(nobody_to_tell)?;
    for address in &source.email {
        outbox::writable(address.clone()).map_err(|problem| Stop::setting("EMAIL_ADDRESS", problem))?;
    }
    Ok(source)
}

/// Who gets mail from the default source; without a mail server, mail needs nobody.
fn recipients(settings: &Settings) -> Option<&str> {
    settings.email_address().or_else(|| settings.smtp_url().is_none().then_some("you@localhost"))
}

fn owner(settings: &Settings) -> Result<Vec<EmailAddress>, Stop> {
    let read = |text: &str| {
        let wrong = |problem: String| Stop::setting("EMAIL_ADDRESS", problem);
        let address = text.parse().map_err(|problem| wrong(format!("\"{}\" {problem}", text.escape_debug())))?;
        outbox::writable(address).map_err(wrong)
    };
    recipients(settings).map(|list| list.split(',').map(read).collect()).unwrap_or(Ok(Vec::new()))
}

fn nobody_to_tell() -> Stop {
    Stop::setting("EMAIL_ADDRESS", "is missing; with SMTP_URL set, write who gets the mail, like ops@example.com")
}

/// The problem under the name that the owner knows: the default source is made from the environment.
fn renamed(problem: ConfigError) -> Stop {
    match &*problem.key {
        "sources.default.email" => Stop::setting("EMAIL_ADDRESS", problem.problem),
        "sources.default.verify.secret" => Stop::setting(PASSWORD, problem.problem),
        _ => problem.into(),
    }
}

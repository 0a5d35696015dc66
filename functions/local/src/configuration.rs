//! What the owner wrote: the file of sources, and the default source that the environment describes.

use std::fs;

use shared::config::{Config, ConfigError, Spec};
use shared::secret::Secret;

use crate::outbox;
use crate::routes::DEFAULT;
use crate::settings::Settings;
use crate::stop::Stop;

/// What the made or given password is called, in the environment and in references.
pub(crate) const PASSWORD: &str = "WEBHOOK_PASSWORD";

/// The file, if there is one.
pub(crate) fn read(settings: &Settings) -> Result<Spec, Stop> {
    let Some(path) = settings.config() else { return Ok(Spec::default()) };
    let wrong = |problem: String| Stop::setting("HOOKPOST_CONFIG", format!("{}: {problem}", path.display()));
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

/// The sources of the file, and the default one where mail can reach somebody.
pub(crate) fn check(settings: &Settings, mut spec: Spec, password: &Secret) -> Result<Config, Stop> {
    let made = !spec.names(DEFAULT);
    match recipients(settings) {
        Some(list) if made => spec.add_password_source(DEFAULT, PASSWORD, vec![list.to_owned()]),
        None if spec.is_empty() => return Err(nobody_to_tell()),
        _ => {}
    }
    let resolve =
        |name: &str| if name == PASSWORD { Some(password.expose().to_owned()) } else { std::env::var(name).ok() };
    let mut config = Config::check(spec, &resolve).map_err(|problem| named(problem, made))?;
    if !made && settings.email_address().is_some() {
        config.warnings.push("EMAIL_ADDRESS: the file names the default source, so this is not used".into());
    }
    for source in &config.sources {
        for address in &source.email {
            let wrong = |problem| Stop::setting(&format!("sources.{}.email", source.name), problem);
            outbox::writable(address.clone()).map_err(wrong)?;
        }
    }
    Ok(config)
}

/// Who gets mail from the default source; without a mail server, mail needs nobody.
fn recipients(settings: &Settings) -> Option<&str> {
    settings.email_address().or_else(|| settings.smtp_url().is_none().then_some("you@localhost"))
}

fn nobody_to_tell() -> Stop {
    Stop::setting("EMAIL_ADDRESS", "is missing; with SMTP_URL set, write who gets the mail, like ops@example.com")
}

/// The problem under the name that the owner knows: the default source is made from the environment.
fn named(problem: ConfigError, made: bool) -> Stop {
    match &*problem.key {
        "sources.default.email" if made => Stop::setting("EMAIL_ADDRESS", problem.problem),
        "sources.default.verify.secret" if made => Stop::setting(PASSWORD, problem.problem),
        _ => problem.into(),
    }
}

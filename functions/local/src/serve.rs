//! `hookpost serve`: opens the store, starts mailer and server, ends both in order.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use shared::api::Api;
use shared::config::{Config, Spec};
use shared::inbound::{Listener, Mailer};
use shared::local::{Sources, Store, SystemClock, http};
use shared::seam::Clock;
use shared::secret::Secret;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::banner::Banner;
use crate::made::Made;
use crate::outbox::{self, Outbox};
use crate::routes::{DEFAULT, Routes};
use crate::settings::Settings;
use crate::stop::Stop;
use crate::{logs, mailer};

/// How often what time made superfluous is removed.
const SWEEP_EVERY: Duration = Duration::from_secs(3_600);

/// After so long a body has its message, or never will.
const SETTLED: Duration = Duration::from_secs(600);

pub(crate) fn serve(settings: &Settings) -> Result<(), Stop> {
    logs::start()?;
    raise_open_files();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|problem| Stop::Failed(problem.to_string()))?;
    runtime.block_on(run(settings))
}

async fn run(settings: &Settings) -> Result<(), Stop> {
    let listen = settings.listen()?;
    let spec = read_config(settings)?;
    let store = Store::open(&settings.data)?;
    let password =
        Made::or_make(settings.webhook_password(), "WEBHOOK_PASSWORD", settings.data.join("webhook-password"))?;
    let admin = Made::or_make(settings.admin_token(), "ADMIN_TOKEN", settings.data.join("admin-token"))?;
    let config = check_config(settings, spec, password.secret())?;
    let outbox = Outbox::open(settings, &store)?;
    let taken = |problem| Stop::setting("HOOKPOST_LISTEN", format!("cannot listen on {listen}: {problem}"));
    let door = TcpListener::bind(listen).await.map_err(taken)?;
    let listen = door.local_addr().map_err(taken)?;
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    Banner {
        listen,
        data: &settings.data,
        outbox: &outbox,
        password: &password,
        admin: &admin,
        sources: &config.sources,
    }
    .print();
    work(door, store, Sources::new(config.sources), outbox, admin.secret().clone()).await
}

async fn work(door: TcpListener, store: Store, sources: Sources, outbox: Outbox, admin: Secret) -> Result<(), Stop> {
    let (stop, stopped) = watch::channel(false);
    let told = |mut stopped: watch::Receiver<bool>| async move {
        // A sender that is gone means the same as a stop.
        drop(stopped.wait_for(|stop| *stop).await);
    };
    let at_once = outbox.at_once();
    let routes = Arc::new(Routes {
        listener: Listener::new(sources.clone(), store.clone()),
        api: Api { dead: store.clone(), clock: SystemClock, admin },
        store: store.clone(),
    });
    let mailer =
        Arc::new(Mailer { sources, memory: store.clone(), email: outbox, clock: SystemClock, times: mailer::TIMES });
    let mailing = mailer::start(mailer, at_once, told(stopped.clone()))?;
    let sweeping = tokio::spawn(sweep(store));
    tokio::spawn(wait_for_signal(stop));
    http::serve(door, move |request, peer| Arc::clone(&routes).answer(request, peer), told(stopped)).await;
    sweeping.abort();
    let ended = tokio::task::spawn_blocking(move || mailing.join()).await;
    ended.ok().and_then(Result::ok).ok_or_else(|| Stop::Failed("the mailer broke down".into()))
}

fn read_config(settings: &Settings) -> Result<Spec, Stop> {
    let Some(path) = settings.config() else { return Ok(Spec::default()) };
    let text = fs::read_to_string(path)
        .map_err(|problem| Stop::setting("HOOKPOST_CONFIG", format!("{}: {problem}", path.display())))?;
    if text.trim().is_empty() {
        return Ok(Spec::default());
    }
    serde_saphyr::from_str(&text).map_err(|problem| wrong_file(path, &problem))
}

fn wrong_file(path: &Path, problem: &serde_saphyr::Error) -> Stop {
    // Without the lines around it, which may hold a secret.
    Stop::setting("HOOKPOST_CONFIG", format!("{}: {}", path.display(), problem.without_snippet()))
}

/// The sources of the file, and the default one where mail can reach somebody.
fn check_config(settings: &Settings, mut spec: Spec, password: &Secret) -> Result<Config, Stop> {
    let recipients = match (settings.email_address(), settings.smtp_url()) {
        (Some(list), _) => Some(list),
        (None, None) => Some("you@localhost"),
        (None, Some(_)) => None,
    };
    match recipients {
        Some(list) if !spec.names(DEFAULT) => {
            spec.add_password_source(DEFAULT, password.expose(), vec![list.to_owned()])
        }
        None if spec.is_empty() => {
            return Err(Stop::setting(
                "EMAIL_ADDRESS",
                "is missing; with SMTP_URL set, write who gets the mail, like ops@example.com",
            ));
        }
        _ => {}
    }
    let config = Config::check(spec, &|name| std::env::var(name).ok());
    let config = config.map_err(|problem| {
        if problem.key == "sources.default.email" && settings.email_address().is_some() {
            Stop::setting("EMAIL_ADDRESS", problem.problem)
        } else {
            problem.into()
        }
    })?;
    for source in &config.sources {
        for address in &source.email {
            outbox::writable(address.clone())
                .map_err(|problem| Stop::setting(&format!("sources.{}.email", source.name), problem))?;
        }
    }
    Ok(config)
}

async fn sweep(store: Store) {
    if let Ok(counts) = store.counts()
        && counts.dead > 0
    {
        tracing::error!(dead_letters = counts.dead, "dead letters wait: see hookpost dead list");
    }
    loop {
        let (bodies, now) = (store.clone(), SystemClock.now());
        let swept = tokio::task::spawn_blocking(move || bodies.sweep_bodies(now.before(SETTLED))).await;
        if let Ok(Err(problem)) = swept {
            tracing::warn!(%problem, "bodies cannot be swept");
        }
        if let Err(problem) = store.sweep(SystemClock.now()).await {
            tracing::warn!(%problem, "the store cannot be swept");
        }
        tokio::time::sleep(SWEEP_EVERY).await;
    }
}

/// The first signal ends what is in hand; the second ends everything.
async fn wait_for_signal(stop: watch::Sender<bool>) {
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        tracing::error!("signals cannot be received; stop hookpost with kill -9, nothing is lost");
        return std::future::pending().await;
    };
    for last in [false, true] {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        if last {
            std::process::exit(130);
        }
        tracing::info!("stopping: ending what is in hand; again to stop at once");
        stop.send_replace(true);
    }
}

/// Each connection is an open file: as many as this machine allows.
fn raise_open_files() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    if let Err(problem) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        tracing::debug!(%problem, "the limit of open files stays as it is");
    }
}

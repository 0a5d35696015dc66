//! `hookpost serve`: opens the store, starts mailer and server, ends both in order.

use std::sync::Arc;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use shared::api::Api;
use shared::inbound::{Listener, Mailer};
use shared::local::{Sources, Store, SystemClock, http};
use shared::secret::Secret;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::banner::Banner;
use crate::made::Made;
use crate::outbox::Outbox;
use crate::routes::Routes;
use crate::settings::Settings;
use crate::stop::Stop;
use crate::{configuration, logs, mailer, signals, sweep};

pub(crate) fn serve(settings: &Settings) -> Result<(), Stop> {
    logs::start()?;
    raise_open_files();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|problem| Stop::Failed(problem.to_string()))?;
    runtime.block_on(run(settings))
}

async fn run(settings: &Settings) -> Result<(), Stop> {
    let listen = settings.listen()?;
    let spec = configuration::read(settings)?;
    let store = Store::open(settings.data())?;
    let password =
        Made::or_make(settings.webhook_password(), configuration::PASSWORD, settings.data().join("webhook-password"))?;
    let admin = Made::or_make(settings.admin_token(), "ADMIN_TOKEN", settings.data().join("admin-token"))?;
    let config = configuration::check(settings, spec, password.secret())?;
    let outbox = Outbox::open(settings, &store)?;
    let taken = |problem| Stop::Failed(format!("HOOKPOST_LISTEN: cannot listen on {listen}: {problem}"));
    let door = TcpListener::bind(listen).await.map_err(taken)?;
    let listen = door.local_addr().map_err(taken)?;
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    Banner {
        listen,
        data: settings.data(),
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
    let sweeping = tokio::spawn(sweep::sweep(store));
    tokio::spawn(signals::wait(stop));
    http::serve(door, move |request, peer| Arc::clone(&routes).answer(request, peer), told(stopped)).await;
    sweeping.abort();
    let ended = tokio::task::spawn_blocking(move || mailing.join()).await;
    ended.ok().and_then(Result::ok).ok_or_else(|| Stop::Failed("the mailer broke down".into()))
}

/// Each connection is an open file: as many as this machine allows.
fn raise_open_files() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    if let Err(problem) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        tracing::debug!(%problem, "the limit of open files stays as it is");
    }
}

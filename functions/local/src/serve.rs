//! `hookpost serve`: opens the store, starts mailer and server, ends both in order.

use std::sync::Arc;
use std::thread::JoinHandle;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use shared::address::EmailAddress;
use shared::api::{Api, Rules};
use shared::clock::SystemClock;
use shared::guard::Guard;
use shared::inbound::{Listener, Mailer};
use shared::local::{Applied, Owned, Reading, Store, http};
use shared::outbound::{Deliverer, Replayer, Sender, Standing, Teller};
use shared::post::{Dns, Lazy, Post, Tcp, Trust};
use shared::seal::Keys;
use shared::seam::{ReadConfig, Unavailable};
use shared::secret::Secret;
use shared::timestamp::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::banner::Banner;
use crate::configuration::{Check, Given};
use crate::made::Made;
use crate::outbox::Outbox;
use crate::routes::{LocalApi, Routes};
use crate::settings::Settings;
use crate::stop::Stop;
use crate::{banner, configuration, deliverer, logs, mailer, replayer, signals, sweep};

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
    let history = settings.history()?;
    let store = Store::open(settings.data())?;
    let password =
        Made::or_make(settings.webhook_password(), configuration::PASSWORD, settings.data().join("webhook-password"))?;
    let events = Made::or_make(settings.events_token(), "EVENTS_TOKEN", settings.data().join("events-token"))?;
    let admin = Made::or_make(settings.admin_token(), "ADMIN_TOKEN", settings.data().join("admin-token"))?;
    if events.secret() == admin.secret() {
        return Err(Stop::setting("EVENTS_TOKEN", "is the admin token; it must be good for events only"));
    }
    let reading = Reading {
        inbound: key(settings, "inbound-key")?,
        outbound: key(settings, "outbound-key")?,
        guard: Guard { allow_loopback: settings.allow_loopback()?, allow_sns: false },
    };
    let failed = |problem: Unavailable| Stop::Failed(problem.to_string());
    store.measure().await.map_err(failed)?;
    store.limit_history(history);
    let was_applied = store.read_config().await.map_err(failed)?.is_some();
    let check = Check { settings, password: password.secret(), reading: &reading, applied: was_applied };
    let Given { owned, owner, warnings } = configuration::check(spec, check)?;
    let outbox = Outbox::open(settings, &store)?;
    let taken = |problem| Stop::Failed(format!("HOOKPOST_LISTEN: cannot listen on {listen}: {problem}"));
    let door = TcpListener::bind(listen).await.map_err(taken)?;
    let listen = door.local_addr().map_err(taken)?;
    for warning in &warnings {
        tracing::warn!("{warning}");
    }
    if reading.guard.allow_loopback {
        tracing::warn!("endpoints may be on this machine: whoever names one reaches what listens here");
    }
    let rules = rules(&owned, reading.guard);
    let Reading { inbound, outbound, guard } = reading.clone();
    let config = Applied::start(store.clone(), reading, owned).await.map_err(failed)?;
    let sources = config.sources().all();
    let secretless = banner::secretless(&sources, &store, Timestamp::now()).await.map_err(failed)?;
    Banner {
        listen,
        data: settings.data(),
        outbox: &outbox,
        password: &password,
        admin: &admin,
        events: &events,
        sources: &sources,
        secretless: &secretless,
        endpoints: &config.endpoints().all(),
        guard,
    }
    .print();
    let api = Api {
        inbound: store.clone(),
        sources: config.sources(),
        outbound: store.clone(),
        endpoints: config.endpoints(),
        config,
        confirmations: outbox.clone(),
        clock: SystemClock,
        admin: admin.secret().clone(),
        inbound_keys: inbound,
        outbound_keys: outbound,
        rules,
        refusals: None,
    };
    work(door, store, api, (outbox, owner), events.secret().clone()).await
}

/// The key of that name, which nobody gives.
fn key(settings: &Settings, name: &'static str) -> Result<Keys, Stop> {
    let made = Made::or_make(None, name, settings.data().join(name))?;
    Ok(Keys::one(made.secret().clone()))
}

fn rules(owned: &Owned, guard: Guard) -> Rules {
    Rules {
        owned: owned.sources.iter().map(|source| source.name.clone()).collect(),
        owned_endpoints: owned.endpoints.iter().map(|endpoint| endpoint.name.clone()).collect(),
        references: false,
        guard,
    }
}

async fn work(
    door: TcpListener,
    store: Store,
    mut api: LocalApi,
    (outbox, owner): (Outbox, Vec<EmailAddress>),
    events: Secret,
) -> Result<(), Stop> {
    let (stop, stopped) = watch::channel(false);
    let told = |mut stopped: watch::Receiver<bool>| async move {
        // A sender that is gone means the same as a stop.
        drop(stopped.wait_for(|stop| *stop).await);
    };
    let at_once = outbox.at_once();
    let (sources, endpoints) = (api.config.sources(), api.config.endpoints());
    let sender = |token| Sender::new(endpoints.clone(), store.clone(), SystemClock, token);
    let guard = api.rules.guard;
    let post = post(guard)?;
    let listener = Listener::new(sources.clone(), store.clone(), Lazy::new(guard.with_sns()), guard.with_sns());
    api.refusals = Some(listener.refusals());
    let routes = Arc::new(Routes { listener, sender: sender(Some(events)), api, store: store.clone() });
    let (memory, publisher, times) = (store.clone(), sender(None), mailer::TIMES);
    let news = sender(None);
    let mailer = Arc::new(Mailer { sources, memory, email: outbox, publisher, owner, clock: SystemClock, times });
    let mailing = mailer::start(mailer, at_once, told(stopped.clone()))?;
    let (memory, lease, known) = (store.clone(), deliverer::LEASE, endpoints.clone());
    let standing = Standing::default();
    let news = Teller { sender: news, letters: store.clone() };
    let deliverer = Arc::new(Deliverer { endpoints, memory, post, news, clock: SystemClock, lease, standing });
    let delivering = deliverer::start(deliverer, told(stopped.clone()))?;
    let replayer = Replayer { endpoints: known, memory: store.clone(), clock: SystemClock };
    let replaying = tokio::spawn(replayer::run(replayer, told(stopped.clone())));
    let sweeping = tokio::spawn(sweep::sweep(store.clone()));
    tokio::spawn(signals::wait(stop));
    http::serve(door, move |request, peer| Arc::clone(&routes).answer(request, peer), told(stopped)).await;
    sweeping.abort();
    ended(mailing, "the mailer broke down").await?;
    let delivered = ended(delivering, "the deliverer broke down").await;
    let replayed = replaying.await.map_err(|problem| Stop::Failed(format!("the replayer broke down: {problem}")));
    store.write_counts().await;
    delivered.and(replayed)
}

async fn ended(work: JoinHandle<()>, otherwise: &str) -> Result<(), Stop> {
    let ended = tokio::task::spawn_blocking(move || work.join()).await;
    ended.ok().and_then(Result::ok).ok_or_else(|| Stop::Failed(otherwise.into()))
}

/// Without roots mail and plain loopback endpoints work all the same.
fn post(guard: Guard) -> Result<Post, Stop> {
    let without = |problem| {
        tracing::error!(%problem, "no https endpoint will be reached");
        Post::with(guard, Dns::default(), Tcp, Trust::Only(Vec::new()))
    };
    Post::new(guard).or_else(without).map_err(|problem| Stop::Failed(problem.to_string()))
}

/// Each connection is an open file: as many as this machine allows.
fn raise_open_files() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    if let Err(problem) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        tracing::debug!(%problem, "the limit of open files stays as it is");
    }
}

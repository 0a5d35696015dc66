//! Function URL → `api::answer`: what the owner asks and orders.

use ::http::StatusCode;
use shared::api::{Api, KEYS, ROOT, Rules};
use shared::aws::http::{self, Incoming};
use shared::aws::{
    Aws, Checklist, DefaultSource, Endpoints, Misconfigured, Outbound, Proof, SecretStore, Sources, Store, guard, logs,
    variable,
};
use shared::clock::SystemClock;
use shared::reply::{self, Refused, Reply};
use shared::seam::Answer;
use tokio::sync::OnceCell;

/// What the environment says.
struct Function {
    aws: Aws,
    store: Store,
    outbound: Outbound,
    checklist: Checklist,
    inbound_key: String,
    outbound_key: String,
    admin_secret: String,
    default: DefaultSource,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), http::Error> {
    logs::start();
    let (function, api) = (Function::from_environment()?, OnceCell::new());
    http::run(async |Incoming { request, .. }| {
        let (path, query) = (request.uri().path().to_owned(), request.uri().query().map(str::to_owned));
        let api = match api.get_or_try_init(|| function.api()).await {
            Ok(api) => api,
            Err(problem) => return not_now(&problem),
        };
        match (path.strip_prefix(ROOT), path.strip_prefix(KEYS)) {
            (Some(path), _) => api.answer(path, request).await,
            (_, Some(name)) => api.public_keys(name, query.as_deref()).await,
            _ => Refused::NotFound("no such address; the API is at /api/v1/").reply(),
        }
    })
    .await
}

impl Function {
    fn from_environment() -> Result<Self, Misconfigured> {
        let address = |name| variable(name)?.parse().map_err(|_| Misconfigured(name));
        let aws = Aws::from_environment()?;
        let to = variable("EMAIL_ADDRESS")?.split(',').filter_map(|address| address.parse().ok()).collect();
        Ok(Self {
            store: Store::from_environment(&aws)?,
            outbound: Outbound::from_environment(&aws)?,
            checklist: Checklist::new(&aws, address("MAIL_FROM")?, to, variable("ALERTS_TOPIC")?),
            inbound_key: variable("INBOUND_KEY_SECRET")?,
            outbound_key: variable("OUTBOUND_KEY_SECRET")?,
            admin_secret: variable("ADMIN_TOKEN_SECRET")?,
            default: DefaultSource::from_environment()?,
            aws,
        })
    }

    /// With the admin token and the keys, which are read once.
    async fn api(&self) -> Answer<Api<Store, Outbound, Endpoints, Store, Checklist, SystemClock, Sources>> {
        let secrets = SecretStore::new(&self.aws);
        let (admin, inbound_keys, outbound_keys) = tokio::try_join!(
            secrets.secret(&self.admin_secret),
            secrets.keys(&self.inbound_key),
            secrets.keys(&self.outbound_key),
        )?;
        let proof = Proof::By { secrets, key_secret: self.outbound_key.clone() };
        Ok(Api {
            inbound: self.store.clone(),
            sources: Sources::new(self.store.clone(), self.default.clone(), Proof::Never),
            outbound: self.outbound.clone(),
            endpoints: Endpoints::new(self.store.clone(), proof, guard()),
            config: self.store.clone(),
            confirmations: self.checklist.clone(),
            clock: SystemClock,
            admin,
            inbound_keys,
            outbound_keys,
            rules: Rules { references: true, guard: guard(), ..Rules::default() },
            refusals: None,
        })
    }
}

fn not_now(problem: &dyn std::fmt::Display) -> Reply {
    tracing::error!(%problem, "the admin token or the keys cannot be read");
    let said = "the admin token or the keys cannot be read; the api's log says why";
    reply::error(StatusCode::SERVICE_UNAVAILABLE, "unavailable", said)
}

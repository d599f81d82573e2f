//! Serving several lenders by one listener.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use anyhow::Context;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::apart::{self, Own};
use super::choice::{ByClaim, Choice, Counter};
use super::operator::{self, Looked};
use super::place::Place;
use crate::databases::{Addresses, Databases};
use crate::roles::{DRAIN, Role, stop_on_signal};
use crate::running::{self, Running, Started};
use crate::server::{self, Server};
use crate::settings::{LenderBy, OneOfSeveral, Settings, Several};
use crate::telemetry;

/// How many connections operators have open at most.
const OPERATORS: usize = 64;

/// A lender whose databases were reached.
struct Reached {
    settings: Arc<Settings>,
    place: Place,
    databases: Databases,
}

/// A lender at work.
struct AtWork {
    settings: Arc<Settings>,
    place: Place,
    running: Running,
    looked: Looked,
    counter: Counter,
    judge: identity::gate::Identification,
}

/// `razao serve`
pub async fn serve(several: Several, roles: &[Role]) -> anyhow::Result<()> {
    let servers = Servers::bind(&several).await?;
    let lenders = several.lenders.iter().map(|settings| Ok((settings.clone(), Addresses::of(settings)?)));
    let lenders = lenders.collect::<anyhow::Result<Vec<_>>>()?;
    let ready = |server: &Server| {
        tracing::info!(address = %server.url(), "serving");
        Ok(())
    };
    let stop = stop_on_signal(several.common.tls_cert.is_some());
    run(&several, lenders, |_| roles.to_vec(), (servers, stop), ready).await
}

/// Where requests come in.
pub(super) struct Servers {
    everybody: Server,
    operators: Option<Server>,
}

impl Servers {
    /// Takes the addresses, before anything else is started.
    pub(super) async fn bind(several: &Several) -> anyhow::Result<Self> {
        let common = &several.common;
        let everybody = Server::bind(common.listen).await?.with_tls(common.tls()?);
        let operators = match common.metrics_listen {
            Some(address) => Some(Server::bind(address).await?),
            None => None,
        };
        Ok(Self { everybody, operators })
    }
}

/// Runs the roles of all lenders until `stop`, then drains them.
pub(super) async fn run(
    several: &Several,
    lenders: Vec<(Settings, Addresses)>,
    roles: impl Fn(&Settings) -> Vec<Role>,
    (servers, stop): (Servers, CancellationToken),
    ready: impl FnOnce(&Server) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let metrics = telemetry::metrics()?;
    let mut at_work = Vec::new();
    let mut document = None;
    for reached in reach(lenders).await? {
        let roles = roles(&reached.settings);
        let (lender, described) = start(reached, roles).await?;
        document.get_or_insert(described);
        at_work.push(lender);
    }
    let Servers { everybody, operators } = servers;
    let (tasks, ended) = (TaskTracker::new(), CancellationToken::new());
    if let Some(tls) = everybody.tls() {
        tasks.spawn(tls.clone().keep_fresh(ended.clone()));
    }
    let of_lenders = at_work.iter().map(|lender| lender.place.context().metrics());
    let recorded = std::iter::once(metrics.clone()).chain(of_lenders).collect();
    tasks.spawn(telemetry::take_in(recorded, ended.clone()));
    let looked: Vec<Looked> = at_work.iter().map(|lender| lender.looked.clone()).collect();
    if let Some(server) = operators {
        tracing::info!(address = %server.url(), "metrics of all lenders");
        let router = operator::for_operators(looked.clone(), metrics);
        tasks.spawn(server.serve(router, OPERATORS, ended.clone(), DRAIN));
    } else {
        tracing::info!("nobody can ask for metrics: metrics_listen names no address for operators");
    }
    tasks.close();
    let document = document.expect("settings with several lenders name one at least");
    let choice = choice(several, &at_work).into_router();
    let health = operator::for_everybody(looked);
    let router = server::of_several(document, health, choice, everybody.tls().is_some());
    ready(&everybody)?;
    everybody.serve(router, several.common.connections, stop, DRAIN).await;
    tracing::info!("requests are drained; stopping");
    for AtWork { settings, place, running, .. } in at_work {
        tracing::debug!(lender = one(&settings).name, "stopping");
        place.run(running.end()).await?;
    }
    ended.cancel();
    tasks.wait().await;
    Ok(())
}

/// Reaches the databases of all lenders, and refuses to serve two that have something in common.
async fn reach(lenders: Vec<(Settings, Addresses)>) -> anyhow::Result<Vec<Reached>> {
    let (mut reached, mut owned) = (Vec::new(), Vec::new());
    for (settings, addresses) in lenders {
        let name = one(&settings).name.clone();
        let (settings, place) = (Arc::new(settings), Place::of(&name)?);
        let reaching = {
            let settings = Arc::clone(&settings);
            async move {
                let databases = addresses.connect().await?;
                let own = Own::of(&settings, &addresses, &databases).await?;
                Ok::<_, anyhow::Error>((databases, own))
            }
        };
        let (databases, own) = place.run(reaching).await?.with_context(|| format!("lender {name}"))?;
        owned.push(own);
        reached.push(Reached { settings, place, databases });
    }
    apart::check(&owned)?;
    Ok(reached)
}

async fn start(
    Reached { settings, place, databases }: Reached,
    roles: Vec<Role>,
) -> anyhow::Result<(AtWork, utoipa::openapi::OpenApi)> {
    let name = one(&settings).name.clone();
    let (log, read_pool) = (databases.log.clone(), databases.read_pool.clone());
    let starting = {
        let settings = Arc::clone(&settings);
        async move { running::start(&settings, &roles, databases).await }
    };
    let started = place.run(starting).await?.with_context(|| format!("lender {name}"))?;
    let Started { api, running } = started;
    let context = place.context().clone();
    let (judge, document) = (api.identification().clone(), api.document().clone());
    let counter = Counter { routes: api.of_several(), context: context.clone() };
    let looked = Looked { name, context, log, read_pool };
    Ok((AtWork { settings, place, running, looked, counter, judge }, document))
}

fn choice(several: &Several, at_work: &[AtWork]) -> Choice {
    match several.by {
        LenderBy::Host => {
            let hosts = at_work.iter().flat_map(|lender| {
                let hosts = one(&lender.settings).hosts.iter();
                hosts.map(|host| (host.clone(), lender.counter.clone()))
            });
            Choice::Host(hosts.collect())
        }
        LenderBy::Claim => {
            let named =
                at_work.iter().map(|lender| (one(&lender.settings).name.clone(), lender.counter.clone()));
            let claim = at_work.iter().find_map(|lender| one(&lender.settings).claim.clone());
            let claim = claim.expect("each lender has a claim where it chooses").claim;
            Choice::Claim(ByClaim::new(claim, named.collect::<HashMap<_, _>>(), judges(at_work)))
        }
    }
}

/// One for each issuer and audience: lenders that share them judge alike.
fn judges(at_work: &[AtWork]) -> Vec<identity::gate::Identification> {
    let mut seen = HashSet::new();
    let others = at_work.iter().filter(|AtWork { settings, .. }| match &settings.oidc_issuer {
        Some(issuer) => seen.insert((issuer.clone(), settings.oidc_audience.clone())),
        None => true,
    });
    others.map(|lender| lender.judge.clone()).collect()
}

pub(super) fn one(settings: &Settings) -> &OneOfSeveral {
    settings.lender.as_ref().expect("the settings of one of several lenders say which")
}

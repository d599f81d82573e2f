//! How a server tells its callers apart, as its settings say.

use std::borrow::Cow;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use command_api::{Actor, Permits};
use identity::gate::{Identification, guard};
use identity::permissions::{self, FIELDS, Permission, TABLE};
use identity::{Caller, DevelopmentIssuer, LenderClaim, Pace, RemoteIssuer, Role, RoleMapping, Verifier};
use projections::Operator;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::failure::Failure;
use crate::settings::Settings;

/// By the issuer of the settings, whose keys are read in the background until `stop`; else by the development issuer,
/// whose key is in the data directory.
pub fn identification(
    settings: &Settings,
    tasks: &TaskTracker,
    stop: &CancellationToken,
) -> Result<Identification, Failure> {
    let Some(name) = &settings.oidc_issuer else {
        let verifier = Verifier::of_development(&development_issuer(settings)?, &settings.oidc_audience);
        let verifier = of_lender(verifier, settings);
        let by =
            if settings.require_token { Identification::Required } else { Identification::LocalDeveloper };
        return Ok(by(Arc::new(verifier)));
    };
    let pace = Pace { refresh: Duration::from_secs(settings.oidc_refresh_s), ..Pace::default() };
    let issuer = RemoteIssuer::new(name, pace);
    let issuer = Arc::new(issuer.map_err(|error| Failure::WrongUsage(format!("oidc_issuer: {error}")))?);
    let verifier = Verifier::of_issuer(Arc::clone(&issuer), &settings.oidc_audience, mapping(settings)?);
    let verifier = of_lender(verifier, settings);
    let stop = stop.clone();
    tasks.spawn(async move {
        tokio::select! {
            () = issuer.keep_fresh() => {}
            () = stop.cancelled() => {}
        }
    });
    Ok(Identification::Required(Arc::new(verifier)))
}

/// Lets only those tokens be good that name the lender of the settings, where they have to.
fn of_lender(verifier: Verifier, settings: &Settings) -> Verifier {
    match claim(settings) {
        Some(claim) => verifier.of_lender(claim.clone()),
        None => verifier,
    }
}

/// What tokens of the lender of the settings have to say.
fn claim(settings: &Settings) -> Option<&LenderClaim> {
    settings.lender.as_ref()?.claim.as_ref()
}

/// Puts the gate before a router; its commands are told who acts.
pub fn guarded(router: Router, by: Identification) -> Router {
    guard(router.layer(from_fn(name_actor)), by)
}

async fn name_actor(mut request: Request, next: Next) -> Response {
    let caller = request.extensions().get::<Caller>();
    if let Some(caller) = caller.cloned() {
        let oversees = [Role::Operator, Role::Auditor, Role::Admin].iter().any(|role| caller.has(*role));
        let (subject, client) = (Arc::clone(&caller.subject), Arc::clone(&caller.client));
        let roles = caller.roles.iter().map(|role| Cow::Borrowed(role.name())).collect();
        let actor = Actor { subject, client, roles, oversees };
        request.extensions_mut().insert(actor);
        request.extensions_mut().insert(Operator(Arc::clone(&caller.subject)));
        request.extensions_mut().insert(Permits::new(move |route, field| allows(&caller, route, field)));
    }
    next.run(request).await
}

/// Whether the tables of permissions let a caller use a command, or a field of it as its row says; if not, who may.
fn allows(caller: &Caller, route: &str, field: Option<&str>) -> Result<(), String> {
    let permission = match field {
        Some(field) => permissions::find_field(route, field),
        None => Some(permissions::find("POST", route).unwrap_or(Permission::Roles(&[]))),
    };
    match permission {
        Some(permission) if !permission.allows(caller) => Err(permission.to_string()),
        _ => Ok(()),
    }
}

/// A token of the development issuer's for whoever has its data directory.
pub fn development_token(
    settings: &Settings,
    subject: &str,
    roles: &[Role],
    lifetime: Duration,
) -> Result<String, Failure> {
    if let Some(issuer) = &settings.oidc_issuer {
        return Err(Failure::WrongUsage(format!(
            "tokens are made by the issuer {issuer} that the settings name; the development issuer's are not accepted"
        )));
    }
    let issuer = development_issuer(settings)?;
    Ok(issuer.token_of(claim(settings), subject, roles, &settings.oidc_audience, lifetime))
}

/// `razao routes`
pub fn print_routes() -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    for (method, route, permission) in TABLE {
        writeln!(out, "{method:<5} {route:<58} {permission}")?;
    }
    for (route, field, when, permission) in FIELDS {
        writeln!(out, "POST  {route:<58} `{field}` {when}: {permission}")?;
    }
    Ok(())
}

/// Which claim names the roles, and how.
pub fn mapping(settings: &Settings) -> Result<RoleMapping, Failure> {
    let role = |(name, role): (&String, &String)| match role.parse::<Role>() {
        Ok(role) => Ok((name.clone(), role)),
        Err(error) => Err(Failure::WrongUsage(format!("oidc_roles: {name}: {error}"))),
    };
    let names = settings.oidc_roles.iter().map(role).collect::<Result<_, _>>()?;
    Ok(RoleMapping { claim: settings.oidc_roles_claim.clone(), names })
}

fn development_issuer(settings: &Settings) -> Result<DevelopmentIssuer, Failure> {
    DevelopmentIssuer::of(&settings.data_dir).map_err(|error| {
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
        Failure::WrongUsage(format!("{error}{cause}"))
    })
}

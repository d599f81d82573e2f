//! `POST /v1/loans`: an application for a loan.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Response;
use domain::id::{BorrowerId, LoanId};
use domain::loan::LoanCommand;
use domain::loan::command::{Apply, ProductTaken};
use domain::product::Version;
use domain::tax_id::TaxId;
use domain::terms::{Terms, TermsRequest};
use event_store::{Borrower, CommandContext, ExecuteError, Receipt};
use problems::{
    ALREADY_EXISTS, CUSTOM_DOES_NOT_ADD_UP, DUE_DATES_NOT_INCREASING, DUPLICATE_EXTERNAL_ID,
    EXCESS_NOT_FOR_BASIS, GRACE_NOT_FOR_METHOD, GRACE_TOO_LONG, INVALID_AMOUNT, INVALID_TAX_ID,
    INVALID_TERMS, INVALID_VALUE, OUTSIDE_PRODUCT_LIMITS, PLAN_CANNOT_BE_DRAWN_AGAIN, PRODUCT_RETIRED,
    PRODUCT_UNKNOWN, Problem, SIMULATION_ONLY, UNKNOWN_COMPONENT,
};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::answer::LoanAnswer;
use crate::checks::{Checks, LONGEST_NAME, LONGEST_PRODUCT};
use crate::claims::{self, LOAN_EXTERNAL_ID};
use crate::endpoint::Endpoint;
use crate::fields::Object;
use crate::products;
use crate::refusals::{fault_of, problem_of};
use crate::serve::{Ended, Received, measure, receive};
use crate::state::Shared;
use crate::terms::take;

/// How often the borrower is looked up again: each time another application of theirs was faster.
const LOOK_UPS: usize = 4;

pub(crate) static APPLY: Endpoint = Endpoint::beginning(
    "ApplyForLoan",
    "apply_for_loan",
    "/v1/loans",
    &[
        &ALREADY_EXISTS,
        &DUPLICATE_EXTERNAL_ID,
        &INVALID_TAX_ID,
        &INVALID_VALUE,
        &INVALID_TERMS,
        &INVALID_AMOUNT,
        &PRODUCT_UNKNOWN,
        &PRODUCT_RETIRED,
        &OUTSIDE_PRODUCT_LIMITS,
        &GRACE_TOO_LONG,
        &GRACE_NOT_FOR_METHOD,
        &DUE_DATES_NOT_INCREASING,
        &CUSTOM_DOES_NOT_ADD_UP,
        &SIMULATION_ONLY,
        &EXCESS_NOT_FOR_BASIS,
        &PLAN_CANNOT_BE_DRAWN_AGAIN,
        &UNKNOWN_COMPONENT,
    ],
);

/// An application for a loan.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "borrower": {"tax_id": "11.222.333/0001-81", "name": "Cantina da Praça Ltda"},
    "product": "working capital",
    "terms": {
        "principal": "10000.00", "currency": "BRL", "method": "price",
        "rate": {"value": "0.0199", "per": "month", "compounding": "effective"},
        "day_count": "30/360", "installments": 12, "every": {"months": 1}
    },
    "external_id": "proposal-2026-0001",
    "metadata": {"channel": "app"}
}))]
pub(crate) struct ApplicationBody {
    /// Drawn by the server where absent.
    id: Option<Uuid>,
    #[schema(value_type = BorrowerBody)]
    borrower: Object<BorrowerBody>,
    /// The name or id of a product. Its current version gives the terms that are left open here, and its limits hold.
    product: Option<String>,
    #[schema(value_type = TermsRequest)]
    terms: Object<TermsRequest>,
    /// Unique among the lender's loans. At most 100 characters.
    #[schema(max_length = 100)]
    external_id: Option<String>,
    /// Anything the client wants to keep with the loan, in at most 4 KiB. No personal data: it stays in the log.
    #[serde(default)]
    metadata: Map<String, Value>,
}

/// Who applies. Kept beside the log: events hold an id only.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BorrowerOfLoan)]
pub(crate) struct BorrowerBody {
    /// A CPF or CNPJ, with or without punctuation.
    #[schema(example = "11.222.333/0001-81")]
    tax_id: String,
    /// At most 200 characters.
    #[schema(max_length = 200)]
    name: String,
}

/// An application whose fields are good.
struct Application {
    loan: LoanId,
    tax_id: TaxId,
    name: String,
    product: Option<ProductTaken>,
    terms: Arc<Terms>,
    external_id: Option<String>,
    metadata: Map<String, Value>,
}

/// Apply for a loan.
#[utoipa::path(
    post,
    path = "/v1/loans",
    tag = "loans",
    request_body = ApplicationBody,
    responses((status = 201, description = "Applied: the event is LoanApplied", body = LoanAnswer)),
)]
pub(crate) async fn apply_for_loan(State(state): State<Arc<Shared>>, request: Request) -> Response<Body> {
    measure(&APPLY, &state, async {
        let Received { body, context, later, .. } =
            receive::<ApplicationBody>(&APPLY, &state, request).await?;
        if let Some(later) = later {
            // Whatever the product has to say of the terms, it says when it is asked.
            let named = body.id.unwrap_or_default();
            if body.product.is_none() {
                body.check(None)?;
            }
            return later.queue(&APPLY, named, context).await.map(Ended::Queued);
        }
        let takes_product = body.product.is_some();
        let executed = match prepare(&state, body).await {
            Ok(application) => apply(&state, &application, context).await,
            Err(problem) if takes_product => told_unless_repeated(&state, problem, &context).await,
            Err(problem) => Err(problem),
        };
        executed.map(Ended::Executed)
    })
    .await
}

/// The application with the terms that it takes from its product.
async fn prepare(state: &Shared, body: ApplicationBody) -> Result<Application, Problem> {
    let named = body.product.as_deref().map(str::trim);
    let named = named.filter(|name| !name.is_empty() && name.chars().count() <= LONGEST_PRODUCT);
    let product = match named {
        Some(name) => Some(products::find_offered(state, name).await?),
        None => None,
    };
    body.check(product.as_deref())
}

/// Products change: what one refuses now it may have taken when the same was asked first.
async fn told_unless_repeated(
    state: &Shared,
    problem: Problem,
    context: &CommandContext,
) -> Result<Receipt, Problem> {
    let first =
        state.loans.repeated(context).await.map_err(|error| problem_of(&APPLY, Uuid::nil(), error))?;
    first.ok_or(problem)
}

async fn apply(
    state: &Shared,
    application: &Application,
    mut context: CommandContext,
) -> Result<Receipt, Problem> {
    context.claims = claims::of([(LOAN_EXTERNAL_ID, application.external_id.clone())]);
    let mut look_ups = 0;
    loop {
        look_ups += 1;
        let tax_id = application.tax_id.as_str();
        let bundled = context.bundle.as_ref().and_then(|bundle| bundle.find_borrower(tax_id));
        let known = match bundled {
            Some(known) => Some(known),
            None => state.log.find_borrower(tax_id).await.map_err(|fault| fault_of(&APPLY, &fault))?,
        };
        // Drawn at random: an id that tells when the borrower first came says something of them.
        let borrower_id = known.unwrap_or_else(|| BorrowerId::new(Uuid::new_v4()));
        context.borrower = Some(application.borrower(borrower_id));
        let command = application.command(borrower_id);
        let executed = state.loans.execute(application.loan.uuid(), &command, &context).await;
        if look_ups < LOOK_UPS && matches!(executed, Err(ExecuteError::BorrowerKnown)) {
            continue;
        }
        return executed.map_err(|error| problem_of(&APPLY, application.loan.uuid(), error));
    }
}

impl ApplicationBody {
    fn check(self, product: Option<&Version>) -> Result<Application, Problem> {
        let mut checks = Checks::default();
        let Object(borrower) = self.borrower;
        let tax_id = TaxId::parse(borrower.tax_id.trim()).map_err(|error| {
            // The number itself is not repeated: it may be someone's.
            let detail = format!("`tax_id` is neither a CPF nor a CNPJ: {error}");
            checks.refuse("/borrower/tax_id", INVALID_TAX_ID.code, detail);
        });
        let name = checks.text("/borrower/name", borrower.name, LONGEST_NAME);
        checks.optional_text("/product", self.product, LONGEST_PRODUCT);
        let external_id = checks.external_id(self.external_id);
        checks.metadata(&self.metadata);
        let terms = check_terms(self.terms.0, product, &mut checks)?;
        let unmet = "what a check refuses is among its findings";
        checks.done()?;
        Ok(Application {
            loan: LoanId::new(self.id.unwrap_or_else(Uuid::now_v7)),
            tax_id: tax_id.expect(unmet),
            name,
            product: product.map(ProductTaken::from),
            terms: Arc::new(terms.expect(unmet)),
            external_id,
            metadata: self.metadata,
        })
    }
}

/// The terms, unless they break rules.
fn check_terms(
    request: TermsRequest,
    product: Option<&Version>,
    checks: &mut Checks,
) -> Result<Option<Terms>, Problem> {
    let checked = match product {
        Some(product) => product.offer().take(&request),
        None => request.check(),
    };
    take(checked, "/terms", checks)
}

impl Application {
    fn borrower(&self, id: BorrowerId) -> Borrower {
        Borrower { id, tax_id: self.tax_id.as_str().to_owned(), name: self.name.clone() }
    }

    fn command(&self, borrower_id: BorrowerId) -> LoanCommand {
        LoanCommand::Apply(Apply {
            borrower_id,
            external_id: self.external_id.clone(),
            product: self.product.clone(),
            terms: Arc::clone(&self.terms),
            metadata: self.metadata.clone(),
        })
    }
}

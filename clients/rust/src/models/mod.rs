// Written by scripts/write-clients.sh from schemas/openapi.json: change the server, then run it.
//! The types of the API, by their names in its document.

mod answers;
mod events;
mod requests;

pub use answers::*;
pub use events::*;
pub use requests::*;

//! Which answers are files too, in the API document.

use std::collections::BTreeMap;

use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::openapi::{ContentBuilder, OpenApi, RefOr};

use super::{Format, ROWS, statement};

/// Names the media types of files beside JSON, on every answer that has rows.
pub(crate) fn name_files(document: &mut OpenApi) {
    let schemas = document.components.as_ref().map(|components| components.schemas.clone());
    let schemas = schemas.unwrap_or_default();
    for (path, item) in &mut document.paths.paths {
        let response = item.get.as_mut().and_then(|get| get.responses.responses.get_mut("200"));
        let Some(RefOr::T(response)) = response else { continue };
        let json = response.content.get("application/json").and_then(|json| json.schema.as_ref());
        if !json.is_some_and(|schema| has_rows(schema, &schemas)) {
            continue;
        }
        let formats = [Format::Csv, Format::Xlsx, Format::Pdf].into_iter();
        for format in formats.filter(|format| *format != Format::Pdf || statement::is_at(path)) {
            let media_type = format.media_type().split(';').next().unwrap_or_default();
            let file = ObjectBuilder::new().schema_type(Type::String);
            let file = match format {
                Format::Csv => file,
                Format::Xlsx | Format::Pdf => {
                    file.format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary)))
                }
            };
            let content = ContentBuilder::new().schema(Some(file)).build();
            response.content.insert(media_type.to_owned(), content);
        }
    }
}

fn has_rows(schema: &RefOr<Schema>, schemas: &BTreeMap<String, RefOr<Schema>>) -> bool {
    match schema {
        RefOr::Ref(named) => {
            let name = named.ref_location.rsplit('/').next().unwrap_or_default();
            schemas.get(name).is_some_and(|schema| has_rows(schema, schemas))
        }
        RefOr::T(Schema::Object(object)) => ROWS.iter().any(|name| object.properties.contains_key(*name)),
        RefOr::T(Schema::AllOf(all)) => all.items.iter().any(|schema| has_rows(schema, schemas)),
        RefOr::T(_) => false,
    }
}

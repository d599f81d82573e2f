//! The hash by which a repeated request is known: of its path and its body, whatever the order of the keys and the
//! white space.

use serde_json::Value;
use sha2::{Digest, Sha256};

/// The hash of a request. `body` is JSON that was read before.
pub(crate) fn of_request(path: &str, body: &[u8]) -> [u8; 32] {
    let value: Value = serde_json::from_slice(body).unwrap_or_default();
    let mut canonical = Vec::with_capacity(path.len() + 1 + body.len());
    canonical.extend_from_slice(path.as_bytes());
    // No path holds a zero byte, so path and body cannot run into each other.
    canonical.push(0);
    write(&value, &mut canonical);
    Sha256::digest(&canonical).into()
}

/// Keys are sorted here, since the order of a `Map` depends on a feature that any dependency may turn on.
fn write(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_unstable_by_key(|(name, _)| *name);
            out.push(b'{');
            for (name, value) in fields {
                write_plain(name, out);
                out.push(b':');
                write(value, out);
                out.push(b',');
            }
            out.push(b'}');
        }
        Value::Array(items) => {
            out.push(b'[');
            for item in items {
                write(item, out);
                out.push(b',');
            }
            out.push(b']');
        }
        plain => write_plain(plain, out),
    }
}

fn write_plain(value: &(impl serde::Serialize + ?Sized), out: &mut Vec<u8>) {
    serde_json::to_writer(out, value).expect("plain JSON goes into memory");
}

#[cfg(test)]
mod tests {
    use super::of_request;

    #[test]
    fn the_order_of_keys_and_white_space_do_not_matter() {
        let one = of_request("/v1/entries", br#"{"on":"2026-01-02","lines":[{"a":1,"b":2}]}"#);
        let other =
            of_request("/v1/entries", b"{ \"lines\" : [ {\"b\":2, \"a\":1} ],\n\"on\":\"2026-01-02\"}");
        assert_eq!(one, other);
    }

    #[test]
    fn values_their_nesting_and_the_path_matter() {
        let bodies: [&[u8]; 6] =
            [br#"{"a":1}"#, br#"{"a":"1"}"#, br#"{"a":[1]}"#, br#"{"a":{"1":1}}"#, br#"{"a":[1,1]}"#, b"{}"];
        let mut hashes: Vec<_> = bodies.iter().map(|body| of_request("/v1/a", body)).collect();
        hashes.push(of_request("/v1/b", bodies[0]));
        let count = hashes.len();
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), count);
    }
}

//! The host that a request is for.

use axum::extract::Request;
use axum::http::header::HOST;
use axum::http::uri::Authority;

/// The one host that a request names, in lower case and without its port: by its target, as HTTP/2 does, or by `Host`.
/// Where it names several, or the same twice by two headers, it is not said which one counts, so none does (RFC 9112,
/// section 3.2). What proxies add (`Forwarded`, `X-Forwarded-Host`) is anybody's to send.
pub(super) fn of(request: &Request) -> Option<String> {
    let mut headers = request.headers().get_all(HOST).iter();
    let (first, second) = (headers.next(), headers.next());
    if second.is_some() {
        return None;
    }
    let by_header = match first {
        Some(value) => Some(plain(&Authority::try_from(value.as_bytes()).ok()?)?),
        None => None,
    };
    let by_target = match request.uri().authority() {
        Some(authority) => Some(plain(authority)?),
        None => None,
    };
    match (by_header, by_target) {
        (Some(one), Some(other)) if one != other => None,
        (one, other) => one.or(other),
    }
}

/// A name or an address, with a port or without, and nothing else.
fn plain(authority: &Authority) -> Option<String> {
    let (host, whole) = (authority.host(), authority.as_str());
    let port = whole.strip_prefix(host)?;
    let is_port = port.is_empty() || port.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok());
    (is_port && !host.is_empty()).then(|| host.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn host(target: &str, hosts: &[&str]) -> Option<String> {
        let request = Request::builder().uri(target);
        let request = hosts.iter().fold(request, |request, host| request.header(HOST, *host));
        of(&request.body(Body::empty()).unwrap())
    }

    #[test]
    fn case_and_port_do_not_count() {
        for named in ["norte.example", "NORTE.example", "Norte.Example:8443", "norte.example:80"] {
            assert_eq!(host("/v1/loans", &[named]).as_deref(), Some("norte.example"), "{named}");
        }
        assert_eq!(host("/v1/loans", &["[::1]:8080"]).as_deref(), Some("[::1]"));
        assert_eq!(host("/v1/loans", &["127.0.0.1:8080"]).as_deref(), Some("127.0.0.1"));
    }

    #[test]
    fn the_target_names_it_too_and_both_have_to_agree() {
        let whole = "http://norte.example/v1/loans";
        assert_eq!(host(whole, &[]).as_deref(), Some("norte.example"));
        assert_eq!(host(whole, &["norte.example:80"]).as_deref(), Some("norte.example"));
        assert_eq!(host(whole, &["sul.example"]), None);
    }

    #[test]
    fn whoever_names_none_or_more_than_one_names_none() {
        assert_eq!(host("/v1/loans", &[]), None);
        assert_eq!(host("/v1/loans", &["norte.example", "sul.example"]), None);
        assert_eq!(host("/v1/loans", &["norte.example", "norte.example"]), None);
        for odd in [
            "",
            " ",
            "norte.example, sul.example",
            "sul.example@norte.example",
            "norte.example:",
            "norte.example:x",
            "norte.example:99999",
            "norte.example/sul.example",
            "norte.example#",
            ":80",
        ] {
            assert_eq!(host("/v1/loans", &[odd]), None, "{odd}");
        }
        // A name with a dot behind is another host than that without.
        assert_eq!(host("/v1/loans", &["norte.example."]).as_deref(), Some("norte.example."));
    }

    #[test]
    fn what_proxies_say_does_not_count() {
        let request = Request::builder().uri("/v1/loans").header(HOST, "norte.example");
        let request =
            request.header("X-Forwarded-Host", "sul.example").header("Forwarded", "host=sul.example");
        assert_eq!(of(&request.body(Body::empty()).unwrap()).as_deref(), Some("norte.example"));
    }
}

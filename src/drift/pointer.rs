//! JSON Pointers (RFC 6901).

/// Returns a pointer that is one token longer.
pub(super) fn join(pointer: &str, token: &str) -> String {
    format!("{pointer}/{}", token.replace('~', "~0").replace('/', "~1"))
}

/// Returns a token with its escapes undone.
pub(super) fn unescape(token: &str) -> String {
    token.replace("~1", "/").replace("~0", "~")
}

/// Splits a pointer after this number of tokens.
pub(super) fn split(pointer: &str, tokens: usize) -> (&str, &str) {
    let end = pointer
        .match_indices('/')
        .nth(tokens)
        .map_or(pointer.len(), |(at, _)| at);
    pointer.split_at(end)
}

/// Returns a pointer without its last token, and that token.
pub(super) fn parent(pointer: &str) -> Option<(&str, String)> {
    let (parent, token) = pointer.rsplit_once('/')?;
    Some((parent, unescape(token)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_survive_their_escapes() {
        let path = join("/paths", "/zones/{a~b}");
        assert_eq!(path, "/paths/~1zones~1{a~0b}");
        assert_eq!(parent(&path), Some(("/paths", "/zones/{a~b}".to_owned())));
        assert_eq!(split("/a/b/c", 2), ("/a/b", "/c"));
        assert_eq!(split("/a", 2), ("/a", ""));
    }
}

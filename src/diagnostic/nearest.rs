//! "Did you mean": the nearest of the names that would have been right.

/// The nearest candidate, if one is near enough to be a slip of the keyboard.
fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = name.to_lowercase();
    candidates
        .into_iter()
        // A name that exists is wrong for another reason than its spelling.
        .filter(|candidate| *candidate != name)
        .map(|candidate| {
            let score = strsim::jaro_winkler(&lower, &candidate.to_lowercase());
            (score, candidate)
        })
        .filter(|(score, _)| *score > 0.8)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}

/// The question whether the nearest candidate was meant, if there is one.
#[must_use]
pub fn did_you_mean<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    nearest(name, candidates).map(|right| format!("did you mean `{right}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_mended_and_a_stranger_is_not() {
        assert_eq!(nearest("sttaus", ["method", "status"]), Some("status"));
        assert_eq!(
            nearest("v1.upsrt", ["v1.upsert", "v2.put"]),
            Some("v1.upsert")
        );
        assert_eq!(nearest("zzz", ["method", "status"]), None);
        assert_eq!(nearest("status", ["method", "status"]), None);
    }
}

//! "Did you mean": finds the nearest of the valid names.

/// Returns the nearest candidate, if one is near enough for a typing error.
fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = name.to_lowercase();
    candidates
        .into_iter()
        // If the name itself is a candidate, its spelling is not what is wrong.
        .filter(|candidate| *candidate != name)
        .map(|candidate| {
            let score = strsim::jaro_winkler(&lower, &candidate.to_lowercase());
            (score, candidate)
        })
        .filter(|(score, _)| *score > 0.8)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}

/// Returns the question whether the nearest candidate was meant, if one is near enough.
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
